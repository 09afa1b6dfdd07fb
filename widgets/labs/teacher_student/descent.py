"""A net that grows: its test error falls, peaks where it can just fit, and falls again."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.teacher_student.width import DoubleDescent, DoubleDescentSettings, peak_row, widths
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, limit, thin
from widgets.labs.teacher_student import data_goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView


class DescentView(LabView[DoubleDescentSettings]):
    """Test and training error over the width, and the length of the fitted weights."""

    name = "descent"
    title = "Test error against width"
    experiment = DoubleDescent()
    goals = data_goals.DESCENT
    shown = ("random_share", "ridge", "train_size")
    step_figures = ()
    presets = (
        Preset(
            "a fifth of the labels random",
            "Wider and wider nets. Do more parameters help, or hurt?",
            ({"random_share": 0.2},),
            ("20 % random",),
            says=("random_share",),
        ),
        Preset(
            "how much noise?",
            # holds: l7_double_descent, l7_noise_and_penalty
            "The peak is there without any noise in the labels, and grows with it.",
            tuple({"random_share": share} for share in (0.0, 0.2, 0.4)),
            ("no noise", "20 %", "40 %"),
        ),
        Preset(
            "a small penalty",
            # holds: l7_noise_and_penalty
            "With a ridge penalty of 0.003 the peak is gone: it is not a law of nature.",
            ({}, {"ridge": 0.003}),
            ("no penalty", "ridge 0.003"),
        ),
        Preset(
            "75 examples",
            # holds: l7_peak_moves
            "The peak moves with N. At a width of 75 twice as many examples would do better, at 150 they do worse.",
            ({"train_size": 75},),
            ("75 examples",),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[DoubleDescentSettings]]:
        axes = {"fit": _widths, "height": 400, **LOG_X}
        return {
            "error": Panel(
                "Share of wrong answers on test images and on training images",
                "width, units",
                "error",
                Line("test_error", x="width", says="test"),
                Line(
                    "train_error",
                    "{lane}, training",
                    x="width",
                    make=thin,
                ),
                One(_at_n, "width = N", "#888", make=limit, fixed=True),
                legend=True,
                yaxis_range=[0, 1],
                **axes,
            ),
            "length": Panel(
                "Length of the fitted weights",
                "width, units",
                "length of the weights",
                Line("weight_norm", x="width"),
                One(_lengths_at_n, "width = N", "#888", make=limit),
                **axes,
                **LOG,
            ),
        }

    def readings(self, frame: Frame[DoubleDescentSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            width, error = (frame.history[name][: frame.stop, lane] for name in ("width", "test_error"))
            peak = peak_row(width, error, frame.lanes.shared.train_size)
            lines += [
                Reading(lane, "test error now", float(error[-1])),
                Reading(lane, "lowest so far", float(error.min())),
            ]
            if peak is None:
                lines.append(Reading(lane, "peak at width", "none yet"))
            else:
                lines.append(Reading(lane, "peak at width", float(width[peak]), float(frame.lanes.shared.train_size)))
                lines.append(Reading(lane, "error at the peak", float(error[peak])))
        return lines


def _at_n(frame: Frame[DoubleDescentSettings]) -> Points:
    return [frame.lanes.shared.train_size] * 2, [0, 1]


def _lengths_at_n(frame: Frame[DoubleDescentSettings]) -> Points:
    norm = frame.history["weight_norm"][: frame.stop]
    return [frame.lanes.shared.train_size] * 2, [float(norm.min()), float(norm.max())]


def _widths(frame: Frame[DoubleDescentSettings]) -> dict[str, Any]:
    return {"xaxis.range": [np.log10(3.5), np.log10(widths(frame.lanes.shared.steps)[-1]) + 0.05]}
