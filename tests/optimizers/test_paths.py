"""Claims 2, 3, 5 and 6: each optimizer's path over a surface is that of torch.optim or of a closed form."""

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.rules import RULES
from lessons.optimizers.race import SURFACES, Race
from lessons.optimizers.settings import RaceSettings
from tests.optimizers.closed_forms import quickprop_jump
from tests.optimizers.references import GRADIENT_OPTIMIZERS, lbfgs

STEPS = 80
SHAPE = {"condition_number": 30.0, "angle": 25.0, "momentum": 0.8, "beta_2": 0.95, "weight_decay": 0.3}
RATES = {"quadratic": 0.2, "Rosenbrock": 2e-4, "Beale": 2e-3, "saddle": 0.1, "two minima": 0.03, "net": 0.2}
OPTIMIZERS = {**GRADIENT_OPTIMIZERS, "L-BFGS": lbfgs}
# Where a path divides small numbers by small numbers, or a line search decides on them, rounding grows along it.
TOLERANCE = {"L-BFGS": 1e-7, "Adam": 1e-9, "AdamW": 1e-9, "RMSProp": 1e-9, "AdaGrad": 1e-11}


def settings(surface: str, optimizer: str, **values) -> RaceSettings:
    start = dict(zip(("start_x", "start_y"), SURFACES[surface](Lanes([RaceSettings()])).start, strict=True))
    rate = 1.0 if optimizer in ("L-BFGS", "Newton") else RATES[surface]
    return RaceSettings(
        **{
            **SHAPE,
            "surface": surface,
            "optimizer": optimizer,
            "learning_rate": rate,
            "steps": STEPS,
            **start,
            **values,
        }
    )


def reference(lane: RaceSettings) -> tuple[np.ndarray, np.ndarray]:
    """Loss (T,) and theta (T, 2) of torch.optim."""
    surface = SURFACES[lane.surface](Lanes([lane]))
    theta = torch.tensor([[lane.start_x, lane.start_y]], dtype=torch.float64, requires_grad=True)
    optimizer, losses, path = OPTIMIZERS[lane.optimizer]([theta], lane), [], []

    def closure() -> torch.Tensor:
        loss, theta.grad = surface.loss_and_gradient(theta.detach())
        return loss[0]

    for _ in range(lane.steps + 1):
        losses.append(closure().item())
        path.append(theta.detach()[0].clone())
        optimizer.step(closure)
    return np.array(losses), torch.stack(path).numpy()


def test_every_rule_is_compared():
    assert {*OPTIMIZERS, "Newton", "Quickprop"} == {*RULES}


@pytest.fixture(scope="module")
def races(history_of) -> dict[str, dict[str, tuple[np.ndarray, np.ndarray]]]:
    """All optimizers as lanes of one run, on each surface: loss (T,) and theta (T, 2)."""
    found = {}
    for surface in SURFACES:
        history = history_of(Race(), [settings(surface, optimizer) for optimizer in OPTIMIZERS])
        found[surface] = {o: (history["loss"][:, k], history["theta"][:, k]) for k, o in enumerate(OPTIMIZERS)}
    return found


@pytest.mark.claim(2)
@pytest.mark.parametrize("surface", SURFACES)
@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_path_is_that_of_torch_optim_step_for_step(races, surface, optimizer):
    loss, theta = races[surface][optimizer]
    expected_loss, expected_theta = reference(settings(surface, optimizer))
    tolerance = TOLERANCE.get(optimizer, 1e-12)
    np.testing.assert_allclose(theta, expected_theta, rtol=0, atol=tolerance)
    np.testing.assert_allclose(loss, expected_loss, rtol=100 * tolerance, atol=100 * tolerance)
    assert np.abs(theta[-1] - theta[0]).max() > 1e-3


@pytest.mark.claim(2)
@pytest.mark.parametrize(
    ("surface", "start"), [("Rosenbrock", (-1.7, -0.6)), ("Beale", (4.0, -1.5)), ("Beale", (0, 0))]
)
@pytest.mark.parametrize("first_length", [1.0, 1e-3, 30.0])
def test_lbfgs_makes_the_trials_of_torch_optim_also_from_bad_first_lengths(history_of, surface, start, first_length):
    """Short first lengths make it extrapolate, long ones make it zoom."""
    lane = settings(
        surface, "L-BFGS", learning_rate=first_length, start_x=float(start[0]), start_y=float(start[1]), steps=25
    )
    history, (_, expected) = history_of(Race(), [lane]), reference(lane)
    np.testing.assert_allclose(history["theta"][:, 0], expected, rtol=0, atol=1e-7)


@pytest.mark.claim(3)
@pytest.mark.parametrize("surface", SURFACES)
def test_the_moving_average_is_the_heavy_ball_at_a_learning_rate_one_minus_beta_times_as_large(history_of, surface):
    """SET RIGHT: "0.9 old + 0.1 new" and PyTorch's momentum differ at one learning rate by 1 - beta, and in no more."""
    rate = RATES[surface] / 2
    lanes = [settings(surface, "heavy ball", learning_rate=rate)]
    lanes += [settings(surface, "moving average", learning_rate=r) for r in (rate / (1 - 0.8), rate)]
    theta = history_of(Race(), lanes)["theta"]
    np.testing.assert_allclose(theta[:, 1], theta[:, 0], rtol=0, atol=1e-12)
    assert np.abs(theta[:, 2] - theta[:, 0]).max() > 0.05
    np.testing.assert_allclose(theta[1, 2] - theta[0, 2], (theta[1, 0] - theta[0, 0]) * (1 - 0.8), rtol=1e-9)


@pytest.mark.claim(5)
@pytest.mark.parametrize("surface", SURFACES)
def test_nesterov_takes_its_gradient_where_the_velocity_will_have_carried_the_ball(history_of, surface):
    """ball -> ball + carried is the velocity's arrow; heavy ball asks at its tail, Nesterov at its head."""
    lanes = [settings(surface, "heavy ball"), settings(surface, "Nesterov")]
    history, objective = history_of(Race(), lanes), SURFACES[surface](Lanes(lanes))
    head = history["ball"] + history["carried"]
    np.testing.assert_array_equal(history["theta"][:, 0], history["ball"][:, 0])
    np.testing.assert_allclose(history["theta"][:, 1], head[:, 1], rtol=0, atol=1e-14)
    assert np.abs(history["carried"][1:, 1]).max() > 1e-3
    for t in (1, 7, 40):
        asked = torch.from_numpy(np.stack([history["ball"][t, 0], head[t, 1]]))
        np.testing.assert_allclose(history["gradient"][t], objective.gradient(asked), rtol=1e-7, atol=1e-10)


@pytest.mark.claim(5)
@pytest.mark.parametrize("optimizer", ["heavy ball", "Nesterov"])
@pytest.mark.parametrize("surface", SURFACES)
def test_the_ball_moves_by_what_is_carried_and_a_gradient_step(history_of, surface, optimizer):
    history, eta = history_of(Race(), [settings(surface, optimizer)]), RATES[surface]
    moved = history["ball"][:-1] + history["carried"][:-1] - eta * history["gradient"][:-1]
    np.testing.assert_allclose(history["ball"][1:], moved, rtol=0, atol=1e-12)


@pytest.mark.claim(6)
@pytest.mark.parametrize("condition_number", [1.0, 30.0, 1e4])
@pytest.mark.parametrize("angle", [0.0, 40.0])
def test_newton_reaches_the_minimum_of_a_quadratic_in_one_step(history_of, condition_number, angle):
    lane = settings("quadratic", "Newton", condition_number=condition_number, angle=angle, steps=3)
    theta = history_of(Race(), [lane])["theta"][:, 0]
    assert np.abs(theta[0]).max() > 2
    assert np.abs(theta[1:]).max() < 1e-9


@pytest.mark.claim(6)
@pytest.mark.parametrize("damping", [0.0, 0.05, 1.0])
@pytest.mark.parametrize("surface", SURFACES)
def test_damped_newton_solves_h_plus_delta_i(history_of, surface, damping):
    lane = settings(surface, "Newton", damping=damping, learning_rate=0.5, steps=6)
    history, objective = history_of(Race(), [lane]), SURFACES[surface](Lanes([lane]))
    for t in range(6):
        theta = torch.from_numpy(history["theta"][t])
        matrix = objective.hessian(theta)[0].numpy() + damping * np.eye(2)
        expected = theta[0].numpy() - 0.5 * np.linalg.inv(matrix) @ objective.gradient(theta)[0].numpy()
        np.testing.assert_allclose(history["theta"][t + 1, 0], expected, rtol=1e-9, atol=1e-9)


@pytest.mark.claim(6)
def test_a_singular_hessian_stops_its_own_lane_only(history_of):
    """At y = 1/sqrt(3) the saddle's second curvature is 0; with damping, or elsewhere, the step is finite."""
    flat = 3**-0.5
    lanes = [settings("two minima", "Newton", start_x=flat, damping=d, steps=2) for d in (0.0, 0.5)]
    hessian = SURFACES["two minima"](Lanes(lanes)).hessian(torch.tensor([[flat, 1.5]] * 2, dtype=torch.float64))
    assert hessian[0, 0, 0].abs() < 1e-14
    theta = history_of(Race(), lanes)["theta"]
    assert not np.abs(theta[1, 0]).max() < 1e12
    np.testing.assert_array_equal(theta[:, 1], history_of(Race(), lanes[1:])["theta"][:, 0])
    assert np.isfinite(theta[:, 1]).all()


@pytest.mark.claim(6)
@pytest.mark.parametrize("eta", [0.4, 0.7, 0.99])
@pytest.mark.parametrize("condition_number", [1.0, 2.4])
def test_quickprop_jumps_to_the_minimum_of_a_separable_parabola(history_of, eta, condition_number):
    """Both jumps are within the growth limit as eta / kappa >= 1 / 2.75."""
    condition_number = min(condition_number, eta * 2.75 * 0.999)
    lane = settings(
        "quadratic", "Quickprop", learning_rate=eta, angle=0.0, condition_number=max(condition_number, 1.0), steps=2
    )
    theta = history_of(Race(), [lane])["theta"][:, 0]
    assert np.abs(theta[1]).max() > 0.02
    assert np.abs(theta[2]).max() < 1e-13
    first = theta[1] - theta[0]
    np.testing.assert_allclose((theta[2] - theta[1])[0] / first[0], quickprop_jump(eta), rtol=1e-9)


@pytest.mark.claim(6)
def test_quickprop_takes_longer_where_the_parabola_is_not_separable(history_of):
    """Turned by 40 degrees, each coordinate's slope also moves with the other coordinate."""
    lanes = [settings("quadratic", "Quickprop", learning_rate=0.7, condition_number=1.9, angle=a) for a in (0.0, 40.0)]
    theta = np.concatenate([history_of(Race(), [lane])["theta"] for lane in lanes], axis=1)
    distance = np.abs(theta).max(axis=2)
    assert distance[2, 0] < 1e-13
    assert distance[2, 1] > 0.01
    assert distance[-1, 1] < 1e-6


@pytest.mark.claim(2)
def test_gradient_noise_turns_descent_into_stochastic_descent_around_the_stationary_spread(history_of):
    """Along curvature lambda the variance tends to eta sigma^2 / (lambda (2 - eta lambda)).

    512 lanes of own seeds: the sample variance has relative standard error sqrt(2 / 512); allowed are four.
    """
    lane = settings("quadratic", "gradient descent", learning_rate=0.3, gradient_noise=0.5, condition_number=1.0)
    lanes = [lane.with_value("seed", seed) for seed in range(512)]
    last = history_of(Race(), lanes)["theta"][-1]
    expected = 0.3 * 0.5**2 / (2 - 0.3)
    np.testing.assert_allclose(last.var(axis=0), expected, rtol=4 * np.sqrt(2 / 512))
    assert np.abs(last.mean(axis=0)).max() < 4 * np.sqrt(expected / 512)


@pytest.mark.claim(2)
def test_lanes_of_one_seed_get_the_same_noise_and_the_others_their_own(history_of):
    lanes = [settings("quadratic", "gradient descent", gradient_noise=s, seed=k, steps=300) for s, k in
             ((0.5, 3), (1.0, 3), (0.5, 4), (0.0, 3))]  # fmt: skip
    history, objective = history_of(Race(), lanes), SURFACES["quadratic"](Lanes(lanes))
    theta = torch.from_numpy(history["theta"])
    noise = history["gradient"] - np.stack([objective.gradient(t).numpy() for t in theta])
    np.testing.assert_allclose(noise[:, 1], 2 * noise[:, 0], atol=1e-12)
    assert np.abs(noise[:, 3]).max() == 0
    assert abs(np.corrcoef(noise[:, 0].ravel(), noise[:, 2].ravel())[0, 1]) < 4 / np.sqrt(600)
    assert len(np.unique(noise[:, 0, 0])) == 301


def own_heavy_ball(gradient, state, learning_rate, momentum):
    state["v"] = momentum * state.get("v", 0.0) + gradient
    return -learning_rate * state["v"]


def own_failure(gradient, state, learning_rate, momentum):
    raise RuntimeError("too steep for me")


def test_a_rule_of_ones_own_races_beside_the_others():
    lanes = [settings("Rosenbrock", rule) for rule in ("heavy ball", "your own", "Adam", "your own")]
    *_, last = Race().run(Lanes(lanes, own=own_heavy_ball))
    np.testing.assert_allclose(last["theta"][[1, 3]], last["theta"][[0, 0]], rtol=0, atol=1e-12)
    assert last.failures == {}


def test_a_rule_of_ones_own_that_fails_stops_its_lane_alone_and_says_why():
    lanes = [settings("Rosenbrock", rule) for rule in ("heavy ball", "your own", "Adam")]
    *_, last = Race().run(Lanes(lanes, own=own_failure))
    *_, without = Race().run(Lanes([lanes[0], lanes[2]]))
    assert torch.equal(last["theta"][[0, 2]], without["theta"])
    assert last["theta"][1].isnan().all()
    assert "too steep for me" in last.failures[1]
    assert list(last.failures) == [1]
