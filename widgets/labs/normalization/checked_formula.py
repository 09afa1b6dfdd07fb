"""A formula as it is often written, and the right one, beside torch's own batch norm."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.layers import EPSILON
from lessons.normalization.tensor_picture import TensorPicture, TensorPictureSettings
from widgets.controls import LANE_COLOURS
from widgets.live_figure import LiveFigure
from widgets.plots import line, plot, theory
from widgets.question import FAILS, HOLDS, Choice, Outcome, Question

REACH = [-3.5, 3.5]


class FormulaOfBatchNorm(Question):
    name = "formula_of_batch_norm"
    prompt = (
        "A batch of 8 images with 4 channels of 3 × 3 pixels goes through torch.nn.BatchNorm2d. Does this formula give "
        "its outputs?"
    )
    statement = "Batch norm is γ (x − μ) / (σ² + ε) + β, with a mean μ and a variance σ² of its own for every pixel."
    answer = Choice((HOLDS, FAILS))
    experiment = TensorPicture()
    settings: ClassVar = {"samples": 8, "steps": 5}

    def lanes(self) -> Lanes:
        return Lanes([TensorPictureSettings.checked(self.settings)], ["batch norm"])

    def figure(self) -> go.Figure:
        dots = {"mode": "markers", "marker": {"size": 5}}
        traces = [
            line("as written", LANE_COLOURS[1], **dots),
            line("γ (x − μ) / √(σ² + ε) + β, by channel", LANE_COLOURS[0], **dots),
            theory("equal", "#888"),
        ]
        caption = "Each cell's output: by a formula, against torch.nn.BatchNorm2d"
        axes = {"xaxis_range": REACH, "yaxis_range": REACH}
        return plot("question", caption, "output of torch", "by the formula", traces, showlegend=True, **axes)

    def draw(self, screen: LiveFigure, history: History, lanes: Lanes) -> None:
        torchs, *formulas = outputs(history)
        for trace, values in enumerate(formulas):
            screen.replace("figure", trace, x=torchs.ravel(), y=values.ravel())
        screen.replace("figure", 2, x=REACH, y=REACH)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        torchs, written, right = outputs(history)
        off, rest = (float(np.abs(values - torchs).max()) for values in (written, right))
        return Outcome(
            int(off > 1e-3),
            f"As written it was off by up to {off:.3g}. With the root of σ² + ε, and one μ and σ² for each channel, "
            f"over {torchs[:, 0].size} values here, it was off by {rest:.0e} at most: rounding.",
        )


def outputs(history: History) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the outputs of torch, of the formula as written, and of the right one, each (N, C, H, W)."""
    x = torch.from_numpy(history.snapshot("before")[0]).double()
    layer = torch.nn.BatchNorm2d(x.shape[1], eps=EPSILON, dtype=torch.float64)
    pixel, channel = (0,), (0, 2, 3)
    written = (x - x.mean(pixel, True)) / (x.var(pixel, correction=0, keepdim=True) + EPSILON)
    right = (x - x.mean(channel, True)) / (x.var(channel, correction=0, keepdim=True) + EPSILON).sqrt()
    return layer(x).detach().numpy(), written.numpy(), right.numpy()
