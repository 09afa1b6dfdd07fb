"""What each step does to the length of the weights: measured, and undone where the norm is fixed."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.rules import Hyperparameters
from lessons.periodic.sphere import cosine_distance


def stepped(theta: Tensor, update: Tensor, part: slice, lanes: Lanes) -> Tensor:
    """Return theta (K, P) after the update; where the norm is fixed, x is stretched back to the length it had.

    Args:
        theta: Before it.
        update: Shape (K, P).
        part: Where x is in theta.
        lanes: With `fixed_norm`.
    """
    after = theta + update
    if any(lanes.values("fixed_norm")):
        back = theta[:, part].norm(dim=1) / after[:, part].norm(dim=1)
        after[:, part] *= torch.where(lanes.fixed_norm.to(theta) > 0, back, torch.ones_like(back))[:, None]
    return after


def norm_series(x: Tensor, gradient: Tensor, last_direction: Tensor, h: Hyperparameters) -> dict[str, Tensor]:
    """Return what is measured at each step: x and its gradient are (K, S), each value (K,)."""
    norm, gradient_norm = x.norm(dim=1), gradient.norm(dim=1)
    learning_rate, kept = h.learning_rate[:, 0], 1 - (h.learning_rate * h.weight_decay)[:, 0]
    return {
        "norm": norm,
        "gradient_norm": gradient_norm,
        "effective_gradient": gradient_norm * norm,
        "learning_rate": learning_rate,
        "effective_learning_rate": learning_rate / norm**2,
        "cosine_distance": cosine_distance(last_direction, x / norm[:, None]),
        "gradient_force": (learning_rate * gradient_norm) ** 2,
        "decay_force": (1 - kept**2) * norm**2,
    }
