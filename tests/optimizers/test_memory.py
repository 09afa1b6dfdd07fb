"""Claim 91: the best momentum remembers about sqrt(kappa)/4 steps, and beyond kappa/4 momentum is slower than none."""

import numpy as np
import pytest
import torch

from lessons.core.rules import HeavyBall
from lessons.optimizers.memory import Memory, MemorySettings
from lessons.optimizers.spreads import MEMORIES
from lessons.optimizers.theory import best_memory, best_rate_for, best_tuning, longest_useful_memory
from tests.played import played
from widgets.labs.optimizers.memory import MemoryView
from widgets.labs.optimizers.valley_questions import MomentumCosts

pytestmark = pytest.mark.claim(91)

KAPPAS = torch.tensor([10.0, 100.0, 1000.0], dtype=torch.float64)


def radius(rate: torch.Tensor, momentum: torch.Tensor, kappa: torch.Tensor) -> torch.Tensor:
    """The slower of the two directions, per step."""
    ends = [HeavyBall.growth(rate * curvature, momentum) for curvature in (torch.ones_like(kappa), 1 / kappa)]
    return torch.maximum(*ends)


@pytest.mark.parametrize("factor", [0.9, 0.98, 1.02, 1.1])
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.6, 0.9, 0.99])
def test_no_other_learning_rate_is_faster_with_that_momentum(factor, momentum):
    beta = torch.full_like(KAPPAS, momentum)
    best = best_rate_for(beta, KAPPAS)
    assert (radius(factor * best, beta, KAPPAS) >= radius(best, beta, KAPPAS) - 1e-12).all()


def test_without_momentum_it_is_that_of_gradient_descent_and_at_the_best_momentum_that_of_the_best_tuning():
    descent, ball = (best_tuning(method, KAPPAS) for method in ("gradient descent", "heavy ball"))
    torch.testing.assert_close(best_rate_for(torch.zeros_like(KAPPAS), KAPPAS), descent.learning_rate)
    torch.testing.assert_close(best_rate_for(ball.momentum, KAPPAS), ball.learning_rate)


def test_memories_in_closed_form():
    root = KAPPAS.sqrt()
    torch.testing.assert_close(best_memory(KAPPAS), (root + 1) ** 2 / (4 * root))
    torch.testing.assert_close(longest_useful_memory(KAPPAS), (KAPPAS + 1) ** 2 / (4 * KAPPAS))
    beta = 1 - 1 / longest_useful_memory(KAPPAS)
    none = best_tuning("gradient descent", KAPPAS).rate
    torch.testing.assert_close(radius(best_rate_for(beta, KAPPAS), beta, KAPPAS), none, rtol=1e-9, atol=0)


def test_without_momentum_iterations_are_those_of_gradient_descent(history_of):
    lanes = [MemorySettings(momentum=0.0, condition_number=kappa, steps=7000) for kappa in KAPPAS.tolist()]
    assert history_of(Memory(), lanes)["iterations"][-1].tolist() == [69, 691, 6908]


@pytest.fixture(scope="module")
def swept() -> tuple[np.ndarray, np.ndarray]:
    """Memories (25,), and iterations (3, 25)."""
    run = played(MemoryView, 0)
    memory = np.array([1 / (1 - lane.momentum) for lane in run.settings[:MEMORIES]])
    return memory, run["iterations"][0, -1].reshape(3, MEMORIES)


@pytest.mark.sentence("l1_memory")
def test_the_iterations_are_least_near_root_kappa_over_four_and_too_much_memory_costs_in_proportion(swept):
    """Neighbouring memories differ by a factor of 1.27. Beyond the best, 26 to 29 iterations for each step of it."""
    memory, iterations = swept
    for kappa, row in zip(KAPPAS.tolist(), iterations, strict=True):
        best = memory[row.argmin()]
        assert abs(np.log(best / ((kappa**0.5 + 1) ** 2 / (4 * kappa**0.5)))) < np.log(1.27)
        beyond = (memory > 3 * best) & (row < 9000)
        assert (np.abs(row[beyond] / memory[beyond] / 27.6 - 1) < 0.1).all()


@pytest.mark.sentence("l1_memory")
def test_beyond_a_quarter_of_kappa_momentum_is_slower_than_none(swept):
    memory, iterations = swept
    for kappa, row in zip(KAPPAS.tolist(), iterations, strict=True):
        edge = (kappa + 1) ** 2 / (4 * kappa)
        assert (row[memory > 1.15 * edge] > row[0]).all()
        assert (row[(memory > 1) & (memory < edge / 1.15)] < row[0]).all()
    right, least = torch.tensor([1400.0, 38.0], dtype=torch.float64)
    assert float(best_memory(right)) == pytest.approx(10, rel=0.02)
    assert float(longest_useful_memory(least)) == pytest.approx(10, rel=0.02)


@pytest.mark.sentence("l1_q_momentum")
def test_with_much_momentum_a_short_valley_takes_longer_than_without():
    question = MomentumCosts()
    history = [m for m in question.run() if m is not None]
    plain, heavy = history[-1]["iterations"].tolist()
    assert (plain, heavy) == (69, 262)
