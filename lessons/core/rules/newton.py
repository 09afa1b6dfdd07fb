"""Newton's method."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.rules.rule import Hyperparameters, Place, Rule


class Newton(Rule):
    """Newton's method with the full Hessian, damped: one step on a quadratic if eta = 1 and the damping is 0.

    It solves a linear system with P unknowns at each step: P^3 operations and P^2 numbers, out of reach for large
    nets. Without damping it runs up to a saddle as it runs down to a minimum; damping above c (1 - eta / 2) repels it
    along a direction of curvature -c.
    """

    name = "Newton"
    equation = r"\theta \leftarrow \theta - \eta\,(H + \delta I)^{-1} g"
    reference = "Nocedal & Wright 2006, Numerical Optimization, 2nd ed., section 3.4"
    reads = ("damping",)
    needs_objective = True

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        assert place is not None
        assert place.objective is not None
        identity = torch.eye(place.theta.shape[1]).to(place.theta)
        damping = torch.as_tensor(h.damping).to(place.theta)[..., None]
        damped = place.objective.hessian(place.theta) + damping * identity
        # solve_ex leaves a singular lane to inf and nan where solve would stop all lanes.
        direction, _ = torch.linalg.solve_ex(damped, gradient[..., None])
        return -h.learning_rate * direction[..., 0]
