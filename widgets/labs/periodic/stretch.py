"""Scale invariance: the weights are stretched, and what changes is only the gradient's length."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.settings import Settings
from lessons.periodic.stretching import Stretching, StretchingSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import grey, line, plot, theory
from widgets.readings import number
from widgets.view import LabView

LOG = {"xaxis_type": "log", "xaxis_tickformat": "~g", "yaxis_type": "log", "yaxis_tickformat": "~g"}
ROUNDING = float(np.finfo(np.float64).eps)


class StretchView(LabView[StretchingSettings]):
    """Loss, gradient and the angle between gradient and weights, over the factor that the weights are multiplied by."""

    name = "stretch"
    title = "Stretch the weights"
    experiment = Stretching()
    methods = ("normalization",)
    instant = True
    speed = 12.0
    step_figures = ()
    covered = ("gradient",)
    shown = ("normalization", "stretch_affine", "stretch_last_layer", "smallest", "seed")
    more = ("last_layer_norm", "width", "depth", "train_size", "steps")
    presets = (
        Preset(
            "with and without batch norm",
            "The hidden weights times α. What will the loss do with batch normalization, and what without?",
            ({}, {"normalization": "none"}),
            ("batch norm", "none"),
        ),
        Preset(
            "what breaks it",
            "Stretch what is trained beside the weights, and the line is flat no more.",
            ({}, {"stretch_affine": True}, {"stretch_last_layer": True}),
            ("hidden weights", "γ and β too", "last layer too"),
        ),
        Preset("from 0.001 on", "A thousandth of the weights: still the same function.", ({"smallest": 1e-3},)),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        loss = plot(
            "stretch-loss",
            "The function: loss f(αx)",
            "factor α",
            "loss",
            [line(n, c) for n, c in pairs],
            showlegend=len(pairs) > 1,
            **LOG,
        )
        gradient = plot(
            "stretch-gradient",
            "Its gradient: |∇f(αx)| over |∇f(x)| (dashes: 1/α)",
            "factor α",
            "ratio",
            [*(line(n, c) for n, c in pairs), theory("1/α", grey(0.9))],
            **LOG,
        )
        inner = plot(
            "stretch-inner",
            "The angle: |cosine| between ∇f(αx) and x (dashes: rounding, as near to 0 as float64 gets)",
            "factor α",
            "|cosine|",
            [*(line(n, c) for n, c in pairs), theory("rounding", grey(0.9))],
            yaxis_range=[-19, 0.3],
            **LOG,
        )
        return {"loss": loss, "gradient": gradient, "inner": inner}

    def begin(self, frame: Frame[StretchingSettings]) -> None:
        shape, count = frame.lanes.shared, len(frame.lanes)
        ends = np.array([shape.smallest, shape.smallest * 10 ** (shape.steps / 20)])
        frame.screen.replace("gradient", count, x=ends, y=1 / ends)
        frame.screen.replace("inner", count, x=ends, y=[ROUNDING, ROUNDING])
        for figure in ("loss", "gradient", "inner"):
            frame.screen.relayout(figure, {"xaxis.range": np.log10(ends).tolist()})

    def draw(self, frame: Frame) -> None:
        history = frame.history
        for lane in range(len(frame.lanes)):
            alpha = history["alpha"][:, lane]
            cosine = np.abs(history["inner_product"][:, lane])
            frame.path("loss", lane, alpha, history["loss"][:, lane], lane)
            frame.path("gradient", lane, alpha, history["gradient_ratio"][:, lane], lane)
            frame.path("inner", lane, alpha, np.where(cosine > 0, cosine, np.nan), lane)

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            column = {name: frame.history[name][: row + 1, lane] for name in frame.history.names}
            change, cosine = column["output_change"].max(), np.abs(column["inner_product"]).max()
            lines += [
                Reading(lane, "largest change of an output", _percent(change)),
                Reading(
                    lane,
                    f"gradient's ratio at α = {column['alpha'][row]:.3g}",
                    float(column["gradient_ratio"][row]),
                    float(1 / column["alpha"][row]),
                ),
                Reading(lane, "largest cosine with x", number(float(f"{cosine:.2g}"))),
            ]
        return lines


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share > 0.01 else f"{number(float(f'{100 * share:.1g}'))} %"
