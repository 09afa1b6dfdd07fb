"""A net that grows: its test error falls, peaks where it can just fit, and falls again."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.width import DoubleDescent, DoubleDescentSettings, widths
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView


class DescentView(LabView[DoubleDescentSettings]):
    """Test and training error over the width, and the length of the fitted weights."""

    name = "descent"
    title = "Test error against width"
    experiment = DoubleDescent()
    shown = ("random_share", "ridge", "train_size", "seed")
    more = ("steps",)
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        log = {"xaxis_type": "log", "xaxis_tickformat": "~g"}
        dashes = [line(f"{n}, training", c, line={"dash": "dot", "width": 1.5}, showlegend=False) for n, c in pairs]
        error = plot(
            "descent-error",
            "Share of wrong answers on test images (dots: on training images; dashes: N)",
            "width, units",
            "error",
            [*(line(n, c) for n, c in pairs), *dashes, theory("width = N", "#888", showlegend=False)],
            yaxis_range=[0, 1],
            height=400,
            showlegend=len(pairs) > 1,
            **log,
        )
        length = plot(
            "descent-length",
            "Length of the fitted weights (dashes: N)",
            "width, units",
            "length of the weights",
            [*(line(n, c) for n, c in pairs), theory("width = N", "#888", showlegend=False)],
            yaxis_type="log",
            yaxis_tickformat="~g",
            height=400,
            **log,
        )
        return {"error": error, "length": length}

    def begin(self, frame: Frame[DoubleDescentSettings]) -> None:
        size, lanes = frame.lanes.shared.train_size, len(frame.lanes)
        frame.screen.replace("error", 2 * lanes, x=[size, size], y=[0, 1])
        for figure in ("error", "length"):
            frame.screen.relayout(
                figure, {"xaxis.range": [np.log10(3.5), np.log10(widths(frame.lanes.shared.steps)[-1]) + 0.05]}
            )

    def draw(self, frame: Frame[DoubleDescentSettings]) -> None:
        count, width = len(frame.lanes), frame.history["width"]
        for lane in range(count):
            rows = frame.rows(lane)
            x = width[rows, lane]
            frame.screen.extend("error", lane, x, frame.history["test_error"][rows, lane])
            frame.screen.extend("error", count + lane, x, frame.history["train_error"][rows, lane])
            frame.screen.extend("length", lane, x, frame.history["weight_norm"][rows, lane])
        norm = frame.history["weight_norm"][: frame.stop]
        size = frame.lanes.shared.train_size
        frame.screen.replace("length", count, x=[size, size], y=[float(norm.min()), float(norm.max())])

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


def peak_row(width: np.ndarray, error: np.ndarray, size: int) -> int | None:
    """Return the row of the highest test error from a third to three times N, if it is lower by a tenth on both sides.

    Args:
        width: Shape (T,).
        error: Shape (T,).
        size: N.
    """
    near = np.flatnonzero((width > size / 3) & (width < 3 * size))
    if not len(near):
        return None
    peak = near[error[near].argmax()]
    before, after = error[: peak + 1].min(), error[peak:].min()
    return int(peak) if error[peak] > 1.1 * max(before, after) else None
