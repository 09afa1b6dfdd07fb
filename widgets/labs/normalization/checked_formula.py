"""Four formulas as they are often written, beside torch's own batch norm."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.layers import EPSILON
from lessons.normalization.tensor_picture import TensorPicture, TensorPictureSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import Panel
from widgets.view.readings import number

REACH = [-3.5, 3.5]
PIXEL, CHANNEL = (0,), (0, 2, 3)  # over which axes of (N, C, H, W) the mean and the variance are taken
FORMULAS = {
    "(x − μ) / (σ² + ε), with a μ and σ² for each pixel of each channel": (PIXEL, 1.0),
    "(x − μ) / √(σ² + ε), with a μ and σ² for each pixel of each channel": (PIXEL, 0.5),
    "(x − μ) / (σ² + ε), with a μ and σ² for each channel": (CHANNEL, 1.0),
    "(x − μ) / √(σ² + ε), with a μ and σ² for each channel": (CHANNEL, 0.5),
}
NO_ROOT = "Divided by the variance, an output would not have variance 1: σ² needs its root."
TOO_MANY = "A convolution treats all positions alike: its outputs share one mean and one variance for each channel."
WHY_NOT = (f"{NO_ROOT} {TOO_MANY}", TOO_MANY, NO_ROOT)  # holds: l5_formula


class FormulaOfBatchNorm(Question[TensorPictureSettings]):
    name = "formula_of_batch_norm"
    prompt = (
        "A batch of 8 images with 4 channels of 3 × 3 pixels goes through torch.nn.BatchNorm2d, with γ = 1 and β = 0. "
        "Which formula gives its outputs?"
    )
    answer = Choice(tuple(FORMULAS))
    experiment = TensorPicture()
    settings: ClassVar = {"samples": 8, "steps": 5}

    def lanes(self) -> Lanes[TensorPictureSettings]:
        return Lanes([TensorPictureSettings.checked(self.settings)], ["batch norm"])

    @property
    def panel(self) -> Panel[TensorPictureSettings]:
        names = ("by pixel, no root", "by pixel, root", "by channel, no root", "by channel, root")
        each = list(zip(names, LANE_COLOURS, strict=False))
        caption = "Each cell's output: by four formulas, against torch.nn.BatchNorm2d"
        return Panel(
            caption,
            "output of torch",
            "by the formula",
            Curve(_cells, each=each, mode="markers", marker={"size": 5}),
            One(lambda _: (REACH, REACH), "equal", "#888", make=limit),
            xaxis_range=REACH,
            yaxis_range=REACH,
            showlegend=True,
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        torchs, formulas = outputs(history)
        off = [float(np.abs(values - torchs).max()) for values in formulas]
        nearest = int(np.argmin(off))
        others = sorted(each for number, each in enumerate(off) if number != nearest)
        return Outcome(
            nearest,
            f"With the root of σ² + ε, and one μ and σ² for each channel over {torchs[:, 0].size} values, it was off "
            # holds: l5_formula
            f"by {number(float(off[nearest]), 1)} at most: rounding. The three others were off by up to "
            + ", ".join(f"{each:.2g}" for each in others)
            + ".",
            tuple(Misreading(number, why) for number, why in enumerate(WHY_NOT)),
        )


def _cells(frame: Frame[TensorPictureSettings], formula: int) -> Points:
    torchs, formulas = frame.once(_outputs)
    return torchs.ravel(), formulas[formula].ravel()


def _outputs(frame: Frame[TensorPictureSettings]) -> tuple[np.ndarray, list[np.ndarray]]:
    return outputs(frame.history)


def outputs(history: History) -> tuple[np.ndarray, list[np.ndarray]]:
    """Return the outputs of torch and those of each formula, all (N, C, H, W)."""
    x = torch.from_numpy(history.snapshot("before")[0]).double()
    layer = torch.nn.BatchNorm2d(x.shape[1], eps=EPSILON, dtype=torch.float64)
    written = [
        (x - x.mean(axes, True)) / (x.var(axes, correction=0, keepdim=True) + EPSILON) ** power
        for axes, power in FORMULAS.values()
    ]
    return layer(x).detach().numpy(), [values.numpy() for values in written]
