"""The contract of an experiment: a training loop that yields after each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Generator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, ClassVar, Generic

from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.settings import SettingsT


@dataclass(frozen=True)
class Measurement:
    """The measurements after `step` updates.

    `step` 0 is the start, before any update.

    Attributes:
        values: Series: each of shape (K, ...), lane first, detached from autograd; all of them are kept. Each is
            measured at step 0, and what is measured now and then is missing in between.
        snapshots: What is too large to keep for each step, such as a decision boundary or the activations of all
            layers: functions that compute it as of this step, each of shape (K, ...). Only the newest are ever asked,
            and only when they are drawn, so a step pays nothing for them. They must not depend on what the run
            changes later. One that takes long is `lessons.core.parts.InParts`, too.
        failures: Lanes whose own function (`Lanes.own`) has failed -> why, in one sentence.
        state: All that `Experiment.resume` needs, beside the lanes, to go on after this step, or None if a run can
            only begin at step 0. A deep copy of it, made before the run goes on, is a checkpoint.
    """

    step: int
    values: Mapping[str, Tensor]
    snapshots: Mapping[str, Callable[[], Tensor]] = field(default_factory=dict)
    failures: Mapping[int, str] = field(default_factory=dict)
    state: Any = None

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]


# In the order of their steps; may be closed between any two of them.
Measurements = Generator[Measurement, None, None]
# The same part by part (`lessons.core.parts.StepsInParts`): None after a part that does not end a measurement.
MeasurementsInParts = Generator[Measurement | None, None, None]


class Experiment(ABC, Generic[SettingsT]):
    """One training experiment.

    Subclasses declare their settings class, a title, the works they follow, and the loop. They hold no state between
    runs: everything a run needs comes from its lanes.
    """

    name: str
    title: str
    settings_type: type[SettingsT]
    references: ClassVar[tuple[str, ...]]

    @abstractmethod
    def run(self, lanes: Lanes[SettingsT], device: str = "cpu") -> Measurements:
        """Train all lanes and yield once before the first update and once after each.

        The generator prints nothing, sleeps never, leaves torch's global random state alone, may be closed between
        any two steps, and gives the same numbers again under the same lanes on the same machine. Hot fields are read
        from `lanes` at each step.
        """

    def length(self, lanes: Lanes[SettingsT]) -> int:
        """Return the number of steps of a whole run."""
        return lanes.shared.steps

    def resume(self, lanes: Lanes[SettingsT], device: str, state: Any) -> Measurements:
        """Go on after the measurement that had this state, with the numbers that its run would have had.

        The generator owns the state. Only for experiments whose measurements have one.
        """
        raise NotImplementedError(f"{self.title} can only begin at its start.")

    def script(self, settings: SettingsT, changes: Sequence[Change] = ()) -> str | None:
        """Return the training of one lane as a script that needs torch only; None where there is no script.

        The script prints step and loss and leaves the list `losses`, equal to the lane's `loss` up to rounding.
        `lessons.core.scripts.script.lane_script` calls this with checked values and adds a heading.

        Args:
            settings: What the lane started with.
            changes: Its changes in flight, in the order of their steps.
        """
        return None
