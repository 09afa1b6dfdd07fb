"""A training as three functions: where it starts, what is measured, one update; and the loop around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import Tensor

from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT, SettingsT_co


@dataclass
class State:
    """State of the trainings of K lanes. A deep copy of it is a checkpoint.

    Attributes:
        step: Updates made.
    """

    step: int = field(default=0, kw_only=True)


S = TypeVar("S", bound=State)


class Training(ABC, Generic[S, SettingsT_co]):
    """One run of an experiment. What never changes in it (net, data, device) is made once, here; the rest is the state.

    `measure` and `advance` are tensor programs: whatever their tensors hold, they do the same. They may branch on the
    step's number and on settings (`Lanes.values`), never on what a tensor holds; what has to read one is in `follow`.

    Args:
        lanes: The settings of each lane; hot fields are read at each update.
        device: Where the tensors are.
    """

    def __init__(self, lanes: Lanes[SettingsT_co], device: str = "cpu"):
        self.lanes, self.device = lanes, device

    @abstractmethod
    def start(self) -> S:
        """Return the state before the first update."""

    @abstractmethod
    def measure(self, now: S) -> dict[str, Tensor]:
        """Return the series of `Measurement.values` at this step. Leaves in the state what the next update needs."""

    @abstractmethod
    def advance(self, now: S) -> None:
        """Make one update."""

    def follow(self, now: S, values: dict[str, Tensor]) -> dict[str, Tensor]:
        """Return further series, found by reading in Python what was measured at this step."""
        return {}

    def make_step(self, now: S) -> None:
        """Make one update, and count it."""
        self.advance(now)
        now.step += 1

    def snapshots(self, now: S) -> Mapping[str, Callable[[], Tensor]]:
        """Return `Measurement.snapshots`, of the step that was measured last."""
        return {}

    def failures(self, now: S) -> Mapping[int, str]:
        """Return `Measurement.failures`."""
        return {}


class TrainingExperiment(Experiment[SettingsT]):
    """An experiment whose runs are trainings: each goes on from a copy of any of its states.

    Subclasses name it as a class attribute `training`.
    """

    @property
    @abstractmethod
    def training(self) -> type[Training[Any, SettingsT]]:
        """The type of one of its runs."""

    def run(self, lanes: Lanes[SettingsT], device: str = "cpu") -> Measurements:
        training = self.training(lanes, device)
        now = training.start()
        yield measured(training, now)
        yield from self._go_on(training, now)

    def resume(self, lanes: Lanes[SettingsT], device: str, state: State) -> Measurements:
        return self._go_on(self.training(lanes, device), state)

    def _go_on(self, training: Training[Any, SettingsT], now: State) -> Measurements:
        while now.step < self.length(training.lanes):
            training.make_step(now)
            yield measured(training, now)


def measured(training: Training[S], now: S) -> Measurement:
    """Return all that a training measures at its present step."""
    values = training.measure(now)
    values |= training.follow(now, values)
    return Measurement(now.step, values, training.snapshots(now), training.failures(now), now)
