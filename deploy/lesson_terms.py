"""Tells Voilà's page of a notebook which terms it explains; templates/terms.js marks them."""

from __future__ import annotations

from typing import Any

from nbformat import NotebookNode

from widgets.page.glossary import terms_of


def with_terms(_handler: Any, notebook: NotebookNode, cwd: str) -> NotebookNode:
    """Voilà's hook before a page is made: the notebook, with the terms of its texts for the template."""
    texts = [cell.source for cell in notebook.cells if cell.cell_type == "markdown"]
    notebook.metadata["terms"] = terms_of(notebook.metadata.get("lesson", {}), texts)
    return notebook
