"""The labs of lesson 5."""

import numpy as np
from lab_case import LabCase, Shown, curves

from lessons.core.other_seeds import of_other_seeds
from lessons.normalization.stability import largest_stable_rates
from widgets.lab.lab import Lab
from widgets.labs.normalization.net_view import RECENT
from widgets.labs.normalization.stability import KINDS, RATES

SMALL_NET = {"width": 4, "depth": 2, "train_size": 40, "batch_size": 10, "steps": 12, "measure_every": 3}


def left_and_steps(lab: Lab) -> list[Shown]:
    """The share of the loss that is left at each step; a dot at kappa and the steps taken, once a lane is there."""
    last = {name: lab.history[name][-1].tolist() for name in ("condition_number", "iterations", "excess")}
    there = [
        Shown(2, lane, [last["condition_number"][lane]], [last["iterations"][lane]])
        for lane, excess in enumerate(last["excess"])
        if excess <= 1e-6
    ]
    return [*curves("excess", "excess")(lab), *there]


def gaps_and_running_means(lab: Lab) -> list[Shown]:
    """Training less evaluation, of all lanes; the running mean of the first lane's channel, which has batch norm."""
    steps, means = list(range(len(lab.history))), lab.history["running_mean"].astype(float)
    return [*curves("gap", "loss")(lab), Shown(2, 0, steps, means[:, 0, 0].tolist())]


def loss_over_the_rate(lab: Lab) -> list[Shown]:
    """Of each normalization the last losses over the learning rate; and the largest rate at which it has learned."""
    lanes, found = lab.run.lanes, largest_stable_rates(lab.run.lanes, lab.history["loss"])
    rates = lanes.learning_rate[:RATES].tolist()
    lines = [
        Shown(0, number, rates, [None if np.isnan(value) else value for value in each.final_loss.tolist()])
        for number, each in enumerate(found.values())
    ]
    ends = [(each.largest, each.well) for each in found.values()]
    bars = [
        Shown(1, shade * len(KINDS) + number, [float(number)], [None if np.isnan(value) else value])
        for number, each in enumerate(ends)
        for shade, value in enumerate(each)
    ]
    return [*lines, *bars]


def losses_and_sharpness(lab: Lab) -> list[Shown]:
    """Loss at each step, sharpness where it is measured."""
    return [*curves()(lab), *curves("sharpness", "sharpness", lab.run.lanes.shared.sharpness_every)(lab)]


def losses_and_shift(lab: Lab) -> list[Shown]:
    """Loss at each step; the mean shift of the layers over the step, and of each layer, with a gap where it is 0."""
    shift, every = lab.history["shift"].astype(float), lab.run.lanes.shared.measure_every
    steps = list(range(0, len(shift), every))
    layers = list(range(2, 2 + shift.shape[2]))
    lanes = range(shift.shape[1])
    over = [Shown(1, lane, steps, shift[steps, lane].mean(1).tolist()) for lane in lanes]
    means = shift[steps[1:]].mean(0)
    newest = [[value if value > 0 else None for value in means[lane].tolist()] for lane in lanes]
    return [*curves()(lab), *over, *(Shown(3, lane, layers, values) for lane, values in enumerate(newest))]


def accuracies_and_gaps(lab: Lab) -> list[Shown]:
    """Test accuracy and the gap between training and evaluation where they are measured, loss at each step."""
    every = lab.run.lanes.shared.measure_every
    measured = [*curves("accuracy", "test_accuracy", every)(lab), *curves("gap", "mode_gap", every)(lab)]
    return [*measured, *curves()(lab)]


def losses_and_errors(lab: Lab) -> list[Shown]:
    """Loss at each step, and the error on each kind of test images where it is measured."""
    every = lab.run.lanes.shared.measure_every
    errors = [curves(name, f"{name}_error", every)(lab) for name in ("test", "contrast", "brightness")]
    return [*curves()(lab), *(shown for each in errors for shown in each)]


def draws_of_each(lab: Lab) -> list[Shown]:
    """Of each lane four draws behind, and its own in front: the loss as the mean of the last batches."""
    own, behind = (lab.history[name].astype(float) for name in ("loss", of_other_seeds("loss")))
    loss = np.concatenate([behind.reshape(len(own), -1), own], axis=1)
    windows = [slice(max(0, t + 1 - RECENT), t + 1) for t in range(len(loss))]
    means = [[float(loss[window, k].mean()) for window in windows] for k in range(loss.shape[1])]
    return [Shown(0, trace, list(range(len(loss))), each) for trace, each in enumerate(means)]


CASES = {
    "conditioning": LabCase(
        {"steps": 30, "train_size": 50},
        hot=("relative_rate", 0.8),
        drawn=left_and_steps,
    ),
    "tensor": LabCase({"steps": 6}, hot=("momentum", 0.3), drawn=gaps_and_running_means),
    "normalized_net": LabCase(
        {**SMALL_NET, "sharpness_every": 4, "spectrum_every": 100},
        hot=("learning_rate", 0.05),
        drawn=losses_and_sharpness,
    ),
    "stable_rates": LabCase(
        {"width": 4, "depth": 2, "train_size": 40, "batch_size": 10, "steps": 12},
        drawn=loss_over_the_rate,
    ),
    "shift": LabCase(SMALL_NET, hot=("learning_rate", 0.05), drawn=losses_and_shift),
    "five_draws": LabCase(
        SMALL_NET,
        hot=("learning_rate", 0.05),
        drawn=draws_of_each,
    ),
    "instance_norm": LabCase(
        {"width": 2, "train_size": 40, "batch_size": 10, "measure_every": 4, "steps": 12},
        hot=("learning_rate", 0.05),
        drawn=losses_and_errors,
    ),
    "batches": LabCase({**SMALL_NET, "batch_size": 5}, hot=("learning_rate", 0.05), drawn=accuracies_and_gaps),
}
