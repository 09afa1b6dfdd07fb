"""The net of lesson 2: its batches, what it measures, its states; against torch.nn and torch.optim."""

import copy
import itertools

import numpy as np
import pytest
import torch

from lessons.core.batches import EpochBatches
from lessons.core.data.digits import digits_split
from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from lessons.schedules.net import ScheduledNet
from lessons.schedules.schedules import SCHEDULES, planned_shares
from lessons.schedules.settings import ScheduledNetSettings

SMALL = {"width": 8, "depth": 1, "train_size": 60, "batch_size": 16, "sharpness_every": 7, "init_scale": 0.5}
SHAPE = {"horizon": 60, "period": 20, "period_growth": 2, "patience": 3, "smoothing": 0.8, "steps": 70}


def every_schedule(**values) -> list[ScheduledNetSettings]:
    common = {"learning_rate": 0.1, **SMALL, **SHAPE, **values}
    return [ScheduledNetSettings(schedule=name, **common) for name in SCHEDULES]


def test_an_epoch_takes_each_image_once_and_the_next_takes_another_order():
    data = digits_split(60)
    batches = EpochBatches(torch.tensor([0]), 16, data)
    drawn = [batches.at(step) for step in range(6)]  # three batches of 16 make an epoch, 12 images are left out
    for epoch in (drawn[:3], drawn[3:]):
        inputs = torch.cat([inputs for inputs, _ in epoch])
        assert len(inputs.unique(dim=0)) == len(inputs) == 48
    assert not torch.equal(drawn[0][0], drawn[3][0])
    order = torch.randperm(60, generator=generator(0, "epoch 1"))
    for number, (inputs, labels) in enumerate(drawn[3:]):
        rows = order[16 * number : 16 * number + 16]
        assert torch.equal(inputs, data.train_inputs[rows])
        assert torch.equal(labels, data.train_labels[rows])


def test_lanes_of_one_seed_see_the_same_batches_and_others_do_not():
    inputs, _ = EpochBatches(torch.tensor([1, 2, 1]), 16, digits_split(60)).at(4)
    assert torch.equal(inputs[0], inputs[2])
    assert not torch.equal(inputs[0], inputs[1])


def test_batches_can_be_asked_for_at_any_step():
    forwards, any_order = (EpochBatches(torch.tensor([3, 4]), 16, digits_split(60)) for _ in range(2))
    expected = {step: forwards.at(step)[0] for step in range(12)}
    for step in (11, 0, 5, 5, 2):
        assert torch.equal(any_order.at(step)[0], expected[step])


def test_in_full_batches_at_a_constant_rate_it_is_the_net_of_lesson_3(history_of):
    common = {"learning_rate": 0.1, "train_size": 60, "init_scale": 0.7, "width": 8, "steps": 60, "seed": 5}
    ours = history_of(ScheduledNet(), [ScheduledNetSettings(batch_size=1200, sharpness_every=10, **common)])
    theirs = history_of(Net(), [NetSettings(sharpness_every=10, **common)])
    np.testing.assert_allclose(ours["loss"], theirs["loss"], rtol=1e-4)
    np.testing.assert_allclose(ours["train_loss"][::10], theirs["loss"][::10], rtol=1e-4)
    np.testing.assert_allclose(ours["sharpness"], theirs["sharpness"], rtol=1e-2)
    np.testing.assert_array_equal(ours["test_accuracy"][0], theirs["test_accuracy"][0])


@pytest.mark.claim(10)
def test_learning_rate_is_the_plan_times_eta_where_the_loss_has_no_say(history_of):
    settings = [own for own in every_schedule() if own.schedule != "divide when stuck"]
    history = history_of(ScheduledNet(), settings)
    np.testing.assert_array_equal(history["learning_rate"], 0.1 * planned_shares(Lanes(settings)).numpy())
    expected = history["learning_rate"] * history["sharpness"]
    np.testing.assert_allclose(history["eta_lambda"], expected, rtol=1e-6)


def test_what_is_measured_now_and_then_is_missing_in_between(history_of):
    history = history_of(ScheduledNet(), every_schedule()[:2])
    for name in ("sharpness", "eta_lambda", "train_loss", "test_accuracy"):
        np.testing.assert_array_equal(~np.isnan(history[name]).any(1), np.arange(71) % 7 == 0)
    assert (np.diff(history["train_loss"][::7], axis=0) != 0).all()


def test_smoothed_loss_is_the_running_mean_of_the_batch_loss(history_of):
    history = history_of(ScheduledNet(), every_schedule()[:1])
    running = itertools.accumulate(history["loss"][:, 0], lambda mean, loss: 0.8 * mean + 0.2 * loss)
    np.testing.assert_allclose(history["smoothed_loss"][:, 0], list(running), rtol=1e-5)


def test_it_goes_on_from_a_state_as_if_it_had_never_stopped():
    """Under every schedule and every optimizer, with a change in flight before the state and one after it."""
    optimizers = ("gradient descent", "heavy ball", "moving average", "Nesterov", "Adam")
    settings = [
        own.model_copy(update={"optimizer": optimizer, "learning_rate": 0.02})
        for own, optimizer in zip(every_schedule(), itertools.cycle(optimizers), strict=False)
    ]
    run, kept, seen = Run(ScheduledNet(), Lanes(settings)), None, []
    for measurement in run:
        if run.step == 33:
            kept = copy.deepcopy(measurement.state), Lanes(list(run.lanes.settings))
        seen.append(measurement)
        if run.step in (20, 50):
            run.change(0, "learning_rate", 0.03 + run.step / 1000)
    state, lanes = kept
    for measurement in ScheduledNet().resume(lanes, "cpu", state):
        step = measurement.step
        for name, value in measurement.values.items():
            assert torch.equal(value, seen[step][name]), (step, name)
        if step == 50:
            lanes.change(0, "learning_rate", 0.08)
    assert step == 70
