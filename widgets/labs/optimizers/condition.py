"""Iterations against the condition number, measured beside kappa and its root."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Literal

import numpy as np
import torch

from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.optimizers.condition import Condition, ConditionSettings
from lessons.optimizers.theory import best_tuning, iterations
from widgets.colours import colour_of
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.lines import Curve, Points, Theory
from widgets.panels import Panel
from widgets.plots import LOG, LOG_X
from widgets.view import LabView

METHODS: tuple[Literal["gradient descent", "heavy ball"], ...] = ("gradient descent", "heavy ball")
COUNT = 13


class ConditionRange(Settings):
    """A range of condition numbers."""

    largest: float = setting(
        1000.0,
        label="largest condition number",
        symbol="κ",
        doc="Of 13, from 3 on.",
        low=10.0,
        high=3000.0,
        scale="log",
    )
    steps: int = setting(
        8000, label="steps", doc="At most so many updates.", low=1, high=25000, slider=(100, 25000), scale="log"
    )


class ConditionView(LabView[ConditionSettings, ConditionRange]):
    """Iterations to an error of 1e-6, each method at its best learning rate and momentum."""

    name = "condition"
    title = "Iterations against the condition number"
    experiment = Condition()
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

    @property
    def settings_type(self) -> type[ConditionRange]:
        return ConditionRange

    def lanes(self, settings: Sequence[ConditionRange], names: Sequence[str]) -> Lanes[ConditionSettings]:
        numbers = np.geomspace(3.0, settings[0].largest, COUNT).tolist()
        lanes = [
            ConditionSettings(method=method, condition_number=number, steps=settings[0].steps)
            for method in METHODS
            for number in numbers
        ]
        return Lanes(lanes, [f"{lane.method}, κ = {lane.condition_number:.3g}" for lane in lanes])

    @property
    def panels(self) -> Mapping[str, Panel[ConditionSettings]]:
        pairs = [(method, colour_of("optimizer", method)) for method in METHODS]
        predicted = [(f"{method}, from the rate alone", colour) for method, colour in pairs]
        return {
            "condition": Panel(
                "Iterations to an error of 10⁻⁶ at the best tuning (dashes: from the rate of convergence alone)",
                "condition number κ",
                "iterations",
                Curve(_measured, each=pairs, mode="markers", marker={"size": 7}),
                Theory(_from_the_rate, each=predicted),
                height=400,
                showlegend=True,
                **LOG,
                **LOG_X,
            )
        }

    def readings(self, frame: Frame) -> list[Reading]:
        lines, measured = [], frame.history["iterations"][frame.stop - 1]
        for number, method in enumerate(METHODS):
            last = (number + 1) * COUNT - 1
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
    return slice(method * COUNT, (method + 1) * COUNT)


def _measured(frame: Frame[ConditionSettings], method: int) -> Points:
    measured, error = (frame.history[name][frame.stop - 1, _rows(method)] for name in ("iterations", "error"))
    done = np.where(measured < frame.stop - 1, measured, np.nan)
    return frame.lanes.condition_number[_rows(method)].numpy(), np.where(error <= 1e-6, measured, done)


def _from_the_rate(frame: Frame[ConditionSettings], method: int) -> Points:
    kappas = frame.lanes.condition_number[_rows(method)]
    rates = [best_tuning(METHODS[method], kappa).rate for kappa in kappas]
    return kappas.numpy(), [float(iterations(float(rate))) for rate in rates]
