"""The results of a sweep: in the order in which they came back, and in the order of the cells."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np


@dataclass(frozen=True)
class Outcome:
    """The state of one task.

    Attributes:
        cells: Numbers of its cells.
        values: What its reduction returned, float64, each of shape (K, ...), cell by cell; empty after an error.
        error: What went wrong, in a sentence that does not name the cells, or "".
        details: Traceback, if there is one.
    """

    cells: tuple[int, ...]
    values: dict[str, np.ndarray] = field(default_factory=dict)
    error: str = ""
    details: str = ""


class SweepResults:
    """The results of N cells so far.

    Attributes:
        arrived: Which cells have come back, also with an error: bool, shape (N,).
        errors: Cells that failed -> why.
    """

    def __init__(self, count: int):
        self.arrived = np.zeros(count, bool)
        self.errors: dict[int, str] = {}
        self._values: dict[str, np.ndarray] = {}

    def __getitem__(self, name: str) -> np.ndarray:
        if name not in self._values:
            why = next(iter(self.errors.values()), "nothing has come back yet.")
            raise KeyError(f"There is no {name!r}: {why}")
        return self._values[name]

    def __contains__(self, name: str) -> bool:
        return name in self._values

    @property
    def values(self) -> dict[str, np.ndarray]:
        """By name, float64, shape (N, ...), in the order of the cells; nan where nothing has come back."""
        return dict(self._values)

    @property
    def done(self) -> int:
        """Number of cells that have come back, also with an error."""
        return int(self.arrived.sum())

    def take(self, outcome: Outcome) -> None:
        """Put the cells of a task in their places.

        Raises:
            ValueError: If its arrays have other shapes than those before.
        """
        cells = list(outcome.cells)
        for name, value in outcome.values.items():
            known = self._values.get(name, value)
            if known.shape[1:] != value.shape[1:]:
                raise ValueError(f"{name} has shape {value.shape[1:]} in some cells, {known.shape[1:]} in others.")
        for name, value in outcome.values.items():
            if name not in self._values:
                self._values[name] = np.full((len(self.arrived), *value.shape[1:]), np.nan)
            self._values[name][cells] = value
        self.arrived[cells] = True
        if outcome.error:
            self.errors |= dict.fromkeys(cells, outcome.error)
