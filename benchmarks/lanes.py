"""What lanes cost: K nets in one tensor program against a plain torch loop, and against the bare matrix products."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable
from typing import Any

import torch
from torch import nn

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork, squared_error
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.divergence.settings import NetSettings

COUNTS = (1, 8, 32, 128)
WIDTH, DEPTH, IMAGES = 32, 2, 200
SIZES = (64, *[WIDTH] * DEPTH, 10)


def measure() -> dict[str, Any]:
    """Microseconds for a lane and step of each way, and their ratios, all in one process and on one thread."""
    torch.set_num_threads(1)
    data = digits_split(IMAGES)
    plain = _microseconds(_plain_loop(data))
    rows = {}
    for count in COUNTS:
        lanes = _microseconds(_lanes(data, count)) / count
        bare = _microseconds(_bare_products(data, count)) / count
        rows[str(count)] = {
            "torch.optim loop, µs": round(plain, 1),
            "lanes, µs": round(lanes, 1),
            "bare matmuls, µs": round(bare, 1),
            "times as fast as the loop": round(plain / lanes, 2),
            "times the bare matmuls": round(lanes / bare, 2),
        }
    return rows


def _plain_loop(data: Any) -> Callable[[], None]:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(SIZES):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    target = torch.nn.functional.one_hot(data.train_labels, 10).float()

    def step() -> None:
        optimizer.zero_grad()
        loss = (model(data.train_inputs) - target).square().sum(1).mean() / 2
        loss.backward()
        optimizer.step()

    return step


def _lanes(data: Any, count: int) -> Callable[[], None]:
    network = DenseNetwork(SIZES, "tanh")
    lanes = Lanes([NetSettings(learning_rate=0.1)] * count)
    optimizer = LaneOptimizer.of(lanes)
    held = [network.initial(lanes.seed, lanes.init_scale)]

    def step() -> None:
        theta = held[0].requires_grad_()
        loss = squared_error(network(theta, data.train_inputs), data.train_labels)
        (gradient,) = torch.autograd.grad(loss.sum(), theta)
        held[0] = theta.detach() + optimizer.update(gradient, Hyperparameters.of(lanes, theta))

    return step


def _bare_products(data: Any, count: int) -> Callable[[], None]:
    """The matrix products that forward and backward need, and nothing else."""
    pairs = list(itertools.pairwise(SIZES))
    draw = torch.Generator().manual_seed(0)
    weights = [torch.randn(count, i, o, generator=draw) for i, o in pairs]
    inputs = [torch.randn(count, IMAGES, i, generator=draw) for i, _ in pairs]
    deltas = [torch.randn(count, IMAGES, o, generator=draw) for _, o in pairs]

    def step() -> None:
        for layer, (x, w, d) in enumerate(zip(inputs, weights, deltas, strict=True)):
            torch.bmm(x, w)
            torch.bmm(x.transpose(1, 2), d)
            if layer:
                torch.bmm(d, w.transpose(1, 2))

    return step


def _microseconds(step: Callable[[], None], seconds: float = 1.0) -> float:
    """Time of one call, the median of five stretches."""
    for _ in range(5):
        step()
    stretches = []
    for _ in range(5):
        begun, calls = time.perf_counter(), 0
        while time.perf_counter() - begun < seconds / 5:
            step()
            calls += 1
        stretches.append((time.perf_counter() - begun) / calls)
    return 1e6 * sorted(stretches)[2]
