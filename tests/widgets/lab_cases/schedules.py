"""The labs of lesson 2."""

from lab_case import LabCase, Shown, cloud, curves

from widgets.lab.lab import Lab
from widgets.labs.schedules.floor import FloorView
from widgets.labs.schedules.net import ScheduledNetView
from widgets.labs.schedules.noisy import NoisyView
from widgets.labs.schedules.rate_range import RangeTestView
from widgets.labs.schedules.seeds import ScheduleSeedsView

TINY_NET = {"width": 2, "depth": 1, "train_size": 20, "batch_size": 5, "sharpness_every": 5, "horizon": 12}


def floors(lab: Lab) -> list[Shown]:
    """The mean loss of the second half of each run against its learning rate."""
    loss = lab.history["loss"].astype(float)
    return [Shown(0, 0, lab.run.lanes.learning_rate.tolist(), loss[len(loss) // 2 :].mean(0).tolist())]


def tested_range(lab: Lab) -> list[Shown]:
    """The smoothed loss against the growing learning rate."""
    history = lab.history
    return [Shown(0, 0, history["learning_rate"][:, 0].tolist(), history["smoothed_loss"][:, 0].tolist())]


CASES = {
    "noisy_quadratic": LabCase(NoisyView, {"steps": 30, "horizon": 30, "replicas": 2}, hot=("learning_rate", 0.11)),
    "noise_floor": LabCase(FloorView, {"steps": 50, "replicas": 2}, sweep=True, drawn=floors),
    "scheduled_net": LabCase(
        ScheduledNetView,
        {**TINY_NET, "steps": 12},
        hot=("learning_rate", 0.03),
        drawn=curves("loss", "smoothed_loss", 1),
    ),
    "range_test": LabCase(RangeTestView, {**TINY_NET, "steps": 12}, hot=("learning_rate", 0.03), drawn=tested_range),
    "schedule_seeds": LabCase(ScheduleSeedsView, {**TINY_NET, "steps": 6}, sweep=True, drawn=cloud),
}
