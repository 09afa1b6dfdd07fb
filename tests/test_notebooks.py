"""Every notebook runs from top to bottom in a fresh kernel, and its labs are there."""

from pathlib import Path

import nbformat
import pytest
from nbclient import NotebookClient

NOTEBOOKS = sorted((Path(__file__).resolve().parents[1] / "notebooks").glob("*.ipynb"))


@pytest.mark.parametrize("path", NOTEBOOKS, ids=lambda path: path.name)
def test_notebook_runs_without_errors_or_warnings(path):
    notebook = nbformat.read(path, as_version=4)
    NotebookClient(
        notebook, timeout=120, kernel_name="python3", resources={"metadata": {"path": path.parent}}
    ).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert not [output for output in outputs if output.output_type in ("error", "stream")]
    shown = [output.data for output in outputs if output.output_type in ("execute_result", "display_data")]
    calls = sum(cell.source.endswith(")") for cell in notebook.cells if cell.cell_type == "code")
    assert len(shown) == calls > 0
    if path.name != "index.ipynb":
        assert all("application/vnd.jupyter.widget-view+json" in data for data in shown)
