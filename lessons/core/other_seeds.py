"""Other seeds of each lane, trained beside it: is it the method, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.parts import Parts
from lessons.core.settings import Settings, SettingsT, SettingsT_co
from lessons.core.training import State, Training, TrainingExperiment

SEEDS = 2**31  # that there are; after the largest comes 0
MOST_OTHERS = 4  # of a lane


def of_other_seeds(quantity: str) -> str:
    """Name what is measured of other seeds, of shape (K, c): entry [k, i] is of lane k with the seed i + 1 after."""
    return f"{quantity}_of_other_seeds"


def other_seeds_of(lanes: Lanes[SettingsT], spared: Mapping[str, Any]) -> Lanes[SettingsT]:
    """Return for each lane its `other_seeds` further ones, side by side: with the next seeds, else as the lane is now.

    Args:
        lanes: The lanes.
        spared: What they have instead, so that nothing is measured of them that is dear and not shown.
    """
    count = lanes.values("other_seeds")[0]
    return Lanes([_reseeded(own, k, spared) for own in lanes.settings for k in range(1, count + 1)], own=lanes.own)


def _reseeded(own: SettingsT, ahead: int, spared: Mapping[str, Any]) -> SettingsT:
    values = own.model_dump()
    return type(own).checked({**values, **spared, "seed": (values["seed"] + ahead) % SEEDS, "other_seeds": 0})


@dataclass
class TwoStates(State):
    """State of trainings and of their other seeds."""

    own: State
    others: State


class BesideOthers(Training[TwoStates, SettingsT_co]):
    """Trainings of lanes, and of their other seeds, which follow each change of their lane.

    They are two tensor programs: a lane has the same numbers, bit for bit, whether others train beside it or not.

    Args:
        own: The lanes' own.
        others: Makes that of the others.
        reseeded: Returns the others as their lanes are now.
        behind: What is measured of them, too.
    """

    def __init__(
        self,
        own: Training[Any, SettingsT_co],
        others: Callable[[Lanes[SettingsT_co], str], Training[Any, SettingsT_co]],
        reseeded: Callable[[Lanes[SettingsT_co]], Lanes[SettingsT_co]],
        behind: Sequence[str],
    ):
        super().__init__(own.lanes, own.device)
        self._own, self._behind, self._reseeded = own, behind, reseeded
        self._others = others(reseeded(own.lanes), own.device)
        self._followed: list[Settings] = list(own.lanes.settings)

    def start(self) -> TwoStates:
        return TwoStates(self._own.start(), self._others.start())

    def measure(self, now: TwoStates) -> dict[str, Tensor]:
        return self._together(self._own.measure(now.own), self._others.measure(now.others))

    def measure_in_parts(self, now: TwoStates) -> Parts[dict[str, Tensor]]:
        own = yield from self._own.measure_in_parts(now.own)
        yield
        return self._together(own, (yield from self._others.measure_in_parts(now.others)))

    def advance(self, now: TwoStates) -> None:
        if self._followed != self.lanes.settings:  # mostly they are the same objects
            self._others.lanes.follow(self._reseeded(self.lanes))
            self._followed = list(self.lanes.settings)
        self._own.make_step(now.own)
        self._others.make_step(now.others)

    def follow(self, now: TwoStates, values: dict[str, Tensor]) -> dict[str, Tensor]:
        return self._own.follow(now.own, values)

    def snapshots(self, now: TwoStates) -> Mapping[str, Callable[[], Tensor]]:
        return self._own.snapshots(now.own)

    def failures(self, now: TwoStates) -> Mapping[int, str]:
        return self._own.failures(now.own)

    def _together(self, own: dict[str, Tensor], others: dict[str, Tensor]) -> dict[str, Tensor]:
        by_lane = (len(self.lanes), -1)
        return own | {
            of_other_seeds(name): others[name].unflatten(0, by_lane) for name in self._behind if name in others
        }


class WithOtherSeeds(TrainingExperiment[SettingsT]):
    """An experiment that trains some other seeds of each lane beside it, if its setting `other_seeds` says so.

    They are no lanes: a lane's record, its name, its script, its place in a link are as they are without them. What
    `behind` names is measured of them (`of_other_seeds`), of shape (K, c).

    Attributes:
        behind: What is measured of them.
        spared: Settings that they have whatever their lane has.
    """

    behind: ClassVar[tuple[str, ...]] = ("loss",)
    spared: ClassVar[Mapping[str, Any]] = {}

    def of(self, lanes: Lanes[SettingsT], device: str) -> Training[Any, SettingsT]:
        own = super().of(lanes, device)
        if not lanes.values("other_seeds")[0]:
            return own
        return BesideOthers(own, self.training, lambda now: other_seeds_of(now, self.spared), self.behind)
