"""The labs of lesson 2."""

import numpy as np
from lab_case import LabCase, Shown, cloud, curves

from widgets.lab.lab import Lab

TINY_NET = {"width": 2, "depth": 1, "train_size": 20, "batch_size": 5, "sharpness_every": 5, "horizon": 12}


def floors(lab: Lab) -> list[Shown]:
    """The mean loss of the second half of each run against its learning rate."""
    loss = lab.history["loss"].astype(float)
    return [Shown(0, 0, lab.run.lanes.learning_rate.tolist(), loss[len(loss) // 2 :].mean(0).tolist())]


def tested_range(lab: Lab) -> list[Shown]:
    """The smoothed loss against the growing learning rate."""
    history = lab.history
    return [Shown(0, 0, history["learning_rate"][:, 0].tolist(), history["smoothed_loss"][:, 0].tolist())]


def through(lab: Lab) -> list[Shown]:
    """How many of sixteen nets have not diverged, for each length of the warmup."""
    alive = np.isfinite(lab.history["loss"]).all(0).reshape(-1, 16).sum(1)
    return [Shown(0, 0, [0, 5, 10, 15, 20, 25, 30, 40, 50, 60, 80], alive.tolist())]


CASES = {
    "noisy_quadratic": LabCase({"steps": 30, "horizon": 30, "replicas": 2}, hot=("learning_rate", 0.11)),
    "noise_floor": LabCase({"steps": 50, "replicas": 2}, drawn=floors),
    "scheduled_net": LabCase(
        {**TINY_NET, "steps": 12},
        hot=("learning_rate", 0.03),
        drawn=curves("loss", "smoothed_loss", 1),
    ),
    "range_test": LabCase({**TINY_NET, "steps": 12}, hot=("learning_rate", 0.03), drawn=tested_range),
    "schedule_seeds": LabCase({**TINY_NET, "steps": 6}, drawn=cloud),
    "warmup_length": LabCase({"width": 2, "depth": 1, "train_size": 20, "batch_size": 5, "steps": 6}, drawn=through),
}
