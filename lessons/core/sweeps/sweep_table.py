"""A sweep as a CSV table: one row a cell."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

import numpy as np

from lessons.core.record import RunRecord
from lessons.core.sweeps.sweep import Sweep, differing
from lessons.core.sweeps.sweep_results import SweepResults
from lessons.core.table import MOST_COMPONENTS, harmless, heading_text


def sweep_csv(sweep: Sweep, results: SweepResults) -> str:
    """Return what has come back as CSV, in the order of the cells; cells that have not come back are left out.

    Columns are `cell`, its name; the settings in which cells differ; what is kept of each, in as many columns as it has
    numbers, unless there are more than `lessons.core.table.MOST_COMPONENTS`; and `error`. The lines before the table
    hold the settings of all cells, see `lessons.core.table.read_record`.
    """
    settings = tuple(each.model_dump() for each in sweep.settings)
    record = RunRecord(experiment=sweep.experiment.name, names=sweep.names, settings=settings, device=sweep.device)
    differ, kept = differing(sweep.settings), _columns(results)
    text = io.StringIO()
    text.write(heading_text(record, f"{sweep.experiment.title}: a sweep"))
    table = csv.writer(text, quoting=csv.QUOTE_NONNUMERIC, lineterminator="\n")
    table.writerow(["cell", *differ, *kept, "error"])
    for cell in np.flatnonzero(results.arrived).tolist():
        own = [values[cell].item() for values in differ.values()]
        numbers = [column[cell].item() for column in kept.values()]
        table.writerow([harmless(sweep.names[cell]), *own, *numbers, harmless(results.errors.get(cell, ""))])
    return text.getvalue()


def write_sweep(path: Path, sweep: Sweep, results: SweepResults) -> None:
    """Write the table; whoever ends the program meanwhile finds the one before.

    Raises:
        OSError: If it cannot be written.
    """
    half = path.with_name(path.name + ".part")
    half.write_text(sweep_csv(sweep, results), encoding="utf-8")
    os.replace(half, path)


def _columns(results: SweepResults) -> dict[str, np.ndarray]:
    """Name and numbers of each column, shape (N,)."""
    found = {}
    for name, values in results.values.items():
        flat = values.reshape(len(values), -1)
        if flat.shape[1] > MOST_COMPONENTS:
            continue
        for index, column in zip(np.ndindex(values.shape[1:]), flat.T, strict=True):
            found[".".join([name, *map(str, index)])] = column
    return found
