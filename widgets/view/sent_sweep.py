"""A sweep that is computed elsewhere, as an experiment that a lab can run."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Sequence
from functools import partial
from typing import cast

import numpy as np
import torch

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT
from lessons.core.sweeps.running_sweep import RunningSweep
from lessons.core.sweeps.sweep import ExecutorLike, Sweep
from lessons.core.sweeps.sweep_results import Outcome
from widgets.figure.frame import Frame
from widgets.view.controls import Reading


class SentSweep(Experiment[SettingsT]):
    """Step t is when t cells have come back, whichever they are; each cell is a lane.

    Nothing is sent before the second measurement is asked for. Measures, of shape (K,): `loss`, nan where the cell
    failed, else 0; `arrived`, 1 where it came back; `replaced`, how often dead workers were replaced; and the named
    `numbers`, nan where they have not come. Snapshots: all that the sweep keeps, as soon as there is some.

    Args:
        make: Returns the sweep of some lanes, cell by cell, so many to a task, on a device.
        executor: Where it is computed, see `lessons.core.sweeps.sweep.Sweep.start`.
        lanes_per_task: How many train side by side there.
        numbers: What the sweep keeps of shape (N,), to be measured.
        cell: What a cell runs.
    """

    references = ()

    def __init__(
        self,
        make: Callable[[Lanes[SettingsT], int, str], Sweep[SettingsT]],
        executor: ExecutorLike,
        lanes_per_task: int,
        numbers: Sequence[str],
        cell: Experiment[SettingsT],
    ):
        self._make, self._executor, self._lanes_per_task = make, executor, lanes_per_task
        self._numbers = tuple(numbers)
        self.name, self.title = f"{cell.name}, sent", f"{cell.title}, computed elsewhere"
        self.settings_type = cell.settings_type

    def run(self, lanes: Lanes[SettingsT], device: str = "cpu") -> SentRun:  # type: ignore[override] # None where nothing has come
        make = partial(self._make, lanes, self._lanes_per_task, device)
        return SentRun(make, self._executor, self._numbers, len(lanes))

    def length(self, lanes: Lanes) -> int:
        return len(lanes)


class SentRun:
    """Measurements of a `SentSweep` as they come; None where there is nothing new. Never waits."""

    def __init__(self, make: Callable[[], Sweep], executor: ExecutorLike, numbers: Sequence[str], count: int):
        self._make, self._executor, self._numbers, self._count = make, executor, numbers, count
        self._sweep: Sweep | None = None
        self._running: RunningSweep | None = None
        self._step = -1
        self._fresh: deque[int] = deque()
        self._failures: dict[int, str] = {}
        self._closed = False

    def __iter__(self) -> SentRun:
        return self

    def __next__(self) -> Measurement | None:
        if self._closed:
            raise StopIteration
        if self._step >= 0:
            running = self._ask()
            if not self._fresh and running.finished:
                self.close()
                raise StopIteration
            if not self._fresh:
                return None
            self._fresh.popleft()
        self._step += 1
        return self._measurement()

    def hold(self) -> None:
        """Take back what has not begun; when somebody asks again it is sent again."""
        if self._running is not None:
            self._running.hold()

    def close(self) -> None:
        """End it: what has not begun never will."""
        self._closed = True
        if self._running is not None:
            self._running.close()

    def _ask(self) -> RunningSweep:
        if self._running is None:
            self._sweep = self._make()
            self._running = self._sweep.start(self._executor)
        for outcome in self._running.poll():
            self._fresh.extend(outcome.cells)
            if outcome.error:
                self._note(outcome)
        return self._running

    def _note(self, outcome: Outcome) -> None:
        """Keep the sentence, unless it was said of other cells: when all fail, they do so for one reason."""
        if not any(said.endswith(outcome.error) for said in self._failures.values()):
            self._failures[outcome.cells[0]] = f"{cast(Sweep, self._sweep).named(outcome.cells)}: {outcome.error}"

    def _measurement(self) -> Measurement:
        values = {name: np.full(self._count, np.nan) for name in self._numbers}
        snapshots, arrived, failed, replaced = {}, np.zeros(self._count), [], 0
        if self._running is not None:
            results, replaced = self._running.results, self._running.replaced
            kept = {name: value.copy() for name, value in results.values.items()}
            values |= {name: kept[name] for name in self._numbers if name in kept}
            snapshots = {name: partial(torch.from_numpy, value) for name, value in kept.items()}
            arrived, failed = results.arrived.astype(float), list(results.errors)
        loss = np.zeros(self._count)
        loss[failed] = np.nan
        values |= {"loss": loss, "arrived": arrived, "replaced": np.full(self._count, float(replaced))}
        tensors = {name: torch.from_numpy(value) for name, value in values.items()}
        return Measurement(self._step, tensors, snapshots, dict(self._failures))


def came_back(frame: Frame) -> np.ndarray:
    """Return which cells of a sent sweep have come back without an error: bool, shape (K,)."""
    return (frame.history["arrived"][-1] == 1) & np.isfinite(frame.history["loss"][-1])


def sent_readings(frame: Frame) -> list[Reading]:
    """Say how far a sent sweep is, and what went wrong on the way."""
    row = {name: frame.history[name][-1] for name in ("arrived", "loss", "replaced")}
    lines = [Reading(0, "cells that have come back", f"{row['arrived'].sum():.0f} of {len(frame.lanes)}")]
    if failed := int(np.isnan(row["loss"]).sum()):
        lines.append(Reading(0, "of them failed", str(failed)))
    if replaced := int(row["replaced"][0]):
        lines.append(Reading(0, "times that a dead worker was replaced", str(replaced)))
    return lines
