"""The outputs of the cells of a lesson's notebook."""

from __future__ import annotations

import ast
import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

# The tag of a cell whose heading begins a section for those who want to know more.
FURTHER = "further"


def shown(notebook: Path) -> Iterator[tuple[Any, bool]]:
    """Run a notebook's cells in order; yield the text of a markdown cell, and what the last line of a code cell gives.

    With each comes whether it begins a section that is folded. What gives nothing, such as an import, is left out.
    """
    names: dict[str, Any] = {"__name__": "__main__"}
    for cell in json.loads(notebook.read_text(encoding="utf-8"))["cells"]:
        source = "".join(cell["source"])
        if cell["cell_type"] == "markdown":
            yield source, FURTHER in cell["metadata"].get("tags", ())
            continue
        value = _run(source, names, notebook.name)
        if value is not None:
            yield value, False


def _run(source: str, names: dict[str, Any], file: str) -> Any:
    parsed = ast.parse(source)
    last = parsed.body.pop() if isinstance(parsed.body[-1], ast.Expr) else None
    exec(compile(parsed, file, "exec"), names)
    return None if last is None else eval(compile(ast.Expression(last.value), file, "eval"), names)  # type: ignore[attr-defined]
