"""Parts that the labs with a trained net share: settings without effect, the figure of the loss."""

from __future__ import annotations

from typing import Any, ClassVar, TypeVar

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.normalization.training_settings import NormalizedNetSettings, NormalizedNetShape
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.view.controls import Reading
from widgets.view.lines import Line
from widgets.view.other_seeds import OtherSeeds, seed_ranges
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

NetSettingsT = TypeVar("NetSettingsT", bound=NormalizedNetSettings)

RECENT = 20
RECENT_LOSS = f"loss, last {RECENT} batches"  # that of one batch alone is noisy
SEEDS: dict[str, Any] = {"other_seeds": 4}  # of the presets that compare trainings
LOSS: Panel = OverSteps("Loss of each batch", "loss", OtherSeeds("loss"), Line("loss"), **LOG)


class NetView(LabView[NetSettingsT]):
    """A view of `NormalizedNet`, or of an experiment that does more with the same nets.

    Attributes:
        ranged: The quantity whose range over the seeds is in the table, its title there, and over how many steps it is
            a mean.
    """

    methods = ("normalization",)
    rate_field = "learning_rate"
    ranged: ClassVar[tuple[str, str, int]] = ("loss", RECENT_LOSS, RECENT)  # as of `seed_ranges`

    def readings(self, frame: Frame[NetSettingsT]) -> list[Reading]:
        return [*super().readings(frame), *seed_ranges(frame, *self.ranged)]

    def idle(self, settings: NetSettingsT) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_fields(settings))

    def vitals(self, frame: Frame, lane: int) -> Vitals | None:
        if "sharpness" not in frame.history.names:
            return None
        loss = frame.history["loss"][:, lane]
        return Vitals(
            loss=loss,
            sharpness=frame.history["sharpness"][:, lane],
            components=loss[:, None],
            directions=("loss",),
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )


def idle_fields(settings: NormalizedNetShape) -> tuple[str, ...]:
    """Name the settings that a net does not read."""
    full = settings.batch_size >= settings.train_size
    grouped = getattr(settings, "normalization", "group") == "group"
    return (*(() if grouped else ("groups",)), *(("batches",) if full else ()))
