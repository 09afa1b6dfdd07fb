"""Iterations against the condition number, measured beside kappa and its root."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.optimizers.condition import Condition, ConditionSettings
from lessons.optimizers.spreads import CONDITION, CONDITION_NUMBERS, TUNED, ConditionRange
from lessons.optimizers.theory import best_tuning, iterations
from widgets.colours import colour_of
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView


class ConditionView(LabView[ConditionSettings, ConditionRange]):
    """Iterations to an error of 1e-6, each method at its best learning rate and momentum."""

    name = "condition"
    title = "Iterations against the condition number"
    experiment = Condition()
    spread = CONDITION
    compare = False
    step_figures = ()
    covered = ("condition",)
    shown = ("largest", "steps")
    presets = (
        Preset(
            "up to 1000",
            "Thirteen bowls, and each method at the best learning rate and momentum for each of them.",
            ({},),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = [(method, colour_of("optimizer", method)) for method in TUNED]
        dots = [line(method, colour, mode="markers", marker={"size": 7}) for method, colour in pairs]
        lines = [theory(f"{method}, from the rate alone", colour) for method, colour in pairs]
        return {
            "condition": plot(
                "condition",
                "Iterations to an error of 10⁻⁶ at the best tuning (dashes: from the rate of convergence alone)",
                "condition number κ",
                "iterations",
                [*dots, *lines],
                xaxis_type="log",
                xaxis_tickformat="~g",
                yaxis_type="log",
                yaxis_tickformat="~g",
                height=400,
                showlegend=True,
            )
        }

    def begin(self, frame: Frame) -> None:
        for number, method in enumerate(TUNED):
            kappas = frame.lanes.condition_number[number * CONDITION_NUMBERS : (number + 1) * CONDITION_NUMBERS]
            counts = [iterations(float(best_tuning(method, kappa).rate)) for kappa in kappas]
            frame.screen.replace("condition", len(TUNED) + number, x=kappas.numpy(), y=counts)

    def draw(self, frame: Frame) -> None:
        measured, error = (frame.history[name][frame.stop - 1] for name in ("iterations", "error"))
        done = np.where(measured < frame.stop - 1, measured, np.nan)
        done = np.where(error <= 1e-6, measured, done)
        for number in range(len(TUNED)):
            rows = slice(number * CONDITION_NUMBERS, (number + 1) * CONDITION_NUMBERS)
            frame.screen.replace("condition", number, x=frame.lanes.condition_number[rows].numpy(), y=done[rows])

    def readings(self, frame: Frame) -> list[Reading]:
        lines, measured = [], frame.history["iterations"][frame.stop - 1]
        for number, method in enumerate(TUNED):
            last = (number + 1) * CONDITION_NUMBERS - 1
            rate = float(best_tuning(method, torch.tensor(float(frame.lanes.condition_number[last]))).rate)
            name = f"{method}, κ = {float(frame.lanes.condition_number[last]):g}"
            arrived = measured[last] < frame.stop - 1
            lines.append(
                Reading(
                    0,
                    name,
                    float(measured[last]) if arrived else "not there yet",
                    float(iterations(rate)) if arrived else None,
                )
            )
        return lines
