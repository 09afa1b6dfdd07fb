"""All layers at once, one after the other, or the upper ones only."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from lessons.teacher_student.layerwise import Layerwise, LayerwiseSettings
from widgets.figure.frame import Frame
from widgets.labs.teacher_student import assumption_goals
from widgets.labs.teacher_student.nodes import widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

METHODS = ("end to end", "greedy", "random first layer")


class LayersView(LabView[LayerwiseSettings]):
    """Unexplained share, and the mean best correlation with the teacher's nodes in each layer."""

    name = "layerwise"
    title = "From above, or layer by layer?"
    experiment = Layerwise()
    methods = ("method",)
    goals = assumption_goals.LAYERWISE
    shown = ("method", "overparameterization", "switch_at")
    more = (
        "init_scale",
        "learning_rate",
        "seed",
        "top_scale",
        "active_share",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    step_figures = ("fvu",)
    presets = (
        Preset(
            "three ways",
            "The same student, three ways to train it. In which will the first layer become the teacher's?",
            tuple({"method": method} for method in METHODS),
            METHODS,
        ),
        Preset(
            "a wider student",
            # holds: l7_wider_layers
            "Five times as wide: greedy training and even random features get better, and stay behind.",
            tuple(
                {"method": method, "overparameterization": 5.0, "steps": 2000, "horizon": 2000, "switch_at": 1000}
                for method in METHODS
            ),
            METHODS,
        ),
        Preset(
            "greedy, twice as long",
            # holds: l7_longer_greedy
            "Twice the steps for each part mend little: the first layer is taught the wrong thing, not too briefly.",
            ({"method": "greedy", "switch_at": 3000, "horizon": 6000, "steps": 6000},),
            ("greedy",),
        ),
    )

    def idle(self, settings: LayerwiseSettings) -> tuple[str, ...]:
        found = idle_student_fields(settings)
        return found if settings.method == "greedy" else (*found, "switch_at")

    @property
    def panels(self) -> Mapping[str, Panel[LayerwiseSettings]]:
        fvu = OverSteps(
            "Share of the teacher's variance not explained, on fresh inputs",
            "unexplained share",
            Line("fvu"),
            legend=True,
            yaxis_type="log",
        )
        layers = {
            f"layer_{layer}": OverSteps(
                f"Hidden layer {layer}: best correlation with each teacher node, mean",
                "best correlation",
                Line(partial(_best, layer), measured="best_correlation"),
                yaxis_range=[0, 1.03],
            )
            for layer in (1, 2)
        }
        return {"fvu": fvu, **layers}

    def readings(self, frame: Frame[LayerwiseSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, teachers = frame.last(lane), widths(frame, lane)[1]
            best = frame.history.newest("best_correlation", row)[lane, :, :teachers].mean(1)
            lines.append(Reading(lane, "unexplained", now(frame, "fvu", lane)))
            lines += [Reading(lane, f"correlation, layer {layer}", float(value)) for layer, value in enumerate(best, 1)]
        return lines


def _best(layer: int, frame: Frame[LayerwiseSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """Best correlation with each teacher node of a layer, mean over the nodes; NaN if there is no such layer."""
    if layer > frame.lanes.shared.depth:
        return np.full(len(steps), np.nan)
    return frame.history["best_correlation"][steps, lane, layer - 1, : widths(frame, lane)[1]].mean(1)
