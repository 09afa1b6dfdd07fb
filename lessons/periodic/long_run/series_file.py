"""A CSV file that grows row by row, in the form of `lessons.core.table`, and reads back as arrays."""

from __future__ import annotations

import csv
import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from lessons.core.history import History
from lessons.core.record import RunRecord
from lessons.core.table import csv_text

LANE = "long run"


class SeriesFile:
    """One row a recorded step: its number and the quantities of one lane. Use it as a context manager.

    Args:
        path: Where it is.
        quantities: The columns.
        record: The run, written above the table; one lane, named `LANE`.
        title: Of the experiment.
        keep: How many bytes of the file that is there to go on after; None to begin a new file.

    Raises:
        ValueError: If the file has less bytes than that.
    """

    def __init__(self, path: Path, quantities: Sequence[str], record: RunRecord, title: str, keep: int | None = None):
        self._quantities = quantities
        if keep is not None and path.stat().st_size < keep:
            raise ValueError(f"{path} is shorter than it was when the run was stored.")
        self._file = path.open("wb" if keep is None else "r+b")
        if keep is None:
            heading = csv_text(History(), record, title).rpartition('"step"')[0]
            columns = ",".join(f'"{name}"' for name in ("step", *(f"{name} [{LANE}]" for name in quantities)))
            self._file.write(f"{heading}{columns}\n".encode())
        else:
            self._file.truncate(keep)
            self._file.seek(keep)

    def add(self, step: int, values: Mapping[str, float]) -> None:
        """Append a row; each number reads back exactly."""
        row = ",".join([str(step), *(repr(float(values[name])) for name in self._quantities)])
        self._file.write(f"{row}\n".encode())

    def secure(self) -> int:
        """Bring everything to the disk and return the number of bytes."""
        self._file.flush()
        os.fsync(self._file.fileno())
        return self._file.tell()

    def __enter__(self) -> SeriesFile:
        return self

    def __exit__(self, *_: object) -> None:
        self._file.close()


def read_series(text: str) -> dict[str, np.ndarray]:
    """Return the columns of a table of one lane by the name of their quantity, each of shape (T,), float64.

    It reads what `SeriesFile` and `lessons.core.table.csv_text` write; `step` is among the names.

    Raises:
        ValueError: If there is no table of numbers.
    """
    rows = csv.reader(line for line in text.removeprefix("\ufeff").splitlines() if not line.startswith("#"))
    names = [name.partition(" [")[0] for name in next(rows, [])]
    if names[:1] != ["step"]:
        raise ValueError("The table must begin with a column named step.")
    numbers = np.array([[float(cell) for cell in row] for row in rows]).reshape(-1, len(names))
    return dict(zip(names, numbers.T, strict=True))
