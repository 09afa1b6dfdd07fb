"""Test error against width: more parameters first hurt, then help (double descent), and when they do not hurt."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.data.digits import digits_split
from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.core.training import State, Training, TrainingExperiment
from lessons.teacher_student.memorization import CLASSES, given_labels

_FIRST_WIDTH, _GROWTH = 4, 1.08
_RELATIVE_CUT = 1e-11  # eigenvalues below this share of the largest are rounding


class DoubleDescentSettings(Settings):
    """Settings of `DoubleDescent`."""

    random_share: float = setting(
        0.2,
        label="random labels",
        doc="Share of training labels that are replaced by random ones.",
        low=0.0,
        high=1.0,
        slider=(0.0, 0.6),
        slider_step=0.05,
    )
    ridge: float = setting(
        0.0,
        label="ridge penalty",
        symbol="λ",
        doc="Penalty on the squared length of the weights; 0: of all least-squares solutions the shortest.",
        low=0.0,
        high=100.0,
        slider=(0.0, 0.1),
        slider_step=0.001,
    )
    train_size: int = declared.train_size(
        default=150, doc="Digits in the training set: the error peaks where the width is N.", high=500, slider=(50, 300)
    )
    steps: int = setting(
        80,
        label="steps",
        doc="How often the width grows, by 8 % each time: from 4 to some 3000 units after 80 steps.",
        low=1,
        high=110,
        slider=(20, 100),
        shared=True,
    )
    seed: int = declared.seed(doc="Draws the hidden units and random labels.")


@dataclass
class GrowingFeatures(State):
    """Inner products of random features relu(w.x + b), summed over the units so far.

    Attributes:
        gram: Between training images, shape (K, N, N).
        test_gram: From test to training images, shape (K, T, N).
        width: Units so far.
    """

    gram: Tensor
    test_gram: Tensor
    width: int = 0


class GrowingFit(Training[GrowingFeatures, DoubleDescentSettings]):
    """An update adds units; the layer above them is fitted anew at each step."""

    def __init__(self, lanes: Lanes[DoubleDescentSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.data = digits_split(lanes.shared.train_size)
        self.labels = given_labels(lanes, self.data.train_labels).to(device)
        self.test_labels = self.data.test_labels.to(device)
        self.target = torch.nn.functional.one_hot(self.labels, CLASSES).double()
        self.test_target = torch.nn.functional.one_hot(self.test_labels, CLASSES).double()
        self.widths = widths(lanes.shared.steps)

    def start(self) -> GrowingFeatures:
        train, test = len(self.data.train_labels), 500
        zeros = torch.zeros(len(self.lanes), train + test, train, dtype=torch.float64, device=self.device)
        now = GrowingFeatures(zeros[:, :train], zeros[:, train:])
        self.grow(now, self.widths[0])
        return now

    def measure(self, now: GrowingFeatures) -> dict[str, Tensor]:
        dual, weight_norm = minimum_norm_fit(now.gram / now.width, self.target, now.width, self.lanes.ridge)
        fitted, predicted = now.gram @ dual / now.width, now.test_gram @ dual / now.width
        values = {
            "width": torch.full_like(weight_norm, now.width),
            "loss": 0.5 * (fitted - self.target).square().sum(2).mean(1),
            "test_loss": 0.5 * (predicted - self.test_target).square().sum(2).mean(1),
            "train_error": (fitted.argmax(2) != self.labels).double().mean(1),
            "test_error": (predicted.argmax(2) != self.test_labels).double().mean(1),
            "weight_norm": weight_norm,
        }
        return {name: value.float() for name, value in values.items()}

    def advance(self, now: GrowingFeatures) -> None:
        self.grow(now, self.widths[now.step + 1])

    def grow(self, now: GrowingFeatures, width: int) -> None:
        """Add units, drawn from each lane's seed: weights N(0, 1/D), biases N(0, 1)."""
        more, purpose = width - now.width, f"units from {now.width}"
        drawn = normal_per_seed(self.lanes.seed, purpose, 65, more).double()
        weight, bias = drawn[:, :64].to(now.gram) / 8, drawn[:, 64:].to(now.gram)
        features = torch.relu(self.data.train_inputs.to(now.gram) @ weight + bias)
        test_features = torch.relu(self.data.test_inputs.to(now.gram) @ weight + bias)
        now.gram = now.gram + features @ features.mT
        now.test_gram = now.test_gram + test_features @ features.mT
        now.width = width


class DoubleDescent(TrainingExperiment[DoubleDescentSettings]):
    """A net that grows: its hidden ReLU units are random and fixed, and the layer above them is fitted exactly.

    The fit is the least-squares solution of minimum length, to which gradient descent from 0 would converge; hidden
    units are not trained. 8x8 digits, targets 1 for the class and 0 for the others.

    Step t has the width that `widths` says, and the units of step t - 1 are among those of step t. Measures, of shape
    (K,), computed in float64 and given in float32: `width`; `loss`, half the squared error on the training images,
    summed over classes; `test_loss`, the same on 500 others with real labels; `train_error` and `test_error`, shares
    put to a wrong class; and `weight_norm`, length of the fitted weights.
    """

    name = "double descent"
    title = "Test error against width"
    settings_type = DoubleDescentSettings
    references = (
        "Belkin, Hsu, Ma & Mandal 2019, arXiv 1812.11118 (double descent)",
        "Advani & Saxe 2017, arXiv 1710.03667 (where the peak comes from)",
        "Nakkiran, Venkat, Kakade & Ma 2021, arXiv 2003.01897 (the right ridge penalty removes the peak)",
    )
    training = GrowingFit


def widths(steps: int) -> list[int]:
    """Return the width at each step from 0 to `steps`: 4, then 8 % more, and at least one more, each time."""
    found = [_FIRST_WIDTH]
    for _ in range(steps):
        found.append(max(found[-1] + 1, round(_GROWTH * found[-1])))
    return found


def minimum_norm_fit(gram: Tensor, target: Tensor, rank: int, ridge: Tensor) -> tuple[Tensor, Tensor]:
    """Fit targets y by weights F^T a on features F, of least squares and then of least length, from G = F F^T alone.

    Without a penalty a = G^+ y. With ridge penalty lambda on |F^T a|^2 / 2 beside |y - G a|^2 / (2 N) it is
    (G + N lambda)^-1 y.

    Args:
        gram: G, float64, shape (K, N, N).
        target: y, shape (K, N, C).
        rank: G has no higher rank: the number of features.
        ridge: lambda, shape (K,).

    Returns:
        a, shape (K, N, C), and the length of the weights, shape (K,).
    """
    value, vector = torch.linalg.eigh(gram)
    count = gram.shape[1]
    real = (torch.arange(count, device=gram.device) >= count - rank) & (value > _RELATIVE_CUT * value[:, -1:])
    inverse = torch.where(real, 1 / (value + count * ridge.to(value)[:, None]), 0)
    along = vector.mT @ target
    weight_norm = ((value * inverse.square())[..., None] * along.square()).sum((1, 2)).clamp(min=0).sqrt()
    return vector @ (inverse[..., None] * along), weight_norm


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
