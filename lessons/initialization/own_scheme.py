"""A learner's own initialization, as a lane beside the others."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.guard import WAITING, GuardedError, guarded
from lessons.initialization.draws import Layer, standard_normal

WeightFunction = Callable[[Tensor, dict[str, Any], int, int], Tensor]
SECONDS_A_NET = 2.0
_MISSING = "No function of your own was given here; a notebook can give one: own=my_weights."


class OwnScheme:
    """Calls `function(normal, layer, fan_in, fan_out)` for each layer of each of its lanes.

    `normal` holds independent N(0, 1) numbers, those that the other schemes multiply, laid out as the weight of
    `torch.nn.Linear`: shape (fan_out, fan_in). `layer` is a dict with "number" (from 1), "count", and a random
    "generator" of the layer's own. The function returns the weight, of the same shape; it may fill `normal` in place by
    `torch.nn.init`. One that raises, returns something else or takes more than `SECONDS_A_NET` makes its lane NaN, and
    no other. Torch's global random state is what it was, and the function finds it the same each time.

    Attributes:
        failures: Number of a lane that failed -> one sentence.
    """

    def __init__(self, function: WeightFunction | None):
        self._function = function
        self._left: dict[int, float] = {}
        self.failures: dict[int, str] = {}

    def weights(self, lanes: Sequence[int], seeds: Tensor, layer: Layer) -> Tensor:
        """Return the weights of some lanes, shape (len(lanes), fan_in, fan_out).

        Args:
            lanes: Their numbers.
            seeds: Their seeds.
            layer: Which layer; with its number 1 a net begins, and with it the time that it may take.
        """
        normal = standard_normal(seeds, layer).transpose(1, 2)
        return torch.stack(
            [self._lane(lane, int(seed), drawn, layer) for lane, seed, drawn in zip(lanes, seeds, normal, strict=True)]
        )

    @torch.no_grad()
    def _lane(self, lane: int, seed: int, normal: Tensor, layer: Layer) -> Tensor:
        if layer.number == 1:
            self._left[lane] = SECONDS_A_NET
        if lane not in self.failures:
            try:
                return _checked(self._called(lane, seed, normal, layer), normal).T
            except GuardedError as failure:
                self.failures[lane] = str(failure)
        return torch.full_like(normal.T, torch.nan)

    def _called(self, lane: int, seed: int, normal: Tensor, layer: Layer) -> Any:
        if self._function is None:
            raise GuardedError(_MISSING)
        source = generator(seed, f"own {layer.stream}")
        told = {"number": layer.number, "count": layer.count, "generator": source}
        arguments = (normal.clone(memory_format=torch.contiguous_format), told, layer.fan_in, layer.fan_out)
        worked, begun = time.thread_time(), time.perf_counter()
        with torch.random.fork_rng(devices=[]):
            torch.default_generator.set_state(source.get_state())
            said = f"{SECONDS_A_NET:g} s for the layers of one net"
            weight = guarded(self._function, *arguments, seconds=self._left[lane], said=said)
        used = max(time.thread_time() - worked, (time.perf_counter() - begun) / WAITING)
        self._left[lane] = max(self._left[lane] - used, 0.01)
        return weight


def _checked(weight: Any, normal: Tensor) -> Tensor:
    if not isinstance(weight, Tensor):
        raise GuardedError(f"Your function must return a tensor of weights; it returned a {type(weight).__name__}.")
    if weight.shape != normal.shape:
        shapes = f"(fan_out, fan_in) = {tuple(normal.shape)}; it returned {tuple(weight.shape)}"
        raise GuardedError(f"Your function must return weights of shape {shapes}.")
    if weight.is_complex() or not weight.isfinite().all():
        raise GuardedError("Your function must return weights that are finite real numbers.")
    return weight.detach().to(normal)
