"""A training as three functions: where it starts, what is measured, one update; and the loop around them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Generic, TypeVar

from torch import Tensor

from lessons.core.experiment import Experiment, Measurement, Measurements, MeasurementsInParts
from lessons.core.lanes import Lanes
from lessons.core.parts import Parts, StepsInParts, whole
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

    def measure_in_parts(self, now: S) -> Parts[dict[str, Tensor]]:
        """Do what `measure` does, in parts if it takes long (`LongTraining`)."""
        return self.measure(now)
        yield

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


class LongTraining(Training[S, SettingsT_co]):
    """A training some of whose measurements take as long as many updates: it says how to make one in parts.

    A part is one Hessian-vector product, or takes about as long.
    """

    def measure(self, now: S) -> dict[str, Tensor]:
        return whole(self.measure_in_parts(now))

    @abstractmethod
    def measure_in_parts(self, now: S) -> Parts[dict[str, Tensor]]: ...


class TrainingExperiment(Experiment[SettingsT]):
    """An experiment whose runs are trainings: each goes on from a copy of any of its states.

    A step can be made in parts. What changes in the lanes between two of them is for the next update: the training
    sees it then.

    Subclasses name it as a class attribute `training`.
    """

    @property
    @abstractmethod
    def training(self) -> type[Training[Any, SettingsT]]:
        """The type of one of its runs."""

    def of(self, lanes: Lanes[SettingsT], device: str) -> Training[Any, SettingsT]:
        """Return one of its runs, of these lanes."""
        return self.training(lanes, device)

    def run(self, lanes: Lanes[SettingsT], device: str = "cpu") -> Measurements:
        return StepsInParts(self._begin(lanes, device))

    def resume(self, lanes: Lanes[SettingsT], device: str, state: State) -> Measurements:
        return StepsInParts(self._go_on(self.of(lanes.kept(), device), state, lanes))

    def _begin(self, lanes: Lanes[SettingsT], device: str) -> MeasurementsInParts:
        training = self.of(lanes.kept(), device)
        yield None
        now = training.start()
        yield None
        yield (yield from _measured(training, now))
        yield from self._go_on(training, now, lanes)

    def _go_on(self, training: Training[Any, SettingsT], now: State, lanes: Lanes[SettingsT]) -> MeasurementsInParts:
        while now.step < self.length(lanes):
            training.lanes.follow(lanes)
            training.make_step(now)
            yield (yield from _measured(training, now))


def _measured(training: Training[S], now: S) -> Parts[Measurement]:
    """Return all that a training measures at its present step."""
    values = yield from training.measure_in_parts(now)
    values |= training.follow(now, values)
    return Measurement(now.step, values, training.snapshots(now), training.failures(now), now)
