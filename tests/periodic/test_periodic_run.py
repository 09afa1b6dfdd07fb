"""The experiment as a run: rewinding, hot changes, mini-batches and augmentation."""

import itertools

import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.periodic.experiment import Periodic
from lessons.periodic.inputs import TrainingInputs, shifted
from lessons.periodic.settings import PeriodicSettings

SMALL = {"steps": 90, "train_size": 60, "width": 8, "sharpness_every": 7}
LANES = [
    PeriodicSettings(**SMALL, noise=0.3, batch_size=16),
    PeriodicSettings(**SMALL, optimizer="heavy ball", shift=1, batch_size=16, seed=4),
    PeriodicSettings(**SMALL, trainable_affine=True, learning_rate_decay=0.01, batch_size=16),
]


def test_a_rewound_run_repeats_itself_bit_exact_with_its_changes():
    run, first = Run(Periodic(), Lanes(LANES)), []
    for measurement in itertools.islice(run, 80):
        first.append({name: value.clone() for name, value in measurement.values.items()})
        if measurement.step in (10, 30, 55):
            run.change(0, "fixed_norm", measurement.step == 10)
            run.change(1, "weight_decay", 0.001 * measurement.step)
    again = run.rewound(70)
    assert again.step == 50
    for measurement in itertools.takewhile(lambda m: m.step <= 70, again):
        assert all(torch.equal(value, first[measurement.step][name]) for name, value in measurement.values.items())


@pytest.mark.parametrize("momentum", [None, 0.9])
def test_it_trains_as_torch_optim_does(momentum):
    """The hidden weights with SGD and weight decay, by autograd, in plain torch."""
    rule = {"optimizer": "heavy ball", "momentum": momentum} if momentum else {}
    settings = PeriodicSettings(**{**SMALL, "steps": 15}, weight_decay=0.05, **rule)
    measured = list(Periodic().run(Lanes([settings])))
    state = next(Periodic().run(Lanes([settings]))).state
    hidden, last = 64 * 8 + 8 * 8, state.theta[0, -90:]
    weights = state.theta[0, :hidden].clone().requires_grad_()
    optimizer = torch.optim.SGD([weights], lr=0.5, momentum=momentum or 0.0, weight_decay=0.05)
    data = digits_split(60)
    for measurement in measured:
        out = data.train_inputs
        for weight in (weights[: 64 * 8].view(64, 8), weights[64 * 8 :].view(8, 8)):
            out = torch.relu(torch.nn.functional.batch_norm(out @ weight, None, None, training=True, eps=1e-30))
        loss = torch.nn.functional.cross_entropy(out @ last[:80].view(8, 10) + last[80:], data.train_labels)
        assert loss.item() == pytest.approx(measurement["loss"].item(), rel=2e-3)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


def test_frozen_parts_stay_and_trained_ones_move():
    lanes = [
        PeriodicSettings(**SMALL, trainable_affine=a, trainable_last_layer=b)
        for a in (False, True)
        for b in (False, True)
    ]
    run = Periodic().run(Lanes(lanes))
    start = next(run).state.theta.clone()
    moved = next(itertools.islice(run, 5, None)).state.theta != start
    hidden = 64 * 8 + 8 * 8
    assert moved[:, hidden : hidden + 32].any(1).tolist() == [False, False, True, True]
    assert moved[:, hidden + 32 :].any(1).tolist() == [False, True, False, True]


def test_an_image_is_shifted_by_whole_pixels():
    image = torch.arange(64.0).view(1, 64)
    moved = shifted(image, torch.tensor([[[1, 0]], [[0, -2]], [[-1, 1]], [[0, 0]]]), -1.0).view(4, 8, 8)
    square = image.view(8, 8)
    assert torch.equal(moved[0, :, 1:], square[:, :-1])
    assert (moved[0, :, 0] == -1).all()
    assert torch.equal(moved[1, :-2], square[2:])
    assert (moved[1, -2:] == -1).all()
    assert torch.equal(moved[2, 1:, :-1], square[:-1, 1:])
    assert torch.equal(moved[3], square)


def test_augmentation_is_drawn_anew_at_each_step_from_seed_and_step_alone():
    lanes = Lanes([PeriodicSettings(noise=0.5, shift=1, seed=seed) for seed in (1, 1, 2)])
    data = digits_split(60)
    images = TrainingInputs(lanes, data)
    first, again, later = images.at(3)[0], TrainingInputs(lanes, data).at(3)[0], images.at(4)[0]
    assert torch.equal(first, again)
    assert torch.equal(first[0], first[1])
    assert not torch.equal(first[0], first[2])
    assert not torch.equal(first, later)


def test_noise_has_its_deviation_and_a_lane_without_noise_sees_the_images():
    data = digits_split(1000)
    lanes = Lanes([PeriodicSettings(noise=noise, train_size=1000) for noise in (0.0, 0.4)])
    seen, labels = TrainingInputs(lanes, data).at(0)
    assert torch.equal(seen[0], data.train_inputs)
    assert float((seen[1] - data.train_inputs).std()) == pytest.approx(0.4, rel=0.02)
    assert torch.equal(labels, data.train_labels)


def test_shifts_are_uniform_over_all_allowed_pixels():
    lanes = Lanes([PeriodicSettings(shift=2)])
    offsets = TrainingInputs(lanes, digits_split(60))._draw_offsets(0, 5000)[0]
    shares = torch.stack([(offsets == pixel).float().mean(0) for pixel in range(-2, 3)])
    assert (shares - 0.2).abs().max() < 0.03


def test_mini_batches_are_used_when_asked_for():
    lanes = Lanes([PeriodicSettings(batch_size=16, train_size=60)])
    inputs, labels = TrainingInputs(lanes, digits_split(60)).at(0)
    assert inputs.shape == (16, 64)
    assert labels.shape == (16,)
