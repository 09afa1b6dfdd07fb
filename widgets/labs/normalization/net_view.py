"""Parts that the labs with a trained net share: settings without effect, the figure of the loss."""

from __future__ import annotations

from typing import TypeVar

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.normalization.training_settings import NormalizedNetSettings, NormalizedNetShape
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

NetSettingsT = TypeVar("NetSettingsT", bound=NormalizedNetSettings)

LOSS: Panel = OverSteps("Loss of each batch", "loss", Line("loss"), **LOG)


class NetView(LabView[NetSettingsT]):
    """A view of `NormalizedNet`, or of an experiment that does more with the same nets."""

    methods = ("normalization",)
    rate_field = "learning_rate"

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
