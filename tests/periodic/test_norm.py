"""Claims 31, 32, 37: the two forces on the norm, and where they balance."""

import numpy as np
import pytest
import torch

from lessons.periodic import theory
from lessons.periodic.settings import PeriodicSettings
from tests.periodic.norm_paths import norm_path

pytestmark = pytest.mark.chaotic

STEPS = {"steps": 120, "train_size": 60, "width": 12, "sharpness_every": 100}


@pytest.mark.claim(31)
@pytest.mark.parametrize(("penalty", "half"), [("(λ/2)|x|²", 0.5), ("λ|x|²", 1.0)])
def test_the_step_of_a_penalty_is_that_of_autograd(penalty, half):
    eta, decay, x = 0.3, 0.7, torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64, requires_grad=True)
    (half * decay * x.square().sum()).backward()
    stepped = (x - eta * x.grad).detach().numpy()
    np.testing.assert_allclose(stepped, theory.kept_share(eta, decay, penalty) * x.detach().numpy())


@pytest.mark.claim(31)
def test_torch_means_the_half_penalty_by_weight_decay():
    """So loss + lambda sum(x^2), often written for it, decays twice as fast: not the step -eta lambda x."""
    eta, decay, x = 0.3, 0.7, torch.tensor([2.0, -1.0, 0.5], dtype=torch.float64, requires_grad=True)
    start = x.detach().clone().numpy()
    x.grad = torch.zeros_like(x)
    torch.optim.SGD([x], lr=eta, weight_decay=decay).step()
    np.testing.assert_allclose(x.detach().numpy(), theory.kept_share(eta, decay) * start)
    assert theory.kept_share(eta, decay, "λ|x|²") == pytest.approx(1 - 2 * eta * decay)


@pytest.mark.sentence("l6_penalty")
@pytest.mark.claim(31)
def test_in_a_run_the_whole_penalty_is_the_half_one_with_twice_the_lambda(controls):
    assert np.array_equal(controls["whole penalty"]["loss"], controls["half penalty, twice lambda"]["loss"])
    assert not np.array_equal(controls["whole penalty"]["loss"], controls["free"]["loss"])


@pytest.mark.claim(32)
@pytest.mark.parametrize(
    "changed",
    [{}, {"learning_rate": 2.0, "weight_decay": 0.05}, {"batch_size": 16}, {"noise": 0.5}, {"penalty": "λ|x|²"}],
    ids=["default", "large", "mini-batch", "noise", "whole penalty"],
)
def test_the_recursion_of_the_norm_is_exact(history_of, changed):
    history = history_of([PeriodicSettings(**STEPS, **changed)])
    squares = history["norm"].astype(float)[:, 0] ** 2
    grown = squares[:-1] + history["gradient_force"][:-1, 0] - history["decay_force"][:-1, 0]
    np.testing.assert_allclose(grown, squares[1:], rtol=2e-6)
    settings = PeriodicSettings(**STEPS, **changed)
    rates = settings.learning_rate, settings.weight_decay * (2 if settings.penalty == "λ|x|²" else 1)
    gradients = history["effective_gradient"][:-1].astype(float)
    path = norm_path(history["norm"][0].astype(float), gradients, *rates)
    np.testing.assert_allclose(path, history["norm"], rtol=2e-5)


@pytest.mark.claim(32)
def test_forces_and_effective_learning_rate_are_what_they_are_called(history_of):
    settings = PeriodicSettings(**STEPS, learning_rate_decay=0.01)
    history = history_of([settings])
    eta = settings.learning_rate * 0.99 ** np.arange(121)
    rho, g = history["norm"][:, 0].astype(float), history["effective_gradient"][:, 0].astype(float)
    np.testing.assert_allclose(history["learning_rate"][:, 0], eta, rtol=1e-6)
    np.testing.assert_allclose(history["effective_learning_rate"][:, 0], eta / rho**2, rtol=1e-5)
    np.testing.assert_allclose(history["gradient_norm"][:, 0] * rho, g, rtol=1e-5)
    np.testing.assert_allclose(history["gradient_force"][:, 0], eta**2 * g**2 / rho**2, rtol=1e-4)
    share = 1 - (1 - eta * settings.weight_decay) ** 2
    np.testing.assert_allclose(history["decay_force"][:, 0], share * rho**2, rtol=1e-3)


@pytest.mark.claim(32)
def test_without_scale_invariance_the_recursion_fails(history_of):
    history = history_of([PeriodicSettings(**{**STEPS, "steps": 20}, normalization="none", learning_rate=0.05)])
    squares = history["norm"].astype(float)[:, 0] ** 2
    grown = squares[:-1] + history["gradient_force"][:-1, 0] - history["decay_force"][:-1, 0]
    assert np.abs(grown / squares[1:] - 1).max() > 1e-3


@pytest.mark.claim(37)
def test_a_constant_effective_gradient_leads_to_the_equilibrium_from_both_sides():
    eta, decay, g = 0.5, np.array([0.004, 0.02, 0.1]), 1.7
    for start in (0.05, 30.0):
        path = norm_path(np.full(3, start), np.full((4000, 3), g), eta, decay)
        np.testing.assert_allclose(path[-1], theory.equilibrium_norm(g, eta, decay, exact=True), rtol=1e-10)
        np.testing.assert_allclose(path[-1], theory.equilibrium_norm(g, eta, decay), rtol=eta * decay.max())
    np.testing.assert_allclose(theory.equilibrium_norm(g, eta, decay) ** 2, theory.kappa(eta, decay) * g)


@pytest.mark.claim(37)
def test_effective_gradients_from_l_to_L_keep_the_norm_in_the_band():
    """Sixty-four random sequences; to first order in eta lambda."""
    eta, decay, low, high = 0.5, 0.004, 0.3, 2.0
    gradients = np.random.default_rng(0).uniform(low, high, (6000, 64))
    gradients[3000:4000] = low
    path = norm_path(np.linspace(0.1, 10, 64), gradients, eta, decay)[2000:]
    band = theory.equilibrium_norm(np.array([low, high]), eta, decay)
    assert path.min() > band[0] * (1 - eta * decay)
    assert path.max() < band[1] * (1 + eta * decay)
    assert path.max() / path.min() > 1.5


@pytest.mark.claim(37)
def test_a_measured_run_stays_in_its_own_band(default_runs):
    """Between the equilibria of the smallest and the largest effective gradient that it had, once decay has acted."""
    g, norm = default_runs["effective_gradient"], default_runs["norm"][100:]
    eta, decay = PeriodicSettings().learning_rate, PeriodicSettings().weight_decay
    assert (norm > theory.equilibrium_norm(g.min(0), eta, decay)).all()
    assert (norm < theory.equilibrium_norm(g.max(0), eta, decay)).all()


def test_no_weight_decay_has_no_equilibrium():
    assert theory.kappa(0.5, 0.0) == np.inf
