"""Points in the plane: the shapes they are named after, the noise asked for, the same sample each time."""

import math

import pytest
import torch

from lessons.core.data.point_sets import POINT_SETS, WINDOW, draw_points, points_split

every_set = pytest.mark.parametrize("name", POINT_SETS)


@every_set
def test_the_same_points_each_time_and_others_for_testing(name):
    split = points_split(name, 200, 0.1, 100)
    points_split.cache_clear()
    again = points_split(name, 200, 0.1, 100)
    assert torch.equal(split.train_inputs, again.train_inputs)
    assert torch.equal(split.test_labels, again.test_labels)
    assert not torch.equal(split.train_inputs[:100], split.test_inputs)
    assert (split.train_inputs.shape, split.train_inputs.dtype) == ((200, 2), torch.float32)
    assert split.test_inputs.shape == (100, 2)


@every_set
def test_the_two_classes_are_equally_likely_and_lie_about_the_origin(name):
    """4000 draws: the share has standard error 0.008, a coordinate's mean at most 0.02; allowed are four."""
    points, labels = draw_points(name, 4000, 0.1, "test")
    assert labels.unique().tolist() == [0, 1]
    assert abs(labels.double().mean() - 0.5) < 4 * 0.008
    assert points.mean(0).abs().max() < 4 * 0.02


@every_set
def test_the_window_holds_the_points(name):
    points, _ = draw_points(name, 4000, 0.0, "test")
    assert points.abs().max() < WINDOW
    assert points.abs().amax(0).min() > 0.7


@every_set
@pytest.mark.parametrize("noise", [0.05, 0.3])
def test_noise_has_its_deviation_in_each_coordinate(name, noise):
    """Over n draws the sample deviation has relative standard error 1 / sqrt(2 n); allowed are four."""
    moved = draw_points(name, 4000, noise, "test")[0] - draw_points(name, 4000, 0.0, "test")[0]
    assert moved.std(0).tolist() == pytest.approx([noise] * 2, rel=4 / math.sqrt(8000))
    assert abs(torch.corrcoef(moved.T)[0, 1]) < 4 / math.sqrt(4000)


def test_circles_are_rings_of_two_radii():
    points, labels = draw_points("circles", 500, 0.0, "test")
    expected = torch.where(labels == 0, 1.2, 0.5)
    torch.testing.assert_close(points.norm(dim=1), expected)


def test_moons_are_half_circles_that_a_half_turn_swaps():
    points, labels = draw_points("moons", 500, 0.0, "test")
    upper = torch.where(labels[:, None] == 0, points, -points) + torch.tensor([0.5, 0.25])
    torch.testing.assert_close(upper.norm(dim=1), torch.ones(500))
    assert upper[:, 1].min() >= 0


def test_xor_has_the_product_of_signs_as_its_class():
    points, labels = draw_points("xor", 500, 0.0, "test")
    assert torch.equal(points.prod(1) < 0, labels == 1)
    assert torch.equal(points.abs(), torch.full((500, 2), 0.8))


def test_spirals_are_two_arms_of_one_and_a_half_turns_half_a_turn_apart():
    points, labels = draw_points("spirals", 500, 0.0, "test")
    place = (points.norm(dim=1) - 0.1) / 1.3
    angle = 3 * math.pi * place + math.pi * labels
    torch.testing.assert_close(points, points.norm(dim=1)[:, None] * torch.stack([angle.cos(), angle.sin()], 1))
    assert place.max() > 0.95
    assert place.min() < 0.05
