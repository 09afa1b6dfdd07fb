"""L-BFGS: a Newton step with a Hessian guessed from the last few gradients."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.rules.line_search import Search, Trial, strong_wolfe
from lessons.core.rules.rule import Hyperparameters, Objective, Place, Rule

HISTORY = 5
LEAST_CURVATURE = 1e-10
FLAT_GRADIENT, FLAT_SLOPE = 1e-7, 1e-9


class LBFGS(Rule):
    """L-BFGS with a strong Wolfe line search; one update is one search. The learning rate is the first length tried.

    The same path as `torch.optim.LBFGS(max_iter=1, history_size=5, line_search_fn="strong_wolfe")`, whose tolerances
    it has: it rests where the gradient is below 1e-7 or the slope along its direction above -1e-9.

    How far a line search goes depends on what it finds, so the searches themselves run lane by lane; the losses and
    gradients they ask for are computed for all lanes at once.
    """

    name = "L-BFGS"
    equation = (
        r"\theta \leftarrow \theta - t\, B\, g,\; B \approx H^{-1} \text{ from the last } s_i = \Delta\theta_i,"
        r"\; y_i = \Delta g_i;\; t \text{ by line search}"
    )
    reference = "Nocedal & Wright 2006, Numerical Optimization, 2nd ed., algorithms 7.4 and 3.5"
    needs_objective = True

    def __init__(self) -> None:
        self._memory: Memory | None = None
        self._gradient: Tensor | None = None
        self._update: Tensor | None = None

    def update(self, gradient: Tensor, h: Hyperparameters, place: Place | None = None) -> Tensor:
        assert place is not None
        assert place.objective is not None
        first_length = h.learning_rate[:, 0]
        if self._memory is None or self._gradient is None or self._update is None:
            self._memory = Memory(gradient)
            first_length = first_length * (1 / gradient.abs().sum(1)).clamp(max=1.0)
        else:
            self._memory.add(self._update, gradient - self._gradient)
        direction = -self._memory.inverse_hessian_times(gradient)
        self._gradient = gradient
        self._update = _search(place.objective, place, gradient, direction, first_length)[:, None] * direction
        return self._update


class Memory:
    """The last `HISTORY` steps s and gradient differences y of each lane; the oldest first, zero where there are none.

    Args:
        like: A gradient, shape (K, P).
    """

    def __init__(self, like: Tensor):
        self._steps = like.new_zeros(len(like), HISTORY, like.shape[1])
        self._differences = torch.zeros_like(self._steps)
        self._inverse_products = like.new_zeros(len(like), HISTORY)
        self._scale = like.new_ones(len(like), 1)
        self._count = 0

    def add(self, step: Tensor, difference: Tensor) -> None:
        """Remember one pair, both (K, P), in the lanes where the curvature along the step is positive."""
        product = (step * difference).sum(1, keepdim=True)
        kept = product > LEAST_CURVATURE
        inverse = torch.where(kept, 1 / product, 0.0)
        self._steps = _pushed(self._steps, step, kept[..., None])
        self._differences = _pushed(self._differences, difference, kept[..., None])
        self._inverse_products = _pushed(self._inverse_products, inverse[:, 0], kept)
        self._scale = torch.where(kept, product / difference.square().sum(1, keepdim=True), self._scale)
        self._count = min(self._count + 1, HISTORY)

    def inverse_hessian_times(self, gradient: Tensor) -> Tensor:
        """Return B g, shape (K, P), by the two-loop recursion."""
        product, weights = gradient, {}
        newest_first = range(HISTORY - 1, HISTORY - 1 - self._count, -1)
        for i in newest_first:
            weights[i] = self._inverse_products[:, i, None] * (self._steps[:, i] * product).sum(1, keepdim=True)
            product = product - weights[i] * self._differences[:, i]
        product = self._scale * product
        for i in reversed(newest_first):
            back = self._inverse_products[:, i, None] * (self._differences[:, i] * product).sum(1, keepdim=True)
            product = product + (weights[i] - back) * self._steps[:, i]
        return product


def _pushed(held: Tensor, newest: Tensor, where: Tensor) -> Tensor:
    """Drop the oldest entry and append the newest, in some lanes."""
    return torch.where(where, torch.cat([held[:, 1:], newest[:, None]], 1), held)


def _search(objective: Objective, place: Place, start: Tensor, direction: Tensor, first_length: Tensor) -> Tensor:
    """Return the length to go in each lane, shape (K,); 0 where it rests or the numbers have ended.

    `start` is the gradient at the place, shape (K, P).
    """
    slope = (start * direction).sum(1)
    moving = (slope <= -FLAT_SLOPE) & (start.abs().amax(1) > FLAT_GRADIENT)
    lengths = torch.zeros_like(slope)
    sizes, firsts = direction.abs().amax(1).tolist(), first_length.tolist()
    origins = [Trial(0.0, loss, along) for loss, along in zip(place.loss.tolist(), slope.tolist(), strict=True)]
    searches = {k: strong_wolfe(origins[k], firsts[k], sizes[k]) for k in moving.nonzero()[:, 0].tolist()}
    for lane, search in searches.items():
        lengths[lane] = next(search)
    while searches:
        loss, gradient = objective.loss_and_gradient(place.theta + lengths[:, None] * direction)
        seen = list(zip(lengths.tolist(), loss.tolist(), (gradient * direction).sum(1).tolist(), strict=True))
        for lane in list(searches):
            lengths[lane] = _next_length(searches, lane, Trial(*seen[lane]))
    return lengths


def _next_length(searches: dict[int, Search], lane: int, trial: Trial) -> float:
    """Go on with one lane's search; where it ends, take it off the list."""
    try:
        return searches[lane].send(trial)
    except StopIteration as end:
        del searches[lane]
        length: float = end.value
        return length
