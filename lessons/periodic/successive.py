"""The minima of successive periods beside those of independent nets, as they are found."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.training import LongTraining, State, TrainingExperiment
from lessons.periodic.experiment import PeriodicState, PeriodicTraining, network_of
from lessons.periodic.minima import Minimum, MinimumCollector, cosine_similarities, ensemble_errors
from lessons.periodic.scripts import periodic_script
from lessons.periodic.settings import PeriodicSettings

Group = Callable[[Sequence[Minimum]], list[Minimum]]
KEPT = ("loss", "norm", "test_error")


@dataclass
class SuccessiveState(State):
    """State of the trainings, the minima found so far, and the step of each lane's last one, shape (K,)."""

    periodic: PeriodicState
    collector: MinimumCollector
    minimum_step: Tensor


class SuccessiveTraining(LongTraining[SuccessiveState, PeriodicSettings]):
    """The training of `Periodic`, and a collector of minima that follows it."""

    def __init__(self, lanes: Lanes[PeriodicSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.periodic = PeriodicTraining(lanes, device)

    def start(self) -> SuccessiveState:
        none_yet = torch.full((len(self.lanes),), -1.0, dtype=torch.float64)
        return SuccessiveState(self.periodic.start(), MinimumCollector(len(self.lanes)), none_yet)

    def measure_in_parts(self, now: SuccessiveState) -> Parts[dict[str, Tensor]]:
        values = yield from self.periodic.measure_in_parts(now.periodic)
        return {name: values[name] for name in KEPT if name in values}

    def follow(self, now: SuccessiveState, values: dict[str, Tensor]) -> dict[str, Tensor]:
        known = len(now.collector.minima)
        now.collector.update(now.step, values["loss"], values["norm"], now.periodic.theta)
        now.minimum_step = now.minimum_step.clone()
        for minimum in now.collector.minima[known:]:
            now.minimum_step[minimum.lane] = minimum.step
        count = torch.from_numpy(now.collector.detector.count).double()
        phases = self.periodic.follow(now.periodic, values)
        return {**phases, "minima": count, "minimum_step": now.minimum_step}

    def advance(self, now: SuccessiveState) -> None:
        self.periodic.make_step(now.periodic)

    def snapshots(self, now: SuccessiveState) -> dict[str, Callable[[], Tensor]]:
        found, count, shape = tuple(now.collector.minima), len(self.lanes), self.lanes.shared
        snapshots: dict[str, Callable[[], Tensor]] = {}
        for name, group in (("successive", _of_first_lane), ("independent", _first_of_each)):
            snapshots[f"{name}_cosines"] = partial(_cosines, found, group, count, shape)
            snapshots[f"{name}_errors"] = partial(_errors, found, group, count, shape)
        return snapshots


class SuccessiveMinima(TrainingExperiment[PeriodicSettings]):
    """K nets train in periods. The first one's minima are compared with the first minima of all of them.

    Measures `loss`, `norm`, `phase`, `onset` and `test_error` as `Periodic` does, and, of shape (K,), `minima`, how
    many minima each lane has left behind, and `minimum_step`, the step of the last of them, -1 before the first.
    Snapshots: `successive_cosines` and `independent_cosines`, between the weights of the first lane's first K minima
    and between those of the lanes' first minima, (K, K); `successive_errors` and `independent_errors`, test error of
    an ensemble of the first 1 to K of them, (K,); nan for minima not found yet.
    """

    name = "successive_minima"
    title = "Minima of successive periods"
    settings_type = PeriodicSettings
    references = ("Lobacheva, Kodryan, Chirkova, Malinin & Vetrov 2021, arXiv 2106.15739, section 6",)
    training = SuccessiveTraining

    def script(self, settings: PeriodicSettings, changes: Sequence[Change] = ()) -> str:
        return periodic_script(settings, changes)


def _of_first_lane(minima: Sequence[Minimum]) -> list[Minimum]:
    return [minimum for minimum in minima if minimum.lane == 0]


def _first_of_each(minima: Sequence[Minimum]) -> list[Minimum]:
    return [minimum for minimum in minima if minimum.period == 0]


def _cosines(minima: Sequence[Minimum], group: Group, count: int, shape: PeriodicSettings) -> Tensor:
    """Shape (K, K)."""
    chosen, cosines = group(minima)[:count], torch.full((count, count), torch.nan)
    if chosen:
        weights = torch.stack([minimum.theta for minimum in chosen])[:, network_of(shape).weights]
        cosines[: len(chosen), : len(chosen)] = cosine_similarities(weights)
    return cosines


def _errors(minima: Sequence[Minimum], group: Group, count: int, shape: PeriodicSettings) -> Tensor:
    """Shape (K,)."""
    chosen, errors = group(minima)[:count], torch.full((count,), torch.nan)
    if chosen:
        thetas = torch.stack([minimum.theta for minimum in chosen])
        errors[: len(chosen)] = ensemble_errors(network_of(shape), thetas, digits_split(shape.train_size))
    return errors
