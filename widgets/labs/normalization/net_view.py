"""What the labs with a trained net share: which settings have no effect, curves over the step, ranges."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings, NormalizedNetShape
from widgets.frame import Frame
from widgets.plots import over_steps
from widgets.view import LabView


class NetView(LabView[NormalizedNetSettings]):
    """A view of `NormalizedNet`."""

    experiment = NormalizedNet()
    methods = ("normalization",)
    rate_field = "learning_rate"

    def idle(self, settings: NormalizedNetSettings) -> tuple[str, ...]:
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


def loss_figure(name: str, names: Sequence[str], colours: Sequence[str], **layout: Any) -> go.Figure:
    """Return a figure of the loss, of the batch, on a logarithmic axis."""
    style = {"yaxis_type": "log", "yaxis_tickformat": "~g", **layout}
    return over_steps(name, "Loss of each batch", "loss", names, colours, **style)


def show_all_steps(frame: Frame, *figures: str) -> None:
    """Let the x axis of figures be the whole run."""
    for figure in figures:
        frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})
