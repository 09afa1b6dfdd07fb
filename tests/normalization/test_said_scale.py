"""What lesson 5 says of weights three times as large under batch norm."""

import dataclasses

import numpy as np
import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.normalization.nets import NormalizedNets
from lessons.normalization.training_settings import NormalizedNetSettings
from tests.played import played
from widgets.labs.normalization.net import NormalizedNetView
from widgets.labs.normalization.net_questions import WeightsTimesThree

SEEDS = range(5)
RATE, STEPS = 0.1, 40


def nets_and_data():
    """Five nets with batch norm, in float64; where their hidden weights lie."""
    lanes = Lanes([NormalizedNetSettings(normalization="batch", loss="cross-entropy", width=16, seed=s) for s in SEEDS])
    data = digits_split(256)
    data = dataclasses.replace(data, train_inputs=data.train_inputs.double(), test_inputs=data.test_inputs.double())
    nets = NormalizedNets(lanes, data)
    theta = nets.initial().double()
    hidden = torch.zeros_like(theta, dtype=torch.bool)
    for part, (fan_in, fan_out) in list(zip(nets.shape.layer_slices, nets.shape.pairs, strict=True))[:-1]:
        hidden[:, part.start : part.start + fan_in * fan_out] = True
    return nets, theta, hidden


def losses(
    nets: NormalizedNets, theta: torch.Tensor, rates: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor, list[torch.Tensor]]:
    """Each step's losses (STEPS, seeds), the first gradient, and where each step began."""
    memories, found, gradients, places = nets.memories(theta), [], [], []
    for step in range(STEPS):
        loss, gradient, memories = nets.loss_and_gradient(theta, nets.batch(step), memories)
        theta = theta - rates * gradient
        found.append(loss)
        gradients.append(gradient)
        places.append(theta)
    return torch.stack(found), gradients[0], places


@pytest.mark.sentence("l5_effective_rate")
def test_weights_times_three_and_their_rate_times_nine_make_the_same_steps_but_for_epsilon():
    """Hidden weights alone: outputs stay, gradients are a third, and with nine times their rate so is every step."""
    nets, theta, hidden = nets_and_data()
    usual, gradient, _ = losses(nets, theta, torch.tensor(RATE))
    larger = torch.where(hidden, 3 * theta, theta)
    cured, third, _ = losses(nets, larger, torch.where(hidden, 9 * RATE, RATE))
    slow, _, _ = losses(nets, larger, torch.tensor(RATE))
    torch.testing.assert_close(cured[0], usual[0], rtol=1e-3, atol=0)
    for rows, factor in ((hidden, 3.0), (~hidden, 1.0)):
        torch.testing.assert_close(
            factor * third[rows], gradient[rows], rtol=0, atol=2e-3 * float(gradient.abs().max())
        )
    torch.testing.assert_close(cured, usual, rtol=0.02, atol=0)
    assert (slow[-10:].mean(0) > 1.2 * usual[-10:].mean(0)).all()


@pytest.mark.sentence("l5_a_third_as_far")
def test_three_times_all_weights_leave_the_hidden_gradient_about_as_long_for_the_last_layer_passes_on_more():
    """Measured over five seeds: 1.07 of the hidden gradient on average, and 0.36 of the turn; alone 0.33 and 0.11."""
    nets, theta, hidden = nets_and_data()
    memories, every = nets.memories(theta), hidden.clone()
    part, (fan_in, fan_out) = nets.shape.layer_slices[-1], nets.shape.pairs[-1]
    every[:, part.start : part.start + fan_in * fan_out] = True

    def hidden_gradient(start: torch.Tensor) -> torch.Tensor:
        _, gradient, _ = nets.loss_and_gradient(start, nets.batch(0), memories)
        return torch.where(hidden, gradient, 0).norm(dim=1)

    starts = (theta, *(torch.where(which, 3 * theta, theta) for which in (hidden, every)))
    usual, alone, together = map(hidden_gradient, starts)
    torch.testing.assert_close(alone / usual, torch.full_like(usual, 1 / 3), rtol=0.02, atol=0)
    assert ((together / usual > 0.75) & (together / usual < 1.5)).all()


@pytest.mark.sentence("l5_weights_grow")
def test_without_weight_decay_each_step_makes_the_hidden_weights_longer():
    """The gradient is at right angles to the weights of each unit, but for what epsilon leaves."""
    nets, theta, hidden = nets_and_data()
    *_, places = losses(nets, theta, torch.tensor(RATE))
    lengths = torch.stack([torch.where(hidden, place, 0).norm(dim=1) for place in places])
    assert (lengths.diff(dim=0) > 0).all()


@pytest.mark.sentence("l5_three_and_nine")
def test_from_weights_times_three_the_loss_falls_more_slowly_and_nine_times_the_rate_makes_up_for_it():
    """Last 20 losses over five seeds: 0.08 to 0.10 as usual, 0.25 to 0.61 with three times the weights, 0.006 to 0.03
    with nine times the rate as well: the last layer, which is not normalized, takes that rate as it is."""
    play = played(NormalizedNetView, "three times the weights", follow_sharpness=False)
    usual, tripled, cured = np.moveaxis(play["loss"][:, -20:].astype(float).mean(1), 1, 0)
    assert ((usual > 0.07) & (usual < 0.12)).all()
    assert ((tripled > 2 * usual) & (tripled < 0.8)).all()
    assert (cured < 0.7 * usual).all()
    assert (cured < 0.045).all()


def test_the_question_asks_of_the_same_nets():
    question = WeightsTimesThree()
    lanes = question.lanes().settings
    shown = [NormalizedNetView().settings_type.checked(lane) for lane in NormalizedNetView().presets[2].lanes]
    for lane, other in zip(lanes, shown, strict=True):
        assert (lane.init_scale, lane.learning_rate, lane.steps) == (other.init_scale, other.learning_rate, other.steps)
