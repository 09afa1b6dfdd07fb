"""Iterations against the condition number, measured beside kappa and its root."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from lessons.optimizers.condition import Condition, ConditionSettings
from lessons.optimizers.spreads import CONDITION, CONDITION_NUMBERS, TUNED, ConditionRange
from lessons.optimizers.theory import best_tuning, iterations
from widgets.figure.colours import colour_of
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X
from widgets.labs.optimizers import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Points, Theory
from widgets.view.panels import Panel
from widgets.view.view import LabView


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
    goals = goals.CONDITION
    presets = (
        Preset(
            "up to 1000",
            "Thirteen bowls, and each method at the best learning rate and momentum for each of them.",
            ({},),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[ConditionSettings]]:
        pairs = [(method, colour_of("optimizer", method)) for method in TUNED]
        predicted = [(f"{method}, from the rate alone", colour) for method, colour in pairs]
        return {
            "condition": Panel(
                "Iterations to an error of 10⁻⁶ at the best tuning",
                "condition number κ",
                "iterations",
                Curve(_measured, each=pairs, mode="markers", marker={"size": 7}),
                Theory(_from_the_rate, each=predicted, says="from the rate of convergence alone"),
                height=400,
                showlegend=True,
                **LOG,
                **LOG_X,
            )
        }

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


def _rows(method: int) -> slice:
    """The lanes of a method."""
    return slice(method * CONDITION_NUMBERS, (method + 1) * CONDITION_NUMBERS)


def _measured(frame: Frame[ConditionSettings], method: int) -> Points:
    measured, error = (frame.history[name][frame.stop - 1, _rows(method)] for name in ("iterations", "error"))
    done = np.where(measured < frame.stop - 1, measured, np.nan)
    return frame.lanes.condition_number[_rows(method)].numpy(), np.where(error <= 1e-6, measured, done)


def _from_the_rate(frame: Frame[ConditionSettings], method: int) -> Points:
    kappas = frame.lanes.condition_number[_rows(method)]
    rates = [best_tuning(TUNED[method], kappa).rate for kappa in kappas]
    return kappas.numpy(), [float(iterations(float(rate))) for rate in rates]
