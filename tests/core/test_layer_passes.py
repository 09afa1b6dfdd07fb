"""Gradients and Hessian-vector products of normalized nets equal autograd's and finite differences, lane by lane."""

from collections.abc import Callable
from functools import partial

import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.curvature.sharpness import differentiated_twice
from lessons.core.losses import LOSSES, Loss, squared_distance
from lessons.normalization.network import NormalizedNetwork, NormalizedShape
from lessons.normalization.normalizers import normalizer
from lessons.normalization.training_settings import NormalizedNetSettings
from lessons.periodic.network import ScaleInvariantNetwork
from tests.core.test_backpropagation import assert_close_in_each_lane

KINDS = NormalizedNetSettings.fields()["normalization"].choices
PERIODIC = ("periodic", "periodic, not normalized")
SHAPES = {"three layers": (5, 8, 6, 8, 3), "one hidden": (4, 6, 2), "lesson 5": (64, 16, 16, 16, 10)}
LANES, EXAMPLES, GROUPS = 3, 11, 2
ALL_LOSSES: dict[str, Loss] = {**LOSSES, "squared distance": squared_distance}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Problem:
    """The loss of random nets on random examples: as they are trained, and as autograd sees it."""

    def __init__(
        self, kind: str, sizes: tuple[int, ...], activation: str, loss: str, own: bool = False, count=EXAMPLES
    ):
        lead = (LANES,) if own else ()
        self.loss, self.inputs = ALL_LOSSES[loss], random(*lead, count, sizes[0], seed=1)
        drawn = torch.randint(0, sizes[-1], (*lead, count), generator=torch.Generator().manual_seed(2))
        self.targets = random(*lead, count, sizes[-1], seed=2) if loss == "squared distance" else drawn
        if kind in PERIODIC:
            self.network = ScaleInvariantNetwork(sizes, kind == "periodic")
            parameters, self.memories = self.network.parameter_count, None
        else:
            shape = NormalizedShape(sizes)
            self.network, parameters = (
                NormalizedNetwork(shape, activation, normalizer(kind, GROUPS)),
                shape.parameter_count,
            )
        self.theta, self.direction = random(LANES, parameters, seed=4), random(LANES, parameters, seed=5)
        if kind not in PERIODIC:
            self.memories = self.network.memories(self.theta, torch.arange(LANES))

    def in_dtype(self, dtype: torch.dtype) -> tuple[Callable, Callable]:
        """theta -> loss and gradient, and theta -> Hessian, on the examples in a dtype."""
        inputs = self.inputs.to(dtype)
        targets = self.targets.to(dtype) if self.targets.is_floating_point() else self.targets
        if self.memories is None:
            on = self.network.loss_on(inputs, targets, self.loss)
            return on.loss_and_gradient, on.hessian_at
        memories = self.network.memories(self.theta.to(dtype), torch.arange(LANES))
        arguments = {"batch": (inputs, targets), "memories": memories, "loss": self.loss}
        return (
            lambda theta: self.network.loss_and_gradient(theta, **arguments)[:2],
            partial(self.network.hessian_at, **arguments),
        )

    def reference(self, theta: torch.Tensor) -> torch.Tensor:
        """The loss, of plain tensor operations that autograd can follow."""
        outputs = (
            self.network(theta, self.inputs)
            if self.memories is None
            else self.network(theta, self.inputs, self.memories, training=True)[0]
        )
        return self.loss(outputs, self.targets)

    def by_autograd(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        theta = self.theta.clone().requires_grad_()
        loss = self.reference(theta)
        (gradient,) = torch.autograd.grad(loss.sum(), theta)
        return loss.detach(), gradient, differentiated_twice(self.reference, self.theta)(self.direction)

    def written_out(self, dtype: torch.dtype) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        loss_and_gradient, hessian_at = self.in_dtype(dtype)
        theta, direction = self.theta.to(dtype), self.direction.to(dtype)
        return (*loss_and_gradient(theta), hessian_at(theta)(direction))


CASES = [
    *((kind, "three layers", activation, "cross-entropy") for kind in KINDS for activation in ACTIVATIONS),
    *((kind, "three layers", "tanh", loss) for kind in KINDS for loss in ("squared error", "squared distance")),
    *((kind, shape, "relu", "cross-entropy") for kind in KINDS for shape in ("one hidden", "lesson 5")),
    *((kind, shape, "relu", loss) for kind in PERIODIC for shape in SHAPES for loss in LOSSES),
]
every_case = pytest.mark.parametrize(("kind", "shape", "activation", "loss"), CASES)


@every_case
def test_loss_gradient_and_hessian_product_are_those_of_autograd(kind, shape, activation, loss):
    """In double, where nothing but the order of sums differs."""
    assert_equal(Problem(kind, SHAPES[shape], activation, loss), 1e-12)


@pytest.mark.parametrize("kind", [*KINDS, *PERIODIC])
@pytest.mark.parametrize("count", [EXAMPLES, 2])
def test_lanes_may_have_examples_of_their_own(kind, count):
    assert_equal(Problem(kind, SHAPES["three layers"], "relu", "cross-entropy", own=True, count=count), 1e-8)


def assert_equal(problem: Problem, tolerance: float) -> None:
    """The largest difference in each lane is below the tolerance, as a share of that lane's largest number."""
    value, gradient, product = problem.written_out(torch.float64)
    loss, by_autograd, product_by_autograd = problem.by_autograd()
    torch.testing.assert_close(value, loss, rtol=tolerance, atol=0)
    assert_close_in_each_lane(gradient, by_autograd, tolerance)
    assert_close_in_each_lane(product, product_by_autograd, tolerance)


@pytest.mark.parametrize("kind", KINDS)
def test_of_a_batch_of_one_loss_and_gradient_are_those_of_autograd(kind):
    problem = Problem(kind, SHAPES["three layers"], "tanh", "cross-entropy", count=1)
    loss_and_gradient, _ = problem.in_dtype(torch.float64)
    for got, expected in zip(loss_and_gradient(problem.theta), problem.by_autograd()[:2], strict=True):
        torch.testing.assert_close(got, expected, rtol=1e-12, atol=1e-14)


@every_case
def test_in_single_precision_nothing_but_rounding_is_added(kind, shape, activation, loss):
    """Measured: 7e-6 of a lane's largest number in the gradient, 4e-5 in the product, and by autograd 7e-6 and 7e-5."""
    problem = Problem(kind, SHAPES[shape], activation, loss)
    value, gradient, product = problem.written_out(torch.float32)
    assert {each.dtype for each in (value, gradient, product)} == {torch.float32}
    expected = problem.by_autograd()
    torch.testing.assert_close(value.double(), expected[0], rtol=5e-6, atol=0)
    assert_close_in_each_lane(gradient.double(), expected[1], 5e-5)
    assert_close_in_each_lane(product.double(), expected[2], 3e-4)


@every_case
def test_gradient_and_hessian_product_are_what_finite_differences_tend_to(kind, shape, activation, loss):
    """A step of 1e-6 along v: the third derivative adds its square, rounding 1e-16 / 1e-6; kinks are not crossed.

    Spectral norm's singular vectors are taken anew at each theta, and move with it: its gradient is not that of the
    loss as a function of theta (as in torch), so it is held to autograd alone.
    """
    if kind == "spectral":
        return
    problem, step = Problem(kind, SHAPES[shape], activation, loss), 1e-6
    loss_and_gradient, hessian_at = problem.in_dtype(torch.float64)

    def difference(function: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        ahead, behind = (function(problem.theta + s * step * problem.direction) for s in (1, -1))
        return (ahead - behind) / (2 * step)

    gradient = loss_and_gradient(problem.theta)[1]
    along, product = (gradient * problem.direction).sum(1), hessian_at(problem.theta)(problem.direction)
    torch.testing.assert_close(along, difference(problem.reference), rtol=1e-5, atol=1e-7)
    changes = difference(lambda theta: loss_and_gradient(theta)[1])
    torch.testing.assert_close(product, changes, rtol=0, atol=1e-5 * float(product.abs().max() + gradient.abs().max()))


@pytest.mark.parametrize("kind", [*KINDS, *PERIODIC])
def test_a_lane_that_is_not_finite_leaves_its_neighbours_untouched(kind):
    problem = Problem(kind, SHAPES["three layers"], "tanh", "cross-entropy")
    clean = problem.written_out(torch.float64)
    problem.theta = problem.theta.clone()
    problem.theta[1] = torch.nan
    for whole, spoilt in zip(clean, problem.written_out(torch.float64), strict=True):
        assert torch.equal(whole[[0, 2]], spoilt[[0, 2]])
        assert spoilt[1].isnan().any()
