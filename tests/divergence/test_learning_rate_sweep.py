"""Claim 16: a sweep of 64 learning rates draws the curve that theory predicts, its cliff and its lowest point."""

import numpy as np
import pytest
import torch

from lessons.core.settings import SettingError
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.settings import BowlSettings, NetSettings
from lessons.divergence.sweep import SWEEP_LANES, learning_rate_sweep

pytestmark = pytest.mark.claim(16)

LIMITS = {
    "gradient descent": lambda sharpness, beta: 2 / sharpness,
    "heavy ball": lambda sharpness, beta: 2 * (1 + beta) / sharpness,
    "moving average": lambda sharpness, beta: 2 * (1 + beta) / ((1 - beta) * sharpness),
    "Nesterov": lambda sharpness, beta: 2 * (1 + beta) / ((1 + 2 * beta) * sharpness),
}
STEPS = 800


def swept(history_of, limit: float, **common) -> tuple[np.ndarray, np.ndarray]:
    """Learning rates (K,) from a twentieth to five times the limit, and losses (T, K)."""
    lanes = learning_rate_sweep(BowlSettings, {"steps": STEPS, **common}, limit / 20, 5 * limit)
    return lanes.learning_rate.numpy().copy(), history_of(Bowl(), lanes)["loss"]


@pytest.mark.parametrize(("lowest", "highest"), [(0.01, 4.0), (0.003, 100.0), (0.3, 100.0), (1e-4, 1e-3), (1, 100)])
def test_a_sweep_is_64_lanes_evenly_spaced_in_logarithm(lowest, highest):
    lanes = learning_rate_sweep(NetSettings, {"width": 4}, lowest, highest)
    assert len(lanes) == SWEEP_LANES == 64
    np.testing.assert_allclose(lanes.learning_rate, np.geomspace(lowest, highest, 64), rtol=1e-12)
    assert (lanes.learning_rate[0], lanes.learning_rate[-1]) == (lowest, highest)


def test_lanes_differ_in_the_learning_rate_only_and_are_named_by_it():
    lanes = learning_rate_sweep(BowlSettings, {"optimizer": "Nesterov", "momentum": 0.5}, 0.01, 10.0, count=4)
    assert {s.with_value("learning_rate", 0.0) for s in lanes.settings} == {
        BowlSettings(optimizer="Nesterov", momentum=0.5, learning_rate=0.0)
    }
    assert lanes.names == ["η = 0.01", "η = 0.1", "η = 1", "η = 10"]


@pytest.mark.parametrize(
    ("lowest", "highest", "message"),
    [
        (1.0, 1.0, "below the highest"),
        (2.0, 1.0, "below the highest"),
        (0.0, 1.0, "above 0"),
        (-1.0, 1.0, "above 0"),
        (float("nan"), 1.0, "must be"),
        (0.1, float("inf"), "learning rate η must be"),
        (0.1, 501.0, "learning rate η must be .*, not 501"),
    ],
)
def test_a_range_that_makes_no_sense_is_refused_in_words(lowest, highest, message):
    with pytest.raises(SettingError, match=message):
        learning_rate_sweep(BowlSettings, {}, lowest, highest)


@pytest.mark.parametrize("rule", LIMITS)
@pytest.mark.parametrize("sharpness", [0.5, 4.0])
def test_the_first_lane_to_diverge_is_the_first_above_the_rules_own_line(history_of, rule, sharpness):
    limit = LIMITS[rule](sharpness, 0.8)
    rates, loss = swept(history_of, limit, optimizer=rule, momentum=0.8, sharpness=sharpness)
    with np.errstate(invalid="ignore"):
        grown = ~(loss[-1] < loss[0])
    np.testing.assert_array_equal(grown, rates > limit)
    assert 0 < grown.argmax() < 63
    assert np.isfinite(loss[:, ~grown]).all()


def test_the_lines_of_the_rules_lie_where_they_should(history_of):
    """With momentum 0.8 and lambda_max = 1: 2, 3.6, 18 and 1.385, each found within one lane of 64."""
    found = {}
    for rule in LIMITS:
        rates, loss = swept(history_of, 4.0, optimizer=rule, momentum=0.8)
        with np.errstate(invalid="ignore"):
            found[rule] = rates[(~(loss[-1] < loss[0])).argmax()]
    spacing = 100 ** (1 / 63)
    for rule, line in {"gradient descent": 2.0, "heavy ball": 3.6, "moving average": 18.0, "Nesterov": 1.3846}.items():
        assert line < found[rule] < line * spacing


@pytest.mark.parametrize("condition_number", [2.0, 8.0, 30.0])
def test_without_momentum_the_best_learning_rate_is_two_over_the_sum_of_the_extreme_curvatures(
    history_of, condition_number
):
    """Below the best the loss falls with every larger learning rate, above it rises."""
    rates, loss = swept(history_of, 2.0, condition_number=condition_number, dimension=5, steps=200)
    last, optimum = loss[-1], 2 / (1 + 1 / condition_number)
    best = last.argmin()
    assert abs(np.log(rates[best] / optimum)) <= np.log(rates[1] / rates[0])
    assert (np.diff(last[: best + 1]) < 0).all()
    assert (np.diff(last[best:][np.isfinite(last[best:])]) > 0).all()


def test_the_losses_are_those_of_the_closed_form(history_of):
    """After t steps every lane holds sum_i lambda_i ((1 - eta lambda_i)^t a_i)^2 / 2."""
    rates, loss = swept(history_of, 2.0, angle=0.0, start_x=1.0, start_y=1.0, condition_number=8.0, steps=50)
    values = np.array([1.0, 1 / 8])
    expected = (values * (1 - rates[:, None] * values) ** 100 / 2).sum(1)
    np.testing.assert_allclose(loss[-1], expected, rtol=1e-8)


def test_a_net_has_a_cliff_too(history_of):
    """One cliff: all lanes below it learn, all lanes above are lost; at the start the quadratic's line is 2/lambda."""
    common = {"activation": "tanh", "depth": 1, "width": 32, "init_scale": 1.0, "train_size": 50, "steps": 40}
    lanes = learning_rate_sweep(NetSettings, common, 0.005, 5.0, count=24)
    rates = lanes.learning_rate.numpy().copy()
    history = history_of(Net(), lanes)
    learnt = torch.from_numpy(history["loss"][-1] < history["loss"][0]).numpy()
    cliff = rates[(~learnt).argmax()]
    np.testing.assert_array_equal(learnt, rates < cliff)
    assert 1.0 < cliff / (2 / history["sharpness"][0, 0]) < 4.0
