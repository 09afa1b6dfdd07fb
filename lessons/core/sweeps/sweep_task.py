"""The task of a sweep's worker: it trains some lanes and returns a few numbers."""

from __future__ import annotations

import pickle
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import torch

from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings

# From the lanes of a task and their measurements, step by step, to what is kept of them: by name, numbers or arrays,
# lane first. A function at the top level of a module, so that it can be sent to another process.
Reduction = Callable[[Lanes[Any], Iterator[Measurement]], Mapping[str, Any]]

_stop_flag: Any = None


@dataclass(frozen=True)
class Task:
    """Cells of one experiment that train side by side."""

    experiment: Experiment
    settings: tuple[Settings, ...]
    names: tuple[str, ...]
    reduce: Reduction
    device: str = "cpu"


@dataclass(frozen=True)
class Answer:
    """The outcome of a task.

    Attributes:
        values: What is kept, float64, each of shape (K, ...); empty after an error.
        error: What went wrong, in a sentence, or "".
        details: Its traceback.
    """

    values: dict[str, np.ndarray] = field(default_factory=dict)
    error: str = ""
    details: str = ""


def run_task(packed: bytes, ticket: str) -> Answer:
    """Train a task's lanes on one torch thread and reduce them; whatever goes wrong is part of the answer.

    An exception would have to be sent as an object, and not every one survives that.

    Args:
        packed: A pickled `Task`; what cannot be read here is an error like others, and ends no worker.
        ticket: Another text for each try: some executors take equal calls for one and the same.
    """
    del ticket
    if torch.get_num_threads() != 1:  # workers share out the cores; and how many threads there are changes the bits
        torch.set_num_threads(1)
    try:
        return Answer(_reduced(pickle.loads(packed)))
    except Exception as error:
        return Answer(error=f"{type(error).__name__}: {error}"[:500], details=traceback.format_exc())


def stop_at(flag: Any) -> None:
    """Let tasks of this process end at their next step once `flag.value` is not 0."""
    global _stop_flag
    _stop_flag = flag


def final(lanes: Lanes, measurements: Iterator[Measurement], names: Sequence[str] = ("loss",)) -> dict[str, Any]:
    """A reduction: what was measured last. Other names than the loss are given by `functools.partial`."""
    del lanes
    newest: dict[str, Any] = {}
    for measurement in measurements:
        newest.update(measurement.values)
    return {name: newest[name] for name in names}


def series(measurements: Iterator[Measurement], names: Sequence[str]) -> dict[str, np.ndarray]:
    """For reductions: some quantities that are measured at each step, each of shape (T, K, ...)."""
    rows = [[measurement[name].cpu().numpy() for name in names] for measurement in measurements]
    return {name: np.stack(column) for name, column in zip(names, zip(*rows, strict=True), strict=True)}


def _reduced(task: Task) -> dict[str, np.ndarray]:
    lanes = Lanes(task.settings, task.names)
    measurements = task.experiment.run(lanes, task.device)
    try:
        found = task.reduce(lanes, _until_stopped(measurements))
    finally:
        measurements.close()
    values = {name: _array(value) for name, value in found.items()}
    for name, value in values.items():
        if value.shape[:1] != (len(lanes),):
            raise ValueError(f"{name} has shape {value.shape}; its first axis must be the {len(lanes)} lanes.")
    return values


def _array(value: Any) -> np.ndarray:
    return np.array(value.detach().cpu().numpy() if isinstance(value, torch.Tensor) else value, np.float64)


def _until_stopped(measurements: Iterator[Measurement]) -> Iterator[Measurement]:
    for measurement in measurements:
        if _stop_flag is not None and _stop_flag.value:
            raise InterruptedError("The sweep was ended.")
        yield measurement


@dataclass(frozen=True)
class Batch:
    """A task, ready to be sent, and which cells it has."""

    cells: tuple[int, ...]
    packed: bytes = field(repr=False)
