"""Reading a learning-rate range test: from where to where is a learning rate of use?"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

FIRST_FALL = 0.05


@dataclass(frozen=True)
class UsableRange:
    """The findings of a range test in K lanes, all of shape (K,).

    Attributes:
        low: The first learning rate at which the loss had fallen by `FIRST_FALL` of its start; nan if it never did.
        high: The learning rate at the smallest loss, beyond which it grew.
        high_step: The step at which that was.
    """

    low: np.ndarray
    high: np.ndarray
    high_step: np.ndarray


def usable_range(learning_rate: np.ndarray, loss: np.ndarray) -> UsableRange:
    """Read a range test as Smith 2017, arXiv 1506.01186, section 3.3: where learning begins and where it ends.

    The loss should be smoothed, but not much: a running mean reports a blow-up as many steps late as it remembers.

    Args:
        learning_rate: eta at each step, rising, shape (T, K).
        loss: After as many steps, shape (T, K); what is not finite counts as infinite.
    """
    loss, lanes = np.where(np.isfinite(loss), loss, np.inf), np.arange(loss.shape[1])
    fallen = loss < (1 - FIRST_FALL) * loss[0]
    low = np.where(fallen.any(0), learning_rate[fallen.argmax(0), lanes], np.nan)
    best = loss.argmin(0)
    return UsableRange(low=low, high=learning_rate[best, lanes], high_step=best)
