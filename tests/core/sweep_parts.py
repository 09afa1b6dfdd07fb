"""A small sweep, and reductions that go wrong; in a module of their own, because workers import them."""

import os
import signal
import time
from collections.abc import Iterator, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.core.sweeps.sweep import Sweep
from lessons.core.sweeps.sweep_results import SweepResults
from lessons.core.sweeps.sweep_task import final
from lessons.divergence.net import Net

SMALL = {"width": 8, "train_size": 100, "steps": 60, "sharpness_every": 30}
CELLS = 10
ODD = 3  # the seed of the cell with which something is wrong
losses = partial(final, names=("loss", "sharpness"))


def small_sweep(reduce=losses, lanes_per_task: int = 2, cells: int = CELLS, **common: Any) -> Sweep:
    """Nets that differ in learning rate and seed; `ODD` is the seed of one."""
    own = [{**SMALL, **common, "seed": seed, "learning_rate": 0.1 + 0.02 * seed} for seed in range(cells)]
    return Sweep(Net(), own, reduce, [f"seed {seed}" for seed in range(cells)], lanes_per_task)


def bits(results: SweepResults | Mapping[str, np.ndarray]) -> dict[str, bytes]:
    values = results.values if isinstance(results, SweepResults) else results
    return {name: value.tobytes() for name, value in values.items()}


def failing(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, Any]:
    if ODD in lanes.values("seed"):
        raise RuntimeError("boom")
    return losses(lanes, measurements)


def dying(lanes: Lanes, measurements: Iterator[Measurement], once: Path | None = None) -> dict[str, Any]:
    """End the worker process with the odd cell as the kernel does when memory is short; only once, if so asked."""
    next(measurements)
    if ODD in lanes.values("seed") and (once is None or not once.exists()):
        if once is not None:
            once.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return losses(lanes, measurements)


def slow(lanes: Lanes, measurements: Iterator[Measurement], folder: Path, seconds: float) -> dict[str, Any]:
    """Say in a folder which task has begun, and take some time for it."""
    (folder / f"{lanes.names[0]} {time.time_ns()}").touch()
    for _ in range(int(seconds / 0.02)):
        next(measurements)
        time.sleep(0.02)
    return losses(lanes, measurements)


def threads(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, Any]:
    del measurements
    return {"threads": [torch.get_num_threads()] * len(lanes)}


def misshapen(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, Any]:
    return {"loss": losses(lanes, measurements)["loss"][:1]}


def uneven(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, Any]:
    found = losses(lanes, measurements)
    return {**found, "curve": np.zeros((len(lanes), 2 if ODD in lanes.values("seed") else 5))}


class Unreadable(Exception):
    """An exception that cannot be made again from its arguments, as some libraries have them."""

    def __init__(self, one: str, other: str):
        super().__init__(one + other)


def raising_unreadable(lanes: Lanes, measurements: Iterator[Measurement]) -> dict[str, Any]:
    if ODD in lanes.values("seed"):
        raise Unreadable("un", "readable")
    return losses(lanes, measurements)
