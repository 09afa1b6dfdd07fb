"""Claim 15: on a bowl 2/lambda_max is the limit, along eigen-directions, however the bowl is turned."""

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.rules.stability import threshold
from lessons.core.settings import SettingError, setting
from lessons.divergence.bowl import Bowl, eigenvalues, rotation, starts
from lessons.divergence.settings import BowlSettings
from lessons.divergence.theory import growth_factor

pytestmark = pytest.mark.claim(15)

ANGLES = [-120.0, -45.0, 0.0, 10.0, 30.0, 77.0, 90.0]
RULES = ["gradient descent", "heavy ball", "moving average", "Nesterov"]
MOMENTA = [0.0, 0.3, 0.9]


class EachItsOwn(BowlSettings):
    """A bowl and a start of its own for each lane, which the experiment takes though the lab does not."""

    angle: float = setting(30.0, label="rotation", doc="Of this lane.", low=-180.0, high=180.0)
    sharpness: float = setting(1.0, label="sharpness", doc="Of this lane.", low=0.05, high=20.0)
    start_x: float = setting(-2.2, label="start", doc="Of this lane.", low=-3.0, high=3.0)
    start_y: float = setting(1.4, label="start", doc="Of this lane.", low=-3.0, high=3.0)


every_shape = pytest.mark.parametrize(("dimension", "angle"), [(d, a) for d in (2, 6) for a in ANGLES])


def bowl_settings(kind: type[BowlSettings] = BowlSettings, **values) -> BowlSettings:
    return kind(**{"optimizer": "gradient descent", "condition_number": 8.0, "steps": 80, **values})


def parts(settings: BowlSettings) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Eigenvalues (D,), directions (D, D) as columns and start (D,) of one lane."""
    lanes = Lanes([settings])
    return eigenvalues(lanes)[0].numpy(), rotation(lanes)[0].numpy(), starts(lanes)[0].numpy()


def hessian(settings: BowlSettings) -> np.ndarray:
    values, directions, _ = parts(settings)
    return directions @ np.diag(values) @ directions.T


def companion(rule: str, learning_rate: float, curvature: float, momentum: float) -> np.ndarray:
    """One step of a rule along one eigen-direction as a matrix on (position, velocity), written from its equations."""
    eta, lam, beta = learning_rate, curvature, momentum
    return {
        "gradient descent": np.array([[1 - eta * lam, 0.0], [lam, 0.0]]),
        "heavy ball": np.array([[1 - eta * lam, -eta * beta], [lam, beta]]),
        "moving average": np.array([[1 - eta * (1 - beta) * lam, -eta * beta], [(1 - beta) * lam, beta]]),
        "Nesterov": np.array([[1 - eta * lam * (1 + beta), -eta * beta**2], [lam, beta]]),
    }[rule]


def spectral_radius(matrix: np.ndarray) -> float:
    return np.abs(np.linalg.eigvals(matrix)).max()


@every_shape
def test_directions_are_orthonormal_and_the_eigenvalues_as_asked(dimension, angle):
    settings = bowl_settings(dimension=dimension, angle=angle, sharpness=3.0)
    values, directions, _ = parts(settings)
    np.testing.assert_allclose(directions.T @ directions, np.eye(dimension), atol=1e-12)
    np.testing.assert_allclose(values, np.geomspace(3.0, 3.0 / 8.0, dimension), rtol=1e-12)
    np.testing.assert_allclose(np.linalg.eigvalsh(hessian(settings)), values[::-1], rtol=1e-12)


@pytest.mark.parametrize("angle", ANGLES)
def test_in_the_plane_the_bowl_is_turned_by_the_angle(angle):
    cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    _, directions, _ = parts(bowl_settings(angle=angle))
    np.testing.assert_allclose(directions, [[cos, -sin], [sin, cos]], atol=1e-12)


@every_shape
@pytest.mark.parametrize("learning_rate", [0.4, 1.9, 2.1])
def test_path_and_loss_are_those_of_gradient_descent_with_the_full_matrix(history_of, dimension, angle, learning_rate):
    settings = bowl_settings(dimension=dimension, angle=angle, learning_rate=learning_rate)
    history, matrix = history_of(Bowl(), [settings]), hessian(settings)
    theta = parts(settings)[2]
    for step in range(settings.steps + 1):
        np.testing.assert_allclose(history["theta"][step, 0], theta, rtol=1e-8, atol=1e-11)
        assert history["loss"][step, 0] == pytest.approx(theta @ matrix @ theta / 2, rel=1e-8)
        theta = theta - learning_rate * matrix @ theta


@every_shape
def test_each_amplitude_follows_its_own_closed_form(history_of, dimension, angle):
    """a_i(t) = (1 - eta lambda_i)^t a_i(0): the eigen-directions do not hear of each other."""
    settings = bowl_settings(dimension=dimension, angle=angle, learning_rate=2.1, steps=40)
    values, directions, start = parts(settings)
    expected = (1 - 2.1 * values) ** np.arange(41)[:, None] * (directions.T @ start)
    # The growing direction reaches 1.1^40 = 45: rounding of that size leaks into the others.
    np.testing.assert_allclose(history_of(Bowl(), [settings])["amplitude"][:, 0], expected, rtol=1e-9, atol=1e-12)


@every_shape
def test_the_limit_is_two_over_the_largest_eigenvalue_however_turned(history_of, dimension, angle):
    limit = 2 / np.linalg.eigvalsh(hessian(bowl_settings(dimension=dimension, angle=angle, sharpness=3.0))).max()
    rates = [0.99 * limit, 1.01 * limit]
    shape = {"dimension": dimension, "angle": angle, "sharpness": 3.0, "steps": 1500}
    loss = history_of(Bowl(), [bowl_settings(learning_rate=rate, **shape) for rate in rates])["loss"]
    assert loss[-1, 0] < 1e-9 * loss[0, 0]
    assert loss[-1, 1] > 1e9 * loss[0, 1]


@pytest.mark.parametrize("rate", [1.99, 2.0, 2.01])
def test_turning_the_bowl_with_the_start_changes_no_loss(history_of, rate):
    """A start along the sharpest direction; turned by any angle, the losses stay what they were."""
    lanes = []
    for angle in ANGLES:
        cos, sin = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
        start = {"start_x": 2 * cos - sin, "start_y": 2 * sin + cos}
        lanes.append(bowl_settings(EachItsOwn, angle=angle, **start, learning_rate=rate))
    loss = history_of(Bowl(), lanes)["loss"]
    np.testing.assert_allclose(loss, np.broadcast_to(loss[:, :1], loss.shape), rtol=1e-9)


def test_along_the_flat_direction_alone_the_step_may_be_larger(history_of):
    """The limit belongs to a direction: a start along lambda_min = 1/8 withstands eta = 10 until rounding leaks."""
    settings = bowl_settings(angle=0.0, start_x=0.0, start_y=1.0, learning_rate=10.0, steps=30)
    history = history_of(Bowl(), [settings])
    np.testing.assert_allclose(history["theta"][:, 0, 1], (1 - 10 / 8) ** np.arange(31), rtol=1e-9)
    leaning = settings.with_value("start_x", 1e-12)
    assert history_of(Bowl(), [leaning])["loss"][-1, 0] > 1e9


@pytest.mark.parametrize("angle", [30.0, 45.0, -60.0])
def test_the_diagonal_of_the_hessian_gives_the_wrong_limit(history_of, angle):
    """Turned, every diagonal entry is below lambda_max: a rate under 2 / max H_ii still diverges."""
    diagonal = np.diag(hessian(bowl_settings(angle=angle))).max()
    assert diagonal < 0.8
    rate = (2 / 1.0 + 2 / diagonal) / 2
    loss = history_of(Bowl(), [bowl_settings(angle=angle, learning_rate=rate)])["loss"][:, 0]
    assert loss[-1] > 1e6 * loss[0]
    # Each coordinate by itself would have converged.
    assert (np.abs(1 - rate * np.diag(hessian(bowl_settings(angle=angle)))) < 1).all()


def test_on_the_axes_coordinates_are_eigen_directions():
    np.testing.assert_array_equal(np.diag(hessian(bowl_settings(angle=0.0))), [1.0, 1 / 8])


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("momentum", MOMENTA)
@pytest.mark.parametrize("sharpness", [0.2, 5.0])
def test_each_rule_converges_just_below_its_limit_and_diverges_just_above(history_of, rule, momentum, sharpness):
    effective = 0.0 if rule == "gradient descent" else momentum
    limit = {
        "gradient descent": 2 / sharpness,
        "heavy ball": 2 * (1 + effective) / sharpness,
        "moving average": 2 * (1 + effective) / ((1 - effective) * sharpness),
        "Nesterov": 2 * (1 + effective) / ((1 + 2 * effective) * sharpness),
    }[rule]
    assert threshold(rule, sharpness, momentum) == pytest.approx(limit)
    shape = {"optimizer": rule, "momentum": momentum, "sharpness": sharpness, "steps": 1500}
    loss = history_of(Bowl(), [bowl_settings(learning_rate=f * limit, **shape) for f in (0.99, 1.01)])["loss"]
    assert loss[-1, 0] < 1e-6 * loss[0, 0]
    assert not loss[-1, 1] < 1e6 * loss[0, 1]


def test_adam_has_no_closed_form():
    with pytest.raises(KeyError, match="Adam"):
        threshold("Adam", 1.0, 0.9)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("momentum", [0.0, 0.3, 0.9, 0.99])
def test_growth_factor_is_the_spectral_radius_of_the_companion_matrix(rule, momentum):
    """The tolerance allows for double eigenvalues, which lose half of their digits."""
    products = np.linspace(0.0, 6.0, 121)
    predicted = growth_factor(rule, torch.from_numpy(products), torch.tensor(momentum, dtype=torch.float64))
    expected = [spectral_radius(companion(rule, 2.5, product / 2.5, momentum)) for product in products]
    np.testing.assert_allclose(predicted.numpy(), expected, rtol=0, atol=1e-6)


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("momentum", MOMENTA)
def test_growth_factor_is_one_exactly_at_the_limit(rule, momentum):
    limit, beta = threshold(rule, 1.0, momentum), torch.tensor(momentum, dtype=torch.float64)
    below, at, above = growth_factor(rule, limit * torch.tensor([0.99, 1.0, 1.01], dtype=torch.float64), beta)
    assert below < 1
    assert at.item() == pytest.approx(1.0, abs=1e-12)
    assert above > 1


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("factor", [1.05, 1.5])
def test_growth_factor_is_the_growth_measured_beyond_the_limit(history_of, rule, factor):
    """Over the last 40 steps, when the fastest mode has left the others behind."""
    rate = factor * threshold(rule, 1.0, 0.9)
    settings = bowl_settings(optimizer=rule, momentum=0.9, learning_rate=rate, steps=120)
    amplitude = np.abs(history_of(Bowl(), [settings])["amplitude"][:, 0, 0])
    predicted = growth_factor(rule, torch.tensor(rate, dtype=torch.float64), torch.tensor(0.9, dtype=torch.float64))
    assert (amplitude[120] / amplitude[80]) ** (1 / 40) == pytest.approx(predicted.item(), rel=1e-3)


def test_lanes_of_different_shape_and_rule_go_their_own_ways(history_of):
    lanes = [
        bowl_settings(EachItsOwn, optimizer=rule, angle=angle, sharpness=sharpness, learning_rate=0.5)
        for rule, angle, sharpness in zip(RULES, ANGLES, (0.5, 1.0, 2.0, 3.0), strict=False)
    ]
    together = history_of(Bowl(), lanes)["theta"]
    for lane, settings in enumerate(lanes):
        np.testing.assert_allclose(together[:, lane], history_of(Bowl(), [settings])["theta"][:, 0], rtol=1e-12)


@pytest.mark.parametrize("field", ["sharpness", "condition_number", "angle", "start_x", "start_y", "dimension"])
def test_all_lanes_have_one_bowl_and_one_start_as_the_picture_shows_one(field):
    with pytest.raises(SettingError, match="must be the same in all lanes"):
        Lanes([bowl_settings(), bowl_settings(**{field: 3})])
