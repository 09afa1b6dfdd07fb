"""All layers at once, one after the other, or the upper ones only."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.layerwise import Layerwise, LayerwiseSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.nodes import widths
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.plots import line, plot
from widgets.view import LabView

METHODS = ("end to end", "greedy", "random first layer")


class LayersView(LabView[LayerwiseSettings]):
    """Unexplained share, and the mean best correlation with the teacher's nodes in each layer."""

    name = "layerwise"
    title = "From above, or layer by layer?"
    experiment = Layerwise()
    methods = ("method",)
    shown = ("method", "overparameterization", "switch_at", "init_scale", "learning_rate", "seed")
    more = (
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        fvu = plot(
            "layers-fvu",
            "Share of the teacher's variance not explained, on fresh inputs",
            "step",
            "unexplained share",
            [line(n, c) for n, c in pairs],
            yaxis_type="log",
            showlegend=len(pairs) > 1,
        )
        found = {"fvu": fvu}
        for layer in (1, 2):
            found[f"layer_{layer}"] = plot(
                f"layers-{layer}",
                f"Hidden layer {layer}: best correlation with each teacher node, mean",
                "step",
                "best correlation",
                [line(n, c) for n, c in pairs],
                yaxis_range=[0, 1.03],
            )
        return found

    def begin(self, frame: Frame) -> None:
        for figure in ("fvu", "layer_1", "layer_2"):
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame[LayerwiseSettings]) -> None:
        every = frame.lanes.shared.measure_every
        for lane in range(len(frame.lanes)):
            frame.curve("fvu", lane, lane, "fvu", every)
            rows = frame.rows(lane)
            steps = np.arange(rows.start, rows.stop)
            steps = steps[steps % every == 0]
            teachers = widths(frame, lane)[1]
            for layer in range(frame.lanes.shared.depth):
                best = frame.history["best_correlation"][steps, lane, layer, :teachers].mean(1)
                frame.screen.extend(f"layer_{layer + 1}", lane, steps, best)

    def readings(self, frame: Frame[LayerwiseSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, teachers = frame.last(lane), widths(frame, lane)[1]
            best = frame.history["best_correlation"][row, lane, :, :teachers].mean(1)
            lines.append(Reading(lane, "unexplained", float(frame.history["fvu"][row, lane])))
            lines += [Reading(lane, f"correlation, layer {layer}", float(value)) for layer, value in enumerate(best, 1)]
        return lines
