"""Claim 7: a saddle holds only what starts exactly on its stable manifold; from elsewhere the way out is log(1/eps)."""

import math

import numpy as np
import pytest

from lessons.optimizers.escape import RADIUS, Escape, EscapeSettings
from lessons.optimizers.theory import escape_time
from tests.optimizers.closed_forms import newton_growth, newton_repelling_damping

pytestmark = pytest.mark.claim(7)

DISTANCES = [1e-3, 1e-5, 1e-7, 1e-9, 1e-11]
FIRST_ORDER = ["gradient descent", "heavy ball", "moving average", "Nesterov", "AdaGrad", "RMSProp", "Adam"]


def lanes(optimizer: str, distances: list[float], **values) -> list[EscapeSettings]:
    common = {"optimizer": optimizer, "learning_rate": 0.1, "steps": 400, **values}
    return [EscapeSettings(distance=distance, **common) for distance in distances]


@pytest.mark.parametrize(
    ("optimizer", "momentum"), [("gradient descent", 0.0), ("heavy ball", 0.5), ("heavy ball", 0.9)]
)
@pytest.mark.parametrize("learning_rate", [0.05, 0.1, 0.5])
def test_escape_time_is_the_closed_form(history_of, optimizer, momentum, learning_rate):
    """The first whole step beyond it; the quartic term, 1 % at the radius, delays it by less than one."""
    settings = lanes(optimizer, DISTANCES, momentum=momentum, learning_rate=learning_rate, steps=600)
    measured = history_of(Escape(), settings)["escape_time"][-1]
    predicted = np.array([escape_time(d, RADIUS, learning_rate, momentum) for d in DISTANCES])
    assert ((measured >= np.floor(predicted)) & (measured <= predicted + 2)).all()


@pytest.mark.parametrize("learning_rate", [0.05, 0.1])
def test_each_decade_of_distance_costs_as_many_steps_as_the_one_before(history_of, learning_rate):
    """SET RIGHT "stuck at saddle points": a hundred million times nearer is only five times as long."""
    settings = lanes("gradient descent", DISTANCES, learning_rate=learning_rate, steps=600)
    times = history_of(Escape(), settings)["escape_time"][-1]
    hundredfold = math.log(100) / math.log(1 + learning_rate)
    np.testing.assert_allclose(np.diff(times), hundredfold, atol=1)
    assert times[-1] < 600
    assert times[-1] / times[0] == pytest.approx(5, abs=0.3)


@pytest.mark.parametrize("optimizer", [*FIRST_ORDER, "Quickprop", "L-BFGS"])
def test_only_a_start_exactly_on_the_stable_manifold_stays_at_the_saddle(history_of, optimizer):
    history = history_of(Escape(), lanes(optimizer, [0.0, 1e-2], steps=500))
    assert (history["theta"][:, 0, 1] == 0).all()
    assert history["escape_time"][-1, 0] == 500
    assert history["loss"][-1, 0] == pytest.approx(0.25, abs=2e-3)
    assert history["escape_time"][-1, 1] < 100
    assert history["loss"][-1, 1] < 1e-2


def test_noise_leads_out_even_from_the_manifold_itself(history_of):
    """It acts like a start away by a Gaussian of deviation eta sigma / sqrt((1 + eta)^2 - 1): the sum of its kicks.

    Over 64 seeds the median of log |y| has standard error 0.2, two steps here; allowed are three of them.
    """
    base = lanes("gradient descent", [0.0], gradient_noise=1e-6)[0]
    times = history_of(Escape(), [base.with_value("seed", seed) for seed in range(64)])["escape_time"][-1]
    median_distance = 0.6745 * 0.1 * 1e-6 / math.sqrt(1.1**2 - 1)
    assert times.max() < 250
    assert np.median(times) == pytest.approx(escape_time(median_distance, RADIUS, 0.1), abs=6)


def test_adaptive_steps_do_not_wait_for_the_gradient_to_grow(history_of):
    """Adam divides by the size of the gradient: its time out hardly depends on the distance."""
    adam = history_of(Escape(), lanes("Adam", [1e-2, 1e-5], learning_rate=0.01))["escape_time"][-1]
    descent = history_of(Escape(), lanes("gradient descent", [1e-2, 1e-5], learning_rate=0.1))["escape_time"][-1]
    assert adam[1] < adam[0] + 5
    assert descent[1] > descent[0] + 60


@pytest.mark.claim(6)
@pytest.mark.parametrize("learning_rate", [1.0, 0.3])
def test_newton_is_attracted_to_the_saddle(history_of, learning_rate):
    """From 0.05 beside the manifold it ends at the saddle, where gradient descent leaves."""
    newton = lanes("Newton", [0.05], learning_rate=learning_rate, damping=0.0, steps=100)
    history = history_of(Escape(), [*newton, *lanes("gradient descent", [0.05], steps=100)])
    assert np.abs(history["theta"][-1, 0]).max() < 1e-12
    assert history["loss"][-1, 0] == pytest.approx(0.25)
    assert history["loss"][-1, 1] < 1e-3


@pytest.mark.claim(6)
@pytest.mark.parametrize(("learning_rate", "damping"), [(0.2, 0.0), (0.2, 0.5), (0.2, 1.5), (0.2, 3.0), (1.0, 0.7)])
def test_near_the_saddle_a_damped_newton_step_multiplies_the_distance(history_of, learning_rate, damping):
    """By 1 + eta / (delta - 1), which is below -1 for eta = 1 and delta = 0.7: from side to side, and out."""
    distances = [1e-6, 1e-5]
    settings = lanes("Newton", distances, learning_rate=learning_rate, damping=damping, steps=8)
    history = history_of(Escape(), settings)
    y, factor = history["theta"][:, :, 1], newton_growth(-1.0, learning_rate, damping)
    np.testing.assert_allclose(y, np.array(distances) * factor ** np.arange(9)[:, None], rtol=1e-2)


@pytest.mark.claim(6)
@pytest.mark.parametrize("learning_rate", [0.1, 0.5, 1.0])
@pytest.mark.parametrize(("share", "leaves"), [(0.5, False), (0.9, False), (1.1, True), (1.6, True)])
def test_damping_beyond_a_bound_turns_attraction_into_repulsion(history_of, learning_rate, share, leaves):
    """The bound is 1 - eta / 2 here, where the curvature is -1: half of it is enough at eta = 1."""
    damping = share * newton_repelling_damping(-1.0, learning_rate)
    settings = lanes("Newton", [1e-6], learning_rate=learning_rate, damping=damping, steps=400)
    farthest = np.abs(history_of(Escape(), settings)["theta"][:, 0, 1]).max()
    assert (farthest > RADIUS) == leaves


@pytest.mark.parametrize("distance", [0.05, 1e-3])
def test_the_time_counts_steps_until_it_is_out_and_then_stands(history_of, distance):
    history = history_of(Escape(), lanes("gradient descent", [distance], steps=100))
    out = np.flatnonzero(np.abs(history["theta"][:, 0, 1]) > RADIUS)[0]
    np.testing.assert_array_equal(history["escape_time"][:, 0], np.minimum(np.arange(101), out))
