"""The contract of an experiment: a training loop that yields after each step."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.settings import Settings

if TYPE_CHECKING:
    from lessons.core.run import Change


@dataclass(frozen=True)
class Measurement:
    """What was measured after `step` updates.

    `step` 0 is the start, before any update. Each value has shape (K, ...): lane first, detached from autograd.
    """

    step: int
    values: Mapping[str, Tensor]

    def __getitem__(self, name: str) -> Tensor:
        return self.values[name]


class Experiment(ABC):
    """One training experiment.

    Subclasses declare their settings class, a title, the works they follow, and the loop. They hold no state between
    runs: everything a run needs comes from its lanes.
    """

    name: ClassVar[str]
    title: ClassVar[str]
    settings_type: ClassVar[type[Settings]]
    references: ClassVar[tuple[str, ...]]

    @abstractmethod
    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        """Train all lanes and yield once before the first update and once after each.

        The generator prints nothing, sleeps never, leaves torch's global random state alone, may be closed between
        any two steps, and gives the same numbers again under the same lanes on the same machine. Hot fields are read
        from `lanes` at each step.
        """

    def script(self, settings: Settings, changes: Sequence[Change] = ()) -> str | None:
        """Return the training of one lane as a script that needs torch only; None where there is no script.

        The script prints step and loss and leaves the list `losses`, equal to the lane's `loss` up to rounding.
        `lessons.core.script.lane_script` calls this with checked values and adds a heading.

        Args:
            settings: What the lane started with.
            changes: Its changes in flight, in the order of their steps.
        """
        return None
