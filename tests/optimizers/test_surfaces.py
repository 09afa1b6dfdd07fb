"""Surfaces: gradient and Hessian are the loss's own, the marked points are what they are called."""

import math

import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.optimizers.net_slice import HIDDEN, IMAGES, directions, net_slice, trained_weights
from lessons.optimizers.race import SURFACES
from lessons.optimizers.settings import RaceSettings
from lessons.optimizers.surfaces import Quadratic, Surface, loss_grid

KAPPAS, ANGLES = [1.0, 20.0, 300.0], [0.0, 35.0, -110.0]
every_surface = pytest.mark.parametrize("name", SURFACES)


def surface_of(name: str, lanes: int = 3) -> Surface:
    if name == "quadratic":
        return Quadratic(*(torch.tensor([v[k % 3] for k in range(lanes)]).double() for v in (KAPPAS, ANGLES)))
    return SURFACES[name](Lanes([RaceSettings()] * lanes))


def points(surface: Surface, count: int, seed: int = 0) -> torch.Tensor:
    """Anywhere in the window, (count, 2)."""
    low, high = torch.tensor(surface.window.low).double(), torch.tensor(surface.window.high).double()
    drawn = torch.rand(count, 2, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)
    return low + (high - low) * drawn


def at(place: tuple[float, float], lanes: int = 3) -> torch.Tensor:
    return torch.tensor([place] * lanes, dtype=torch.float64)


@every_surface
def test_gradient_and_hessian_are_the_derivatives_of_the_loss(name):
    surface = surface_of(name)
    for seed in range(5):
        theta = points(surface, 3, seed)
        for k in range(3):
            alone, own = surface.rows(slice(k, k + 1)), theta[k : k + 1]
            (gradient,) = torch.autograd.functional.jacobian(alone.loss, own)[0]
            hessian = torch.autograd.functional.hessian(lambda t, s=alone: s.loss(t).sum(), own)[0, :, 0]
            torch.testing.assert_close(surface.gradient(theta)[k], gradient, rtol=1e-9, atol=1e-10)
            torch.testing.assert_close(surface.hessian(theta)[k], hessian, rtol=1e-9, atol=1e-9)


@every_surface
def test_loss_and_gradient_are_the_two(name):
    surface = surface_of(name)
    theta = points(surface, 3)
    loss, gradient = surface.loss_and_gradient(theta)
    assert torch.equal(loss, surface.loss(theta))
    assert torch.equal(gradient, surface.gradient(theta))


@every_surface
def test_minima_are_flat_and_curve_up_and_nothing_in_the_window_is_lower(name):
    surface = surface_of(name)
    heights = [surface.loss(at(place)) for place in surface.minima]
    assert heights
    for place in surface.minima:
        assert surface.gradient(at(place)).abs().max() < 1e-12
        assert torch.linalg.eigvalsh(surface.hessian(at(place))).min() > 0
    assert (heights[0] <= torch.stack(heights)).all()
    for lane in range(3):
        _, _, grid = loss_grid(surface, lane)
        assert grid.min() >= heights[0][lane]


@pytest.mark.parametrize("name", ["Beale", "saddle", "two minima"])
def test_saddles_are_flat_and_curve_both_ways(name):
    surface = surface_of(name)
    (place,) = surface.saddles
    assert surface.gradient(at(place)).abs().max() < 1e-12
    low, high = torch.linalg.eigvalsh(surface.hessian(at(place)))[0]
    assert low < 0 < high


@every_surface
def test_the_start_lies_in_the_window_and_is_no_rest(name):
    surface = surface_of(name)
    for low, x, high in zip(surface.window.low, surface.start, surface.window.high, strict=True):
        assert low < x < high
    assert surface.gradient(at(surface.start)).norm(dim=1).min() > 0.01


@every_surface
@pytest.mark.parametrize("lane", [0, 2])
def test_the_grid_is_the_loss_row_by_row(name, lane):
    surface = surface_of(name)
    first, second, grid = loss_grid(surface, lane, points=9)
    assert (first[0], second[-1]) == (surface.window.low[0], surface.window.high[1])
    for j, i in ((0, 0), (3, 7), (8, 2)):
        there = at((first[i].item(), second[j].item()))
        torch.testing.assert_close(grid[j, i], surface.loss(there)[lane], rtol=1e-12, atol=1e-12)


def test_the_quadratic_has_the_condition_number_and_is_turned_by_the_angle():
    hessian = surface_of("quadratic").hessian(at((0.0, 0.0)))
    for k, angle in enumerate(ANGLES):
        turn = math.radians(angle)
        steep = torch.tensor([math.cos(turn), math.sin(turn)], dtype=torch.float64)
        torch.testing.assert_close(hessian[k] @ steep, steep)
        torch.testing.assert_close(torch.linalg.eigvalsh(hessian[k])[0].item(), 1 / KAPPAS[k])


def test_the_two_minima_differ_in_depth_and_the_marked_heights_are_theirs():
    surface = surface_of("two minima", 1)
    deep, shallow = (surface.loss(at(place, 1)).item() for place in surface.minima)
    assert deep == pytest.approx(0, abs=1e-12)
    assert shallow == pytest.approx(0.6, abs=0.01)


def test_the_slice_is_the_loss_of_a_plain_torch_net_at_those_weights():
    data, surface = digits_split(IMAGES), net_slice()
    for x, y in ((0.0, 0.0), (-1.1, 1.1), (0.7, -0.2)):
        weights = trained_weights() + x * directions()[0] + y * directions()[1]
        model = torch.nn.Sequential(torch.nn.Linear(64, HIDDEN), torch.nn.Tanh(), torch.nn.Linear(HIDDEN, 10)).double()
        sizes = [64 * HIDDEN, HIDDEN, HIDDEN * 10, 10]
        first, bias, second, bias_2 = weights.split(sizes)
        model[0].weight.data, model[0].bias.data = first.view(64, HIDDEN).T, bias
        model[2].weight.data, model[2].bias.data = second.view(HIDDEN, 10).T, bias_2
        expected = torch.nn.functional.cross_entropy(model(data.train_inputs.double()), data.train_labels)
        torch.testing.assert_close(surface.loss(at((x, y), 1))[0], expected.detach(), rtol=1e-10, atol=1e-12)


def test_the_slice_goes_through_trained_weights_along_filter_normalised_directions():
    assert net_slice().loss(at((0.0, 0.0), 1)).item() < 0.01
    weights, along = trained_weights()[: 64 * HIDDEN].view(64, HIDDEN), directions()[:, : 64 * HIDDEN]
    for direction in along:
        torch.testing.assert_close(direction.view(64, HIDDEN).norm(dim=0), weights.norm(dim=0))
    one, other = directions()
    assert abs(torch.cosine_similarity(one, other, dim=0)) < 4 / math.sqrt(len(one))
