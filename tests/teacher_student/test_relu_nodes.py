"""Closed forms of ReLU nodes on Gaussian inputs against sampling, autograd and special cases."""

import math

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.teacher_student.gradient_structure import gradient_structure
from lessons.teacher_student.overlap import contribution, correlation, effective_number, unexplained, weight_cosine
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import activations, draw_students, student_network
from lessons.teacher_student.teacher import draw_teachers, teacher_network
from lessons.teacher_student.theory import joint_share
from tests.teacher_student.relu_forms import activation_correlation, expected_gradient, expected_pull, relu_product

COSINES = torch.tensor([-1.0, -0.6, 0.0, 0.5, 0.9, 1.0], dtype=torch.float64)
SAMPLES = 400_000


def gaussian(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


@pytest.fixture(scope="module")
def pairs() -> tuple[torch.Tensor, torch.Tensor]:
    """Gaussian pairs (SAMPLES, 6) of each correlation in `COSINES`."""
    one, other = gaussian(SAMPLES, 1), gaussian(SAMPLES, 1, seed=1)
    return one.expand(-1, len(COSINES)), COSINES * one + (1 - COSINES**2).sqrt() * other


def test_product_and_correlation_of_two_relu_nodes_are_those_of_samples(pairs):
    one, other = (each.relu() for each in pairs)
    torch.testing.assert_close(relu_product(COSINES), (one * other).mean(0), rtol=0, atol=0.005)
    sampled = torch.stack([torch.corrcoef(torch.stack(pair))[0, 1] for pair in zip(one.T, other.T, strict=True)])
    torch.testing.assert_close(activation_correlation(COSINES), sampled, rtol=0, atol=0.005)


def test_correlation_is_one_for_the_same_node_and_falls_with_slope_pi_over_pi_minus_one():
    near = torch.tensor([1.0, 0.9999], dtype=torch.float64)
    correlated = activation_correlation(near)
    assert correlated[0] == pytest.approx(1)
    assert (correlated[0] - correlated[1]) / 1e-4 == pytest.approx(math.pi / (math.pi - 1), rel=0.02)
    assert activation_correlation(torch.tensor(0.0)) == pytest.approx(0, abs=1e-7)


@pytest.mark.claim(51)
@pytest.mark.parametrize("share", [0.02, 0.16, 0.5, 0.8])
def test_joint_share_is_that_of_samples(pairs, share):
    bias = torch.special.ndtri(torch.tensor(share, dtype=torch.float64))
    together = ((pairs[0] > -bias) & (pairs[1] > -bias)).double().mean(0)
    torch.testing.assert_close(joint_share(torch.tensor(share), COSINES), together, rtol=0, atol=0.003)


@pytest.mark.claim(51)
def test_joint_share_in_special_cases():
    share = torch.tensor(0.3, dtype=torch.float64)
    assert joint_share(share, torch.tensor(0.0)) == pytest.approx(0.09)  # independent nodes
    assert joint_share(share, torch.tensor(1.0)) == pytest.approx(0.3, abs=1e-4)  # the same node
    half = joint_share(torch.tensor(0.5), COSINES)
    torch.testing.assert_close(half, 0.25 + torch.arcsin(COSINES) / (2 * math.pi))


@pytest.mark.claim(53)
def test_expected_pull_and_gradient_are_those_of_samples():
    weights, teacher_weights = gaussian(4, 6, seed=2), gaussian(3, 6, seed=3)
    top, teacher_top = gaussian(4, 2, seed=4), gaussian(3, 2, seed=5)
    inputs = gaussian(SAMPLES, 6, seed=6)
    fires = (inputs @ weights[0] > 0).double()
    sampled = (inputs * (fires * (inputs @ teacher_weights[0]).relu())[:, None]).mean(0)
    torch.testing.assert_close(expected_pull(weights[0], teacher_weights[0]), sampled, rtol=0, atol=0.02)
    weights.requires_grad_()
    error = (inputs @ weights.T).relu() @ top - (inputs @ teacher_weights.T).relu() @ teacher_top
    (gradient,) = torch.autograd.grad(error.square().sum(1).mean() / 2, weights)
    found = expected_gradient(weights.detach(), top, teacher_weights, teacher_top)
    assert (found - gradient).norm() < 0.01 * gradient.norm()


@pytest.mark.claim(53)
def test_expected_gradient_is_zero_where_the_student_is_the_teacher_in_any_order_and_with_idle_nodes():
    teacher_weights, teacher_top = gaussian(3, 6, seed=3), gaussian(3, 2, seed=5)
    order, idle = torch.tensor([2, 0, 1]), gaussian(2, 6, seed=7)
    weights = torch.cat([2 * teacher_weights[order], idle])  # twice as large in, half as large out
    top = torch.cat([teacher_top[order] / 2, torch.zeros(2, 2)])
    assert expected_gradient(weights, top, teacher_weights, teacher_top).abs().max() < 1e-12


@pytest.mark.claim(53)
@pytest.mark.parametrize(("depth", "layer"), [(1, 0), (2, 0), (2, 1)])
@pytest.mark.sentence("l7_gradient_structure")
def test_a_hidden_gradient_is_made_of_teacher_and_student_nodes_of_the_same_layer(depth, layer):
    """Against autograd, with biases, in every hidden layer; no assumption on data or weights."""
    lanes = Lanes(
        [TeacherStudentSettings(depth=depth, seed=s, overparameterization=2.0, top_scale=1.0) for s in (1, 2)]
    )
    student, teacher = student_network(lanes), teacher_network(lanes)
    theta, given = draw_students(lanes).double(), draw_teachers(lanes).double()
    theta += 0.1 * gaussian(*theta.shape, seed=8)  # biases too
    theta.requires_grad_()
    inputs = gaussian(50, 20, seed=9)
    error = student(theta, inputs) - teacher(given, inputs)
    (expected,) = torch.autograd.grad(error.square().sum() / 2, theta)
    found = gradient_structure(student, theta.detach(), teacher, given, inputs, layer)
    below = inputs.expand(2, -1, -1) if layer == 0 else activations(student, theta.detach(), inputs)[0][layer - 1]
    weight, bias = student.layers(expected)[layer]
    torch.testing.assert_close(below.mT @ found.gradient, weight)
    torch.testing.assert_close(found.gradient.sum(1), bias[:, 0])
    differs = found.to_teachers - found.to_teachers[:, :1]
    assert (differs.abs().max() < 1e-12) == (layer == depth - 1)  # the same for all inputs only below the top layer


def test_correlation_is_pearsons_and_a_silent_node_has_none():
    students, teachers = gaussian(2, 100, 3), gaussian(2, 100, 4, seed=1)
    students[1, :, 2] = 0
    found = correlation(students, teachers)
    for lane in range(2):
        reference = torch.corrcoef(torch.cat([students[lane, :, :2], teachers[lane]], 1).T)[:2, 2:]
        torch.testing.assert_close(found[lane, :2], reference)
    assert (found[1, 2] == 0).all()


def test_cosine_contribution_effective_number_and_unexplained_variance_by_hand():
    weight, bias = torch.tensor([[[3.0, 0.0], [0.0, 1.0]]]), torch.tensor([[[4.0, 0.0]]])
    torch.testing.assert_close(weight_cosine((weight, bias), (weight, bias)), torch.tensor([[[1.0, 0.0], [0.0, 1.0]]]))
    activation = torch.tensor([[[0.0, 1.0], [2.0, 1.0]]])
    added = contribution(activation, torch.tensor([[[3.0, 4.0], [9.0, 9.0]]]))
    torch.testing.assert_close(added, torch.tensor([[5.0, 0.0]]))
    torch.testing.assert_close(
        effective_number(torch.tensor([[1.0, 1.0, 1.0], [2.0, 0.0, 0.0]])), torch.tensor([3.0, 1.0])
    )
    targets = gaussian(1, 50, 2)
    assert unexplained(targets.mean(1, keepdim=True).expand_as(targets), targets) == pytest.approx(1)
    among = torch.arange(50)[None] < 20
    reference = (0.5 * targets[:, :20]).square().sum() / (targets[:, :20] - targets[:, :20].mean(1)).square().sum()
    torch.testing.assert_close(unexplained(1.5 * targets, targets, among), reference[None])
