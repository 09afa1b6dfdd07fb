"""Gradients and Hessian-vector products written out equal autograd's and finite differences, lane by lane."""

from collections.abc import Callable

import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.backpropagation import DenseLoss
from lessons.core.losses import LOSSES, Loss, squared_distance
from lessons.core.network import DenseNetwork
from lessons.initialization.activations import LaneActivation
from lessons.optimizers.margin_losses import MARGIN_LOSSES

LANES, EXAMPLES = 4, 9
SHAPES = {
    "digits": (64, 32, 32, 10),  # lessons 2, 3
    "points": (2, 8, 2),  # lesson 1
    "deep": (64, *[10] * 8, 10),  # lesson 4
    "student": (20, 25, 25, 5),  # lesson 7
    "linear classifier": (2, 1),
    "smallest": (2, 4, 2, 1),
}

ALL_LOSSES = {
    **LOSSES,
    "squared distance": squared_distance,
    **{f"margin: {k}": v for k, v in MARGIN_LOSSES.items()},
}


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Problem:
    """A loss of random nets on random examples: as it is trained with, and as autograd sees it."""

    def __init__(
        self, sizes: tuple[int, ...], activation: str, loss: str, own: bool = False, weighted: bool = False
    ) -> None:
        names = (["tanh", "relu", "gelu", "linear"], activation)[activation != "mixed"]
        self.network = DenseNetwork(sizes, LaneActivation(names) if activation == "mixed" else activation)
        lead = (LANES,) if own else ()
        self.inputs, self.loss = random(*lead, EXAMPLES, sizes[0], seed=1), ALL_LOSSES[loss]
        self.targets = targets_of(loss, (*lead, EXAMPLES), sizes[-1])
        self.weight = random(LANES, EXAMPLES, seed=3).softmax(1) if weighted else None
        self.theta = random(LANES, self.network.parameter_count, seed=4) / 3
        self.direction = random(LANES, self.network.parameter_count, seed=5)

    def engine(self, dtype: torch.dtype = torch.float64) -> DenseLoss:
        real = self.targets.is_floating_point()
        targets = self.targets.to(dtype) if real else self.targets
        weight = None if self.weight is None else self.weight.to(dtype)
        return self.network.loss_on(self.inputs.to(dtype), targets, self.loss, weight)

    def reference(self, theta: torch.Tensor) -> torch.Tensor:
        outputs = self.network(theta, self.inputs)
        if self.weight is None:
            return self.loss(outputs, self.targets)
        targets = self.targets.expand(LANES, *self.targets.shape[-1:]) if self.targets.dim() < 2 else self.targets
        each = [self.loss(outputs[:, [n]], targets[:, [n]]) for n in range(EXAMPLES)]
        return (self.weight * torch.stack(each, 1)).sum(1)

    def by_autograd(self) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor]:
        theta = self.theta.clone().requires_grad_()
        loss = self.reference(theta)
        (gradient,) = torch.autograd.grad(loss.sum(), theta, create_graph=True)
        along = (gradient * self.direction).sum()
        (product,) = torch.autograd.grad(along, theta, allow_unused=True) if along.requires_grad else (None,)
        return loss.detach(), gradient.detach(), torch.zeros_like(theta) if product is None else product


def targets_of(loss: str, shape: tuple[int, ...], outputs: int) -> torch.Tensor:
    if loss == "squared distance":
        return random(*shape, outputs, seed=2)
    drawn = torch.randint(0, outputs, shape, generator=torch.Generator().manual_seed(2))
    return drawn if loss in LOSSES else 2.0 * (torch.arange(EXAMPLES) % 2).double().expand(shape) - 1


CASES = [
    *((shape, activation, "cross-entropy") for shape in SHAPES for activation in (*ACTIVATIONS, "mixed")),
    *(
        (shape, activation, loss)
        for shape in SHAPES
        for activation in ("tanh", "relu")
        for loss in (*LOSSES, "squared distance")
    ),
    *(("smallest", "tanh", loss) for loss in ALL_LOSSES if loss.startswith("margin")),
    *(("linear classifier", "tanh", loss) for loss in ALL_LOSSES if loss.startswith("margin")),
]
every_case = pytest.mark.parametrize(("shape", "activation", "loss"), list(dict.fromkeys(CASES)))


@every_case
def test_loss_gradient_and_hessian_product_are_those_of_autograd(shape, activation, loss):
    """In double, where nothing but the order of sums differs."""
    problem = Problem(SHAPES[shape], activation, loss)
    assert_equal(problem, 1e-12)


@pytest.mark.parametrize("loss", ["squared error", "cross-entropy", "squared distance", "margin: logistic"])
@pytest.mark.parametrize("weighted", [False, True], ids=["all count the same", "weighted"])
def test_lanes_may_have_examples_and_weights_of_their_own(loss, weighted):
    outputs = 1 if loss.startswith("margin") else 3
    assert_equal(
        Problem((5, 7, 6, outputs), "tanh", loss, own=True, weighted=weighted and loss != "squared distance"), 1e-12
    )
    if weighted and loss != "squared distance":
        assert_equal(Problem((5, 7, 6, outputs), "tanh", loss, own=False, weighted=True), 1e-12)


def assert_equal(problem: Problem, tolerance: float) -> None:
    """The largest difference in each lane is below the tolerance, as a share of that lane's largest number."""
    engine, (loss, gradient, product) = problem.engine(), problem.by_autograd()
    value, own_gradient = engine.loss_and_gradient(problem.theta)
    torch.testing.assert_close(value, loss, rtol=tolerance, atol=0)
    torch.testing.assert_close(engine.value(problem.theta), loss, rtol=tolerance, atol=0)
    assert_close_in_each_lane(own_gradient, gradient, tolerance)
    assert_close_in_each_lane(engine.hessian_at(problem.theta)(problem.direction), product, tolerance)


def assert_close_in_each_lane(got: torch.Tensor, expected: torch.Tensor, tolerance: float) -> None:
    assert got.shape == expected.shape
    assert ((got - expected).abs().amax(1) <= tolerance * expected.abs().amax(1)).all()


@every_case
def test_in_single_precision_nothing_but_rounding_is_added(shape, activation, loss):
    """Products over up to 64 units and nine layers, each exact to 6e-8: 5e-6 of the largest number; measured: 1e-6."""
    problem = Problem(SHAPES[shape], activation, loss)
    value, gradient, product = problem.by_autograd()
    engine, theta = problem.engine(torch.float32), problem.theta.float()
    got = (*engine.loss_and_gradient(theta), engine.hessian_at(theta)(problem.direction.float()))
    assert all(each.dtype == torch.float32 for each in got)
    torch.testing.assert_close(got[0].double(), value, rtol=5e-6, atol=0)
    assert_close_in_each_lane(got[1].double(), gradient, 5e-6)
    assert_close_in_each_lane(got[2].double(), product, 5e-6)


@every_case
def test_gradient_and_hessian_product_are_what_finite_differences_tend_to(shape, activation, loss):
    """A step of 1e-6 along v: the third derivative adds its square, rounding 1e-16 / 1e-6; kinks are not crossed."""
    problem, step = Problem(SHAPES[shape], activation, loss), 1e-6
    engine = problem.engine()

    def difference(function: Callable[[torch.Tensor], torch.Tensor]) -> torch.Tensor:
        ahead, behind = (function(problem.theta + s * step * problem.direction) for s in (1, -1))
        return (ahead - behind) / (2 * step)

    gradient = engine.loss_and_gradient(problem.theta)[1]
    along = (gradient * problem.direction).sum(1)
    torch.testing.assert_close(along, difference(engine.value), rtol=1e-6, atol=1e-8)
    changes = difference(lambda theta: engine.loss_and_gradient(theta)[1])
    product = engine.hessian_at(problem.theta)(problem.direction)
    torch.testing.assert_close(product, changes, rtol=0, atol=1e-6 * float(product.abs().max() + gradient.abs().max()))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_lane_that_is_not_finite_leaves_its_neighbours_untouched(loss):
    problem = Problem(SHAPES["digits"], "tanh", loss)
    engine, theta = problem.engine(), problem.theta.clone()
    theta[1] = torch.nan
    for clean, spoilt in zip(
        (*engine.loss_and_gradient(problem.theta), engine.hessian_at(problem.theta)(problem.direction)),
        (*engine.loss_and_gradient(theta), engine.hessian_at(theta)(problem.direction)),
        strict=True,
    ):
        assert torch.equal(clean[[0, 2, 3]], spoilt[[0, 2, 3]])
        assert spoilt[1].isnan().any()


@pytest.mark.parametrize("loss", [*LOSSES.values(), squared_distance], ids=[*LOSSES, "squared distance"])
def test_a_loss_bound_to_targets_is_the_loss(loss: Loss):
    outputs = random(LANES, EXAMPLES, 3)
    targets = random(EXAMPLES, 3, seed=2) if loss is squared_distance else torch.arange(EXAMPLES) % 3
    bound = loss.on(targets, 3, dtype=torch.float64)
    torch.testing.assert_close(bound.value(outputs.mT), loss(outputs, targets))
