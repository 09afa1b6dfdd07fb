"""Sweeps: many settings of one experiment, sent as tasks of some lanes each to any `concurrent.futures` executor."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from typing import Any, Generic

import numpy as np

from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError, Settings, SettingsT
from lessons.core.sweeps.running_sweep import RunningSweep
from lessons.core.sweeps.sweep_results import SweepResults
from lessons.core.sweeps.sweep_task import Batch, Reduction, Task

ExecutorLike = Executor | Callable[[], Executor] | None


class Sweep(Generic[SettingsT]):
    """Cells of one experiment, and what is kept of each.

    Numbers depend on the cells and on `lanes_per_task` alone, bit for bit on machines of one kind: not on the executor,
    nor on its number of workers, nor on the order in which tasks end.

    Args:
        experiment: What runs.
        cells: The settings of each cell, or the values from which its settings are made.
        reduce: What is kept of the lanes of a task, see `lessons.core.sweeps.sweep_task.Reduction`.
        names: One for each cell, for people.
        lanes_per_task: How many cells train side by side, at most: cells that follow each other and agree in all
            settings declared `shared`. More of them cost less each, fewer share out better.
        device: Where to train.

    Raises:
        SettingError: If the settings of a cell are refused, or there is none; a sentence for each, with the cell's
            name.
        ValueError: If `lanes_per_task` is below 1, or `reduce` cannot be sent.
    """

    def __init__(
        self,
        experiment: Experiment[SettingsT],
        cells: Sequence[Settings | Mapping[str, Any]],
        reduce: Reduction,
        names: Sequence[str] | None = None,
        lanes_per_task: int = 1,
        device: str = "cpu",
    ):
        if lanes_per_task < 1:
            raise ValueError(f"A task needs at least 1 lane, not {lanes_per_task}.")
        self.experiment, self.device = experiment, device
        self.names = tuple(names or (f"cell {number + 1}" for number in range(len(cells))))
        self.settings = _checked(experiment.settings_type, cells, self.names)
        self.batches = tuple(self._batch(members, reduce) for members in _grouped(self.settings, lanes_per_task))

    def __len__(self) -> int:
        return len(self.settings)

    def start(self, executor: ExecutorLike = None) -> RunningSweep:
        """Begin to compute it.

        Args:
            executor: Where; here and in turn if None. A function that makes one, such as
                `lessons.core.sweeps.executors.Workers(2)`, is asked again when a worker process has died; what it made
                ends with the sweep. An executor that is given as such stays as it is.
        """
        return RunningSweep(self.batches, executor)

    def run(self, executor: ExecutorLike = None) -> SweepResults:
        """Compute it and return the results of all cells."""
        with self.start(executor) as running:
            for _ in running:
                pass
        return running.results

    def named(self, cells: Sequence[int], most: int = 4) -> str:
        """Name some cells in a sentence."""
        shown = "; ".join(self.names[cell] for cell in cells[:most])
        return f"{shown} and {len(cells) - most} more" if len(cells) > most else shown

    def _batch(self, cells: tuple[int, ...], reduce: Reduction) -> Batch:
        settings, names = tuple(self.settings[cell] for cell in cells), tuple(self.names[cell] for cell in cells)
        Lanes(settings, names)
        try:
            return Batch(cells, pickle.dumps(Task(self.experiment, settings, names, reduce, self.device)))
        except (pickle.PicklingError, AttributeError, TypeError) as error:
            raise ValueError(f"A sweep's experiment and reduction must stand at the top level: {error}") from None


def differing(settings: Sequence[Settings]) -> dict[str, np.ndarray]:
    """Return the settings in which cells differ: name -> value of each cell."""
    found = {name: [getattr(each, name) for each in settings] for name in type(settings[0]).fields()}
    return {name: np.array(values) for name, values in found.items() if len(set(values)) > 1}


def _checked(
    settings_type: type[SettingsT], cells: Sequence[Settings | Mapping[str, Any]], names: Sequence[str]
) -> tuple[SettingsT, ...]:
    if not cells or len(names) != len(cells):
        raise SettingError([f"A sweep needs cells, and a name for each: there are {len(cells)} and {len(names)}."])
    found, refused = [], []
    for cell, name in zip(cells, names, strict=True):
        try:
            values = cell.model_dump() if isinstance(cell, Settings) else dict(cell)
            found.append(settings_type.checked(values))
        except SettingError as refusal:
            refused += [f"{name}: {sentence}" for sentence in refusal.sentences]
    if refused:
        raise SettingError(refused)
    return tuple(found)


def _grouped(settings: Sequence[Settings], most: int) -> list[tuple[int, ...]]:
    """Cells that follow each other, up to `most`, and agree in what lanes share."""
    shared = [name for name, declared in type(settings[0]).fields().items() if declared.shared]
    groups: list[list[int]] = []
    for cell, own in enumerate(settings):
        before = settings[groups[-1][0]] if groups else None
        agrees = before is not None and all(getattr(own, name) == getattr(before, name) for name in shared)
        if agrees and len(groups[-1]) < most:
            groups[-1].append(cell)
        else:
            groups.append([cell])
    return [tuple(group) for group in groups]
