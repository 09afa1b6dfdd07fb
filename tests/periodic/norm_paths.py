"""The norm step by step, by the closed form of one step."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike

from lessons.periodic.theory import next_norm


def norm_path(
    norm: ArrayLike, effective_gradients: np.ndarray, learning_rate: ArrayLike, weight_decay: ArrayLike
) -> np.ndarray:
    """Return rho at each step from the effective gradients at each step: shape (T, ...) gives (T + 1, ...)."""
    path = [np.broadcast_to(np.asarray(norm, float), effective_gradients.shape[1:])]
    for effective_gradient in effective_gradients:
        path.append(next_norm(path[-1], effective_gradient, learning_rate, weight_decay))
    return np.stack(path)
