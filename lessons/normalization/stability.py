"""The largest learning rate at which a net with each normalization still trains: lanes, and how they are read."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.spread import Each, Over, crossed, geomspace
from lessons.normalization.normalizers import NormalizationName
from lessons.normalization.training_settings import NormalizedNetSettings

RATES = 24
LEARNED = 0.9  # share of the loss without looking, below which a net has learned something
WELL = 0.05  # share of it, below which a net is well trained
_QUIET = {"follow_shift": False, "follow_sharpness": False}


@dataclass(frozen=True)
class Stability:
    """The outcome of the learning rates of one normalization.

    Attributes:
        rates: Learning rates, smallest first, shape (R,).
        final_loss: Mean of the last tenth of the losses, shape (R,); NaN where it is not finite.
        stable: Which have learned, shape (R,).
        largest: The largest stable learning rate, NaN if there is none: from the one with the smallest final loss
            upwards, the last before the first that is not stable.
        well: The same of those that train well: to a final loss below a twentieth of the loss without looking.
    """

    rates: np.ndarray
    final_loss: np.ndarray
    stable: np.ndarray
    largest: float
    well: float


def stability_lanes(
    kinds: Sequence[NormalizationName], common: dict[str, Any], lowest: float, highest: float, count: int = RATES
) -> Lanes[NormalizedNetSettings]:
    """Return lanes for `NormalizedNet`: each normalization with each of `count` learning rates, spaced in logarithm.

    Args:
        kinds: Normalizations.
        common: The other settings; shift and sharpness are not followed unless they say so.
        lowest: Smallest learning rate.
        highest: Largest.
        count: R.

    Raises:
        SettingError: If not 0 < `lowest` < `highest`, or a setting is not allowed.
    """
    rates = Over("learning_rate", (lowest, highest), count, "η = {:.4g}", geomspace)
    return crossed(NormalizedNetSettings, {**_QUIET, **common}, Each("normalization", kinds)({}), rates({}))


def largest_stable_rates(lanes: Lanes[NormalizedNetSettings], loss: np.ndarray) -> dict[str, Stability]:
    """Return what the lanes of each normalization came to.

    A learning rate is stable if all losses are finite and the last tenth of them have a mean below 0.9 times the loss
    of the best output that does not look at the image. A net whose units have died, or that is thrown about, does not
    get there; one that learns too slowly for the run's length does not either, and counts as not stable.

    Args:
        lanes: As `stability_lanes` gives them.
        loss: All losses so far, shape (T, K).
    """
    kinds, rates = lanes.values("normalization"), lanes.learning_rate.numpy()
    chosen = {kind: np.array([name == kind for name in kinds]) for kind in dict.fromkeys(kinds)}
    guess = loss_without_looking(lanes.shared.loss, lanes.shared.train_size)
    with np.errstate(invalid="ignore", over="ignore"):
        final = loss[-max(1, len(loss) // 10) :].mean(0)
    final = np.where(np.isfinite(loss).all(0), final, np.nan)
    return {kind: _stability(rates[mask], final[mask], guess) for kind, mask in chosen.items()}


def _stability(rates: np.ndarray, final: np.ndarray, guess: float) -> Stability:
    ends = [_largest(rates, final, share * guess) for share in (LEARNED, WELL)]
    return Stability(rates, final, final < LEARNED * guess, *ends)


def _largest(rates: np.ndarray, final: np.ndarray, limit: float) -> float:
    """From the rate with the smallest final loss upwards, the last before the first that is not below a limit."""
    below = final < limit
    if not below.any():
        return math.nan
    best = int(np.nanargmin(final))
    fails = np.flatnonzero(~below[best:])
    last = best + (int(fails[0]) if len(fails) else len(below[best:])) - 1
    return float(rates[last])


def loss_without_looking(loss: str, train_size: int) -> float:
    """Return the smallest training loss of an output that is the same for every image.

    With class shares p it is the entropy of p for the cross-entropy, and (1 - sum of p^2) / 2 for the squared error.
    """
    shares = torch.bincount(digits_split(train_size).train_labels, minlength=10).double() / train_size
    if loss == "squared error":
        return float((1 - shares.square().sum()) / 2)
    return float(torch.special.entr(shares).sum())
