"""Scale invariance: the weights are stretched, and what changes is only the gradient's length."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.core.settings import Settings
from lessons.periodic.stretching import Stretching, StretchingSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, grey, limit, theory
from widgets.labs.periodic import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Path
from widgets.view.panels import Panel
from widgets.view.readings import number
from widgets.view.view import LabView

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
    shown = ("normalization", "stretch_affine", "stretch_last_layer")
    goals = goals.STRETCH
    presets = (
        Preset(
            "with and without batch norm",
            "The hidden weights times α. What will the loss do with batch normalization, and what without?",
            ({}, {"normalization": "none"}),
            ("batch norm", "none"),
        ),
        Preset(
            "what breaks it",
            "Stretch what else is trained, too, and the line is no longer flat.",
            ({}, {"stretch_affine": True}, {"stretch_last_layer": True}),
            ("hidden weights", "γ and β too", "last layer too"),
        ),
        Preset("from 0.001 on", "A thousandth of the weights: still the same function.", ({"smallest": 1e-3},)),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    @property
    def panels(self) -> Mapping[str, Panel[StretchingSettings]]:
        given: dict[str, Any] = {"colour": grey(0.9), "make": theory, "fixed": True}
        return {
            "loss": Panel(
                "The function: loss f(αx)", "factor α", "loss", Path(_loss), fit=_reach, legend=True, **LOG, **LOG_X
            ),
            "gradient": Panel(
                "Its gradient: |∇f(αx)| over |∇f(x)|",
                "factor α",
                "ratio",
                Path(_ratio),
                One(lambda frame: (_ends(frame), 1 / _ends(frame)), "1/α", **given),
                fit=_reach,
                **LOG,
                **LOG_X,
            ),
            "inner": Panel(
                "The angle: |cosine| between ∇f(αx) and x (rounding: as near to 0 as float64 gets)",
                "factor α",
                "|cosine|",
                Path(_cosine),
                One(lambda frame: (_ends(frame), [ROUNDING, ROUNDING]), "rounding", **{**given, "make": limit}),
                fit=_reach,
                yaxis_range=[-19, 0.3],
                **LOG,
                **LOG_X,
            ),
        }

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


def _ends(frame: Frame[StretchingSettings]) -> np.ndarray:
    """The smallest and the largest factor."""
    shape = frame.lanes.shared
    return np.array([shape.smallest, shape.smallest * 10 ** (shape.steps / 20)])


def _reach(frame: Frame[StretchingSettings]) -> dict[str, Any]:
    return {"xaxis.range": np.log10(_ends(frame)).tolist()}


def _loss(frame: Frame[StretchingSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    return frame.history["alpha"][:, lane], frame.history["loss"][:, lane]


def _ratio(frame: Frame[StretchingSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    return frame.history["alpha"][:, lane], frame.history["gradient_ratio"][:, lane]


def _cosine(frame: Frame[StretchingSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    cosine = np.abs(frame.history["inner_product"][:, lane])
    return frame.history["alpha"][:, lane], np.where(cosine > 0, cosine, np.nan)


def _percent(share: float) -> str:
    return f"{100 * share:.0f} %" if share > 0.01 else f"{number(float(f'{100 * share:.1g}'))} %"
