"""Claim 2 on real nets: each optimizer trains as torch.nn and torch.optim do; the batch size sets the noise."""

import numpy as np
import pytest
import torch

from lessons.core.batches import FreshBatches
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.optimizers.classifier import Classifier, grid_axis, training_data
from lessons.optimizers.settings import ClassifierSettings
from tests.optimizers.closed_forms import batch_variance
from tests.optimizers.references import GRADIENT_OPTIMIZERS

SMALL = {"width": 7, "train_size": 60, "batch_size": 16, "measure_every": 5, "steps": 40, "seed": 5}
HYPER = {"momentum": 0.8, "beta_2": 0.95, "weight_decay": 0.3}
# Slow enough that 40 steps magnify float32 rounding by less than the tolerance.
RATES = {"gradient descent": 0.1, "heavy ball": 0.03, "moving average": 0.1, "Nesterov": 0.03}
POINTS = ["moons", "circles", "spirals", "xor"]
MODULES = {"tanh": torch.nn.Tanh, "relu": torch.nn.ReLU}


def settings(optimizer: str, **values) -> ClassifierSettings:
    rate = RATES.get(optimizer, 0.003)
    return ClassifierSettings(**{"optimizer": optimizer, "learning_rate": rate, **HYPER, **SMALL, **values})


def sizes(lane: ClassifierSettings) -> tuple[int, ...]:
    ends = (64, 10) if lane.data == "digits" else (2, 2)
    return (ends[0], *[lane.width] * lane.depth, ends[1])


def model_of(lane: ClassifierSettings) -> torch.nn.Sequential:
    """The same net at its start, in plain torch.nn."""
    lanes, network = Lanes([lane]), DenseNetwork(sizes(lane), lane.activation)
    modules = []
    for weight, bias in network.layers(network.initial(lanes.seed, lanes.init_scale)):
        linear = torch.nn.Linear(*weight.shape[1:])
        linear.weight.data, linear.bias.data = weight[0].T.clone(), bias[0, 0].clone()
        modules += [linear, MODULES[lane.activation]()]
    return torch.nn.Sequential(*modules[:-1])


def reference(lane: ClassifierSettings) -> tuple[np.ndarray, torch.nn.Sequential]:
    """Batch losses of torch.nn and torch.optim, and the net after the last update."""
    model, data = model_of(lane), training_data(lane)
    optimizer, losses = GRADIENT_OPTIMIZERS[lane.optimizer](model.parameters(), lane), []
    for step in range(lane.steps + 1):
        inputs, labels, _ = FreshBatches(Lanes([lane]), data).at(step)
        loss = torch.nn.functional.cross_entropy(model(inputs), labels)
        losses.append(loss.item())
        if step < lane.steps:
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return np.array(losses), model


@pytest.mark.claim(2)
@pytest.mark.parametrize("optimizer", GRADIENT_OPTIMIZERS)
@pytest.mark.parametrize(
    "values",
    [{}, {"data": "moons", "activation": "relu", "depth": 2}, {"batch_size": 1000}],
    ids=["digits", "moons", "full batch"],
)
def test_losses_are_those_of_torch_nn_and_torch_optim(history_of, optimizer, values):
    lane = settings(optimizer, **values)
    history, (expected, model) = history_of(Classifier(), [lane]), reference(lane)
    data = training_data(lane)
    np.testing.assert_allclose(history["loss"][:, 0], expected, rtol=2e-3)
    with torch.no_grad():
        whole = torch.nn.functional.cross_entropy(model(data.train_inputs), data.train_labels).item()
        right = (model(data.test_inputs).argmax(1) == data.test_labels).float().mean().item()
    assert history["train_loss"][-1, 0] == pytest.approx(whole, rel=2e-3)
    assert history["test_accuracy"][-1, 0] == pytest.approx(right, abs=0.005)
    assert history["train_loss"][-1, 0] < 0.99 * history["train_loss"][0, 0]


@pytest.mark.claim(2)
def test_a_batch_gradient_has_the_variance_of_its_size(history_of):
    """(1/b) (N - b) / (N - 1) times that of single examples, none for the full batch.

    The gradient of (theta - x)^2 / 2 is theta - x: the mean of a batch's inputs stands for it. Over 4000 batches the
    sample variance has relative standard error sqrt(2 / 4000); allowed are four.
    """
    lanes = [settings("gradient descent", train_size=100, data="moons", batch_size=b) for b in (1, 4, 25, 99, 100)]
    data = training_data(lanes[0])
    batches, x = FreshBatches(Lanes(lanes), data), data.train_inputs[:, 0].double()
    means = []
    for step in range(4000):
        inputs, _, weight = batches.at(step)
        means.append((weight * inputs[..., 0]).sum(1))
    measured = torch.stack(means).double().var(0, correction=0)
    for k, lane in enumerate(lanes):
        expected = batch_variance(x.var(correction=0), lane.batch_size, 100).item()
        assert measured[k].item() == pytest.approx(expected, rel=4 * (2 / 4000) ** 0.5, abs=1e-12)


@pytest.mark.claim(2)
def test_smaller_batches_leave_a_noisier_loss_at_one_learning_rate(history_of):
    """The full batch goes down smoothly, one example at a time does not settle."""
    lanes = [
        settings("gradient descent", batch_size=b, steps=300, learning_rate=0.3, train_size=200) for b in (1, 8, 200)
    ]
    loss = history_of(Classifier(), lanes)["loss"][150:]
    noise = np.abs(np.diff(loss, axis=0)).mean(0)
    assert noise[0] > 2 * noise[1] > 4 * noise[2]


def test_lanes_of_one_seed_start_alike_and_take_the_same_examples():
    lanes = Lanes([settings("Adam", batch_size=b, seed=s) for b, s in ((4, 1), (9, 1), (9, 2))])
    batches = FreshBatches(lanes, training_data(lanes.shared))
    for step in (0, 1, 7):
        inputs, labels, weight = batches.at(step)
        assert torch.equal(inputs[0], inputs[1])
        assert not torch.equal(inputs[0], inputs[2])
        assert labels.shape == (3, 9)
        torch.testing.assert_close(weight.sum(1), torch.ones(3))
        assert (weight > 0).sum(1).tolist() == [4, 9, 9]
        assert torch.equal(batches.at(step)[0], inputs)
        assert len(inputs[2].unique(dim=0)) == 9


def test_a_full_batch_lane_measures_the_whole_training_loss(history_of):
    history = history_of(Classifier(), [settings("Adam", batch_size=b) for b in (1200, 60, 16)])
    np.testing.assert_allclose(history["loss"][::5, :2], history["train_loss"][::5, :2], rtol=1e-5)
    assert (history["loss"][::5, 2] != history["train_loss"][::5, 2]).all()


def test_between_two_measurements_there_is_none(history_of):
    history = history_of(Classifier(), [settings("Adam")])
    for name in ("train_loss", "train_accuracy", "test_accuracy"):
        np.testing.assert_array_equal(~np.isnan(history[name][:, 0]), np.arange(41) % 5 == 0)
    assert (np.diff(history["train_loss"][::5, 0]) != 0).all()


@pytest.mark.parametrize("data", POINTS)
def test_probability_is_that_of_the_net_on_the_grid_and_stays_that_of_its_step(data):
    lane = settings("Adam", data=data, steps=6)
    run = Classifier().run(Lanes([lane]))
    first = next(run).snapshots["probability"]
    at_once = first()
    *_, last = run
    assert torch.equal(first(), at_once)
    probability = last.snapshots["probability"]()[0]
    model, axis = reference(lane)[1], grid_axis()
    for j, i in ((0, 0), (10, 50), (60, 3)):
        expected = model(torch.stack([axis[i], axis[j]])[None]).softmax(1)[0, 1]
        torch.testing.assert_close(probability[j, i], expected.detach(), rtol=1e-3, atol=1e-5)
    assert not torch.equal(at_once[0], probability)


def test_digits_have_no_snapshot():
    assert next(Classifier().run(Lanes([settings("Adam")]))).snapshots == {}


@pytest.mark.parametrize(("data", "accuracy"), [("digits", 0.93), ("moons", 0.98), ("circles", 0.97), ("xor", 0.98)])
def test_it_learns(history_of, data, accuracy):
    lane = ClassifierSettings(data=data, optimizer="Adam", steps=300, train_size=400)
    assert history_of(Classifier(), [lane])["test_accuracy"][-1, 0] > accuracy
