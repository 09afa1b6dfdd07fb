"""Hessian products, Lanczos and power iteration equal the dense Hessian, lane by lane."""

import math

import pytest
import torch

from lessons.core.curvature.sharpness import TopEigenpair, differentiated_twice, top_eigenpair
from lessons.core.losses import LOSSES
from lessons.core.network import DenseNetwork

LANES, EXAMPLES, CLASSES = 3, 7, 2
NETWORK_CASES = [(loss, activation) for loss in LOSSES for activation in ("tanh", "relu", "linear")]
every_network = pytest.mark.parametrize(("loss", "activation"), NETWORK_CASES)


def random(*shape: int, seed: int = 0) -> torch.Tensor:
    return torch.randn(*shape, generator=torch.Generator().manual_seed(seed), dtype=torch.float64)


class Problem:
    """A small net on random data: its losses, Hessian products, and dense Hessians."""

    def __init__(self, loss: str, activation: str, lanes: int = LANES):
        self.network = DenseNetwork((3, 4, CLASSES), activation)
        self.inputs, self.labels = random(EXAMPLES, 3, seed=5), torch.arange(EXAMPLES) % CLASSES
        self.loss = LOSSES[loss]
        self.theta = random(lanes, self.network.parameter_count, seed=6)
        self.start = random(lanes, self.network.parameter_count, seed=7)

    def losses(self, theta: torch.Tensor) -> torch.Tensor:
        return self.loss(self.network(theta, self.inputs), self.labels)

    def product(self, theta: torch.Tensor | None = None):
        loss = self.network.loss_on(self.inputs, self.labels, self.loss)
        return loss.hessian_at(self.theta if theta is None else theta)

    def dense(self, theta: torch.Tensor | None = None) -> torch.Tensor:
        """Each lane's Hessian by itself, (K, P, P)."""
        theta = self.theta if theta is None else theta
        hessians = [torch.autograd.functional.hessian(lambda t: self.losses(t[None])[0], lane) for lane in theta]
        return torch.stack(hessians)


def power_iteration(product, start: torch.Tensor, iterations: int) -> TopEigenpair:
    """Estimate the eigenvalue of largest magnitude by repeated products (von Mises 1929).

    Simpler than `top_eigenpair`, and slower to converge.
    """
    vector = normalised(start)
    for _ in range(iterations):
        vector = normalised(product(vector))
    return TopEigenpair(value=(vector * product(vector)).sum(1), vector=vector)


def normalised(vectors: torch.Tensor) -> torch.Tensor:
    return vectors / vectors.norm(dim=1, keepdim=True)


def matrix_product(matrix: torch.Tensor):
    return lambda vector: vector @ matrix


def with_eigenvalues(values: torch.Tensor, seed: int = 0) -> tuple[torch.Tensor, torch.Tensor]:
    """A symmetric matrix with these eigenvalues, and its eigenvectors as columns."""
    turned, _ = torch.linalg.qr(random(len(values), len(values), seed=seed))
    return (turned * values) @ turned.T, turned


def assert_eigenpair(pair: TopEigenpair, hessian: torch.Tensor, tolerance: float) -> None:
    """The vector is a unit eigenvector to the value, which needs no reference eigenvector."""
    image = torch.einsum("kij,kj->ki", hessian, pair.vector)
    torch.testing.assert_close(image, pair.value[:, None] * pair.vector, rtol=0, atol=tolerance)
    torch.testing.assert_close(pair.vector.norm(dim=1), torch.ones_like(pair.value))


@every_network
def test_product_equals_the_dense_hessian_in_all_lanes(loss, activation):
    problem = Problem(loss, activation)
    expected = torch.einsum("kij,kj->ki", problem.dense(), problem.start)
    assert expected.abs().max() > 0.1
    for product in (problem.product(), differentiated_twice(problem.losses, problem.theta)):
        torch.testing.assert_close(product(problem.start), expected, rtol=1e-10, atol=1e-12)


@every_network
def test_top_eigenpair_equals_the_dense_one_in_all_lanes(loss, activation):
    problem = Problem(loss, activation)
    hessian = problem.dense()
    top = top_eigenpair(problem.product(), problem.start, iterations=problem.network.parameter_count)
    torch.testing.assert_close(top.value, torch.linalg.eigvalsh(hessian)[:, -1], rtol=1e-9, atol=0)
    assert_eigenpair(top, hessian, 1e-6)


def test_estimates_rise_towards_the_true_value_and_never_above_it():
    problem = Problem("squared error", "tanh")
    true = torch.linalg.eigvalsh(problem.dense())[:, -1]
    estimates = torch.stack([top_eigenpair(problem.product(), problem.start, m).value for m in range(1, 13)])
    assert (estimates <= true * (1 + 1e-12)).all()
    assert (estimates.diff(dim=0) >= -1e-12).all()
    assert (estimates[0] < 0.9 * true).all()
    torch.testing.assert_close(estimates[-1], true, rtol=1e-3, atol=0)


def test_power_iteration_agrees_with_lanczos_and_the_dense_hessian():
    problem = Problem("squared error", "tanh")
    hessian = problem.dense()
    power = power_iteration(problem.product(), problem.start, iterations=400)
    torch.testing.assert_close(power.value, torch.linalg.eigvalsh(hessian)[:, -1], rtol=1e-6, atol=0)
    lanczos = top_eigenpair(problem.product(), problem.start, iterations=20)
    torch.testing.assert_close(power.value, lanczos.value, rtol=1e-6, atol=0)
    assert_eigenpair(power, hessian, 1e-3)


def test_top_is_the_largest_and_power_iteration_finds_the_largest_in_magnitude():
    matrix, turned = with_eigenvalues(torch.tensor([-5.0, -1.0, 0.5, 3.0], dtype=torch.float64))
    top = top_eigenpair(matrix_product(matrix), random(1, 4), iterations=4)
    assert top.value.item() == pytest.approx(3.0)
    assert abs(top.vector[0] @ turned[:, 3]) == pytest.approx(1.0)
    assert power_iteration(matrix_product(matrix), random(1, 4), iterations=200).value.item() == pytest.approx(-5.0)


def test_lanes_together_equal_lanes_apart():
    problem = Problem("cross-entropy", "tanh")
    together = top_eigenpair(problem.product(), problem.start, iterations=8)
    for k in range(LANES):
        apart = top_eigenpair(problem.product(problem.theta[k : k + 1]), problem.start[k : k + 1], iterations=8)
        torch.testing.assert_close(together.value[k : k + 1], apart.value, rtol=1e-10, atol=0)
        torch.testing.assert_close(together.vector[k : k + 1], apart.vector, rtol=0, atol=1e-8)


@pytest.mark.parametrize("spoilt", [math.nan, math.inf, 1e200])
def test_a_lane_that_is_not_finite_reads_nan_and_leaves_its_neighbours_untouched(spoilt):
    problem = Problem("squared error", "tanh")
    clean = top_eigenpair(problem.product(), problem.start, iterations=6)
    theta = problem.theta.clone()
    theta[1] = spoilt
    spoilt_top = top_eigenpair(problem.product(theta), problem.start, iterations=6)
    assert spoilt_top.value[1].isnan()
    assert spoilt_top.vector[1].isnan().all()
    assert torch.equal(spoilt_top.value[[0, 2]], clean.value[[0, 2]])
    assert torch.equal(spoilt_top.vector[[0, 2]], clean.vector[[0, 2]])


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
@pytest.mark.parametrize(
    "values",
    [[1.0, 0.0, 0.0, 0.0, 0.0], [2.0, 2.0, 2.0, 2.0, 2.0], [1.0, 1e-6, 3e-6, 2e-6, 5e-6], [4.0, 2.0, 1.0, -1.0, -3.0]],
    ids=["rank one", "all equal", "one large", "indefinite"],
)
def test_more_iterations_than_dimensions_do_no_harm(values, dtype):
    """Once the space is exhausted what is left is rounding; it must not be taken for curvature."""
    matrix, _ = with_eigenvalues(torch.tensor(values, dtype=torch.float64))
    for seed in range(10):
        top = top_eigenpair(matrix_product(matrix.to(dtype)), random(1, 5, seed=seed).to(dtype), iterations=30)
        assert top.value.dtype == dtype
        assert top.value.item() == pytest.approx(values[0], rel=1e-5)
        assert_eigenpair(top, matrix.to(dtype)[None], 1e-5)


def test_a_start_at_the_eigenvector_stays_there():
    matrix, turned = with_eigenvalues(torch.tensor([4.0, 2.0, 1.0, 0.5], dtype=torch.float64))
    top = top_eigenpair(matrix_product(matrix), turned[:, 0][None], iterations=3)
    torch.testing.assert_close(top.vector[0], turned[:, 0])
    assert top.value.item() == pytest.approx(4.0, rel=1e-12)


def test_the_eigenvector_points_the_way_its_start_does():
    """Otherwise what is measured along it flips sign between two readings although nothing flipped."""
    problem = Problem("squared error", "tanh", lanes=20)
    for start in (problem.start, -problem.start):
        for iterations in (1, 3, 10):
            vector = top_eigenpair(problem.product(), start, iterations).vector
            assert ((vector * start).sum(1) > 0).all()


def test_three_iterations_from_the_last_eigenvector_follow_a_moving_net():
    problem = Problem("squared error", "tanh")
    theta, drift = problem.theta, 0.01 * random(LANES, problem.network.parameter_count, seed=8)
    vector = top_eigenpair(problem.product(), problem.start, iterations=26).vector
    for _ in range(15):
        theta = theta + drift
        followed = top_eigenpair(problem.product(theta), vector, iterations=3)
        vector = followed.vector
    true = torch.linalg.eigvalsh(problem.dense(theta))[:, -1]
    before = torch.linalg.eigvalsh(problem.dense())[:, -1]
    assert ((true / before - 1).abs() > 0.02).all()
    torch.testing.assert_close(followed.value, true, rtol=1e-3, atol=0)


def test_of_a_large_hessian_of_low_rank_nothing_is_read_but_its_eigenvalues():
    """From a random start the first Rayleigh quotient is about rank over P: no yardstick for what is rounding.

    Ten eigenvalues of 1, all others 0. Measured against that yardstick, 14 of these 200 starts read up to 1143.
    """
    span = torch.linalg.qr(random(600, 10))[0].float()
    top = top_eigenpair(lambda vector: (vector @ span) @ span.T, random(200, 600).float(), iterations=40)
    torch.testing.assert_close(top.value, torch.ones(200), rtol=1e-4, atol=0)  # float32, sums over 600 parameters
    torch.testing.assert_close(top.vector @ span @ span.T, top.vector, rtol=0, atol=1e-4)


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64], ids=str)
def test_where_no_direction_is_left_the_largest_eigenvalue_may_be_negative(dtype):
    top = top_eigenpair(lambda vector: -2 * vector, random(2, 5).to(dtype), iterations=4)
    torch.testing.assert_close(top.value, torch.full((2,), -2.0, dtype=dtype))
    torch.testing.assert_close(top.vector.norm(dim=1), torch.ones(2, dtype=dtype))
