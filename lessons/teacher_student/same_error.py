"""The same error in training, and what is known of fresh inputs then: it depends on the first weights."""

from __future__ import annotations

import numpy as np

LEVEL = 0.02


def first_below(train: np.ndarray, fresh: np.ndarray, level: float = LEVEL) -> np.ndarray:
    """Return what each net leaves unexplained of fresh inputs when it has come to a level on its training points.

    Between two measurements both are interpolated, in logarithm, so that all nets are compared at one training error.

    Args:
        train: Unexplained share on the training points, shape (T, K), in the order of the measurements.
        fresh: The same on fresh inputs, shape (T, K).
        level: The training error, above 0.

    Returns:
        Shape (K,); NaN for a net that has not come to it.
    """
    is_below = train < level
    row, lanes = is_below.argmax(0), np.arange(train.shape[1])
    before = (np.maximum(row - 1, 0), lanes)
    after = (row, lanes)
    with np.errstate(divide="ignore", invalid="ignore"):
        height = np.log(train[before]) - np.log(train[after])
        part = np.where(row > 0, (np.log(train[before]) - np.log(level)) / height, 1.0)
        found = np.exp(np.log(fresh[before]) + part * (np.log(fresh[after]) - np.log(fresh[before])))
    return np.where(is_below.any(0), found, np.nan)
