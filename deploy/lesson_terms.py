"""Tells Voilà's page of a notebook which terms it explains; templates/terms.js marks them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from widgets.page.glossary import terms_of


def add_terms(notebook: NotebookNode) -> None:
    """Add the terms of a notebook's texts to its metadata, where the template looks for them."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    notebook.metadata["terms"] = terms_of(notebook.metadata.get("lesson", {}), texts)


def with_terms(_handler: Any, notebook: NotebookNode, cwd: str) -> NotebookNode:
    """Voilà's hook before a page is made: the notebook with its terms."""
    add_terms(notebook)
    return notebook
