"""A small ConvNet that trains in periods, live: the net of the long runs, with a few channels."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np

from lessons.periodic.conv_experiment import ConvPeriods
from lessons.periodic.conv_settings import ConvPeriodsSettings
from lessons.periodic.phases import Phase
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, theory
from widgets.labs.periodic import clock_goals
from widgets.labs.periodic.moments import Moments
from widgets.labs.periodic.periods import Rates, by_pythagoras, errors_panel, loss_panel, period_readings
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView


class ConvPeriodsView(LabView[ConvPeriodsSettings]):
    """Loss and errors with the phases behind them, norm, effective learning rate, and each net's breakdowns."""

    name = "conv_periods"
    title = "A small ConvNet in periods"
    experiment = ConvPeriods()
    goals = clock_goals.CONV_PERIODS
    shown = ("learning_rate", "weight_decay", "batch_size")
    presets = (
        Preset("batches of 128", "The net of the recorded run with half its channels. Will it break down, too?"),
        Preset(
            "without weight decay",
            "Where nothing shortens the kernels nothing breaks down, and the loss goes on falling.",
            # holds: l6_conv_no_decay
            ({"steps": 900}, {"weight_decay": 0.0, "steps": 900}),
            ("λ = 0.008", "λ = 0"),
        ),
        Preset(
            "batches of 32",
            "Smaller batches put more noise into each gradient. The norm comes close to rest, higher up.",
            # holds: l6_conv_batches
            ({"steps": 900}, {"batch_size": 32, "steps": 900}),
            ("128 images", "32 images"),
            says=("batch_size",),
        ),
    )

    def idle(self, settings: ConvPeriodsSettings) -> tuple[str, ...]:
        return ()

    @property
    def panels(self) -> Mapping[str, Panel[ConvPeriodsSettings]]:
        return {
            "loss": loss_panel(),
            "errors": errors_panel("of the batch"),
            "norm": OverSteps(
                "Norm ρ of the kernels, and as Pythagoras predicts it from the step before",
                "norm ρ",
                Line("norm"),
                Line(_predicted_norms, "{lane}, predicted", make=theory),
                **LOG,
            ),
            "rate": OverSteps("Effective learning rate η/ρ²", "η/ρ²", Line("effective_learning_rate"), **LOG),
            "moments": Moments(),
        }

    def readings(self, frame: Frame[ConvPeriodsSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            predicted = float(_predicted_norms(frame, lane, np.array([row]))[0])
            lines += [
                Reading(lane, "phase", Phase(int(frame.history["phase"][row, lane])).name),
                *period_readings(frame, lane, _rates_used(frame, lane)),
                Reading(lane, "norm ρ", now(frame, "norm", lane), predicted if np.isfinite(predicted) else None),
                Reading(lane, "η/ρ²", now(frame, "effective_learning_rate", lane)),
                Reading(lane, "error on the batch", now(frame, "train_error", lane)),
                Reading(lane, "test error", now(frame, "test_error", lane)),
            ]
        return lines


def _rates_used(frame: Frame[ConvPeriodsSettings], lane: int) -> Rates:
    """Eta and lambda of each update, changes in flight included."""
    return frame.at_each_step(lane, "learning_rate"), frame.at_each_step(lane, "weight_decay")


def _predicted_norms(frame: Frame[ConvPeriodsSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return by_pythagoras(frame, lane, steps, _rates_used(frame, lane))
