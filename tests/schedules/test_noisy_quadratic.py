"""Claim 11: with noisy gradients the loss stays on a floor that is proportional to eta; step decay lowers it."""

import math

import numpy as np
import pytest
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.schedules.noisy_quadratic import NoisyQuadratic, eigenvalues, gradient_noise
from lessons.schedules.schedules import SCHEDULES
from lessons.schedules.settings import NoisyQuadraticSettings
from lessons.schedules.theory import expected_loss, mean_path, stationary_loss

pytestmark = pytest.mark.claim(11)

MANY = {"replicas": 512, "dimension": 3}
RATES = [0.02, 0.05, 0.1, 0.2, 0.5, 1.0, 1.8]


def curvatures(settings: NoisyQuadraticSettings) -> torch.Tensor:
    return eigenvalues(Lanes([settings]))[0]


def floor(settings: NoisyQuadraticSettings, learning_rate: float) -> float:
    eta, momentum = torch.tensor(learning_rate, dtype=torch.float64), 0.0
    if settings.optimizer == "heavy ball":
        momentum = settings.momentum
    return stationary_loss(eta, curvatures(settings), settings.noise, momentum).item()


@pytest.fixture(scope="module")
def constant(history_of) -> tuple[list[NoisyQuadraticSettings], History]:
    """A lane for each of RATES, at rest at the minimum at first, then on its floor: 1/(eta lambda_min) <= 250 steps."""
    settings = [
        NoisyQuadraticSettings(learning_rate=r, condition_number=5.0, start=0.0, steps=1000, **MANY) for r in RATES
    ]
    return settings, history_of(NoisyQuadratic(), settings)


@pytest.mark.parametrize("lane", range(len(RATES)), ids=RATES)
def test_the_floor_is_the_closed_form(constant, lane):
    """512 runs, a mean over 500 steps: the standard error is some 1 to 2 % at the smallest rates."""
    settings, history = constant
    measured = history["loss"][500:, lane].mean()
    assert measured == pytest.approx(floor(settings[lane], RATES[lane]), rel=0.05)


def test_the_floor_is_proportional_to_the_learning_rate_while_that_is_small(constant):
    floors = constant[1]["loss"][500:].mean(0)
    slope = np.polyfit(np.log(RATES[:4]), np.log(floors[:4]), 1)[0]
    assert slope == pytest.approx(1.0, abs=0.06)
    assert floors[-1] / floors[0] > 1.3 * RATES[-1] / RATES[0]  # and grows faster towards 2/lambda_max


@pytest.mark.parametrize("beta", [0.0, 0.5, 0.9])
@pytest.mark.parametrize("eta", [0.01, 0.3, 1.7])
def test_stationary_loss_solves_the_lyapunov_equation(eta, beta):
    """C = A C A' + sigma^2 b b', solved as a linear system, one eigen-direction at a time."""
    total = 0.0
    for curvature in (1.0, 0.4, 0.05):
        step = torch.tensor([[1 - eta * curvature, -eta * beta], [curvature, beta]], dtype=torch.float64)
        push = torch.tensor([[-eta], [1.0]], dtype=torch.float64) * 1.5
        system = torch.eye(4, dtype=torch.float64) - torch.kron(step, step)
        total += curvature * torch.linalg.solve(system, (push @ push.T).flatten())[0].item() / 2
    values = torch.tensor([1.0, 0.4, 0.05], dtype=torch.float64)
    assert stationary_loss(torch.tensor(eta, dtype=torch.float64), values, 1.5, beta).item() == pytest.approx(
        total, rel=1e-9
    )


@pytest.mark.parametrize(
    ("eta", "beta", "stable"), [(1.99, 0.0, True), (2.0, 0.0, False), (3.7, 0.9, True), (3.9, 0.9, False)]
)
def test_there_is_no_floor_beyond_the_limit(eta, beta, stable):
    values = torch.tensor([1.0, 0.1], dtype=torch.float64)
    assert math.isfinite(stationary_loss(torch.tensor(eta, dtype=torch.float64), values, 1.0, beta).item()) == stable


def test_without_noise_the_path_is_the_mean_path(history_of):
    settings = NoisyQuadraticSettings(noise=0.0, learning_rate=0.7, dimension=4, start=3.0, steps=60)
    expected = mean_path(torch.arange(61), 3.0, 0.7, curvatures(settings))
    np.testing.assert_allclose(history_of(NoisyQuadratic(), [settings])["position"][:, 0], expected, rtol=1e-10)


def test_with_noise_the_mean_over_runs_is_the_mean_path(history_of):
    """Within four standard errors of the mean of 1024 runs, at each of 100 steps."""
    settings = NoisyQuadraticSettings(learning_rate=0.3, dimension=3, replicas=1024, steps=100)
    clouds = torch.stack([m.snapshots["cloud"]()[0] for m in NoisyQuadratic().run(Lanes([settings]))])
    error = clouds.mean(1) - mean_path(torch.arange(101), 5.0, 0.3, curvatures(settings))
    assert (error.abs()[1:] < 4 * clouds.std(1)[1:] / 1024**0.5).all()


@pytest.mark.parametrize("rate", [0.05, 0.5, 1.9])
def test_expected_loss_equals_its_closed_form(history_of, rate):
    settings = NoisyQuadraticSettings(learning_rate=rate, dimension=4, noise=0.7, steps=300)
    found = history_of(NoisyQuadratic(), [settings])["expected_loss"][:, 0]
    np.testing.assert_allclose(found, expected_loss(torch.arange(301), 5.0, rate, curvatures(settings), 0.7), rtol=1e-9)


@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball"])
def test_expected_loss_is_the_mean_over_runs_under_every_schedule(history_of, optimizer):
    """400 runs in each lane: the loss, of one to three directions that count, has a standard error of 4 to 7 %."""
    names = [name for name in SCHEDULES if name != "divide when stuck"]
    common = {"optimizer": optimizer, "momentum": 0.8, "learning_rate": 0.3, "horizon": 150, "period": 40, "steps": 160}
    settings = [NoisyQuadraticSettings(schedule=n, dimension=3, replicas=400, **common) for n in names]
    history = history_of(NoisyQuadratic(), settings)
    ratio = history["loss"] / history["expected_loss"]
    assert np.abs(ratio - 1).max() < 0.3
    np.testing.assert_allclose(ratio.mean(0), 1, atol=0.08)


def test_expected_loss_follows_changes_in_flight():
    """A change at step 30 is the closed form of the new rate from the moments of the old one: towards its floor."""
    settings = NoisyQuadraticSettings(learning_rate=1.0, condition_number=2.0, steps=200)
    run, seen = Run(NoisyQuadratic(), Lanes([settings])), []
    for measurement in run:
        seen.append(measurement["expected_loss"].item())
        if run.step == 100:
            run.change(0, "learning_rate", 0.1)
    assert seen[100] == pytest.approx(floor(settings, 1.0), rel=1e-9)
    assert seen[101] < seen[100]
    assert seen[200] == pytest.approx(floor(settings, 0.1), rel=1e-3)


@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball"])
def test_step_decay_lowers_the_floor_at_each_drop(history_of, optimizer):
    """Each period ends on the floor of its own learning rate; a constant lane stays on the first."""
    common = {"optimizer": optimizer, "momentum": 0.5, "learning_rate": 0.8, "condition_number": 2.0, "steps": 1200}
    lanes = [
        NoisyQuadraticSettings(schedule=name, period=400, decay_factor=0.2, replicas=256, **common)
        for name in ("step decay", "constant")
    ]
    tails = history_of(NoisyQuadratic(), lanes)["loss"][:1200].reshape(3, 400, 2)[:, 200:].mean(1)
    for drop in range(3):
        assert tails[drop, 0] == pytest.approx(floor(lanes[0], 0.8 * 0.2**drop), rel=0.06)
        assert tails[drop, 1] == pytest.approx(floor(lanes[1], 0.8), rel=0.06)


def test_divide_when_stuck_finds_the_floor_by_itself_and_leaves_it(history_of):
    """A single noisy run: it is divided only once the descent is over, and ends far below the first floor."""
    settings = [
        NoisyQuadraticSettings(
            schedule="divide when stuck",
            learning_rate=0.5,
            patience=60,
            replicas=1,
            dimension=10,
            steps=2500,
            seed=seed,
        )
        for seed in range(6)
    ]
    history = history_of(NoisyQuadratic(), settings)
    dropped = (history["learning_rate"] < 0.5).argmax(0)
    assert (dropped > 50).all()
    assert (history["learning_rate"][-1] < 0.1).all()
    assert (history["loss"][-300:].mean(0) < 0.3 * floor(settings[0], 0.5)).all()


def test_momentum_raises_the_floor_as_a_larger_learning_rate_would(history_of):
    """For small eta lambda, heavy ball at eta has the floor of plain descent at eta / (1 - beta)."""
    common = {"replicas": 512, "condition_number": 2.0, "start": 0.0, "steps": 1200}
    plain = NoisyQuadraticSettings(learning_rate=0.1, **common)
    heavy = NoisyQuadraticSettings(learning_rate=0.02, optimizer="heavy ball", momentum=0.8, **common)
    tails = history_of(NoisyQuadratic(), [plain, heavy])["loss"][400:].mean(0)
    assert tails[1] == pytest.approx(tails[0], rel=0.08)
    assert tails[1] == pytest.approx(floor(heavy, 0.02), rel=0.04)


def test_lanes_of_one_seed_share_their_noise_and_replicas_do_not():
    lanes = Lanes([NoisyQuadraticSettings(seed=seed, replicas=1000) for seed in (4, 5, 4)])
    one, other, same = gradient_noise(lanes, 3)
    assert torch.equal(one, same)
    assert not torch.equal(one, gradient_noise(lanes, 4)[0])
    for pair in ((one, other), (one[:500], one[500:])):
        assert abs(torch.corrcoef(torch.stack([part.flatten() for part in pair]))[0, 1]) < 0.1


def test_a_batch_divides_the_variance_of_the_noise():
    """By the closed form; and a run with B samples is, number by number, one with the noise divided by the root."""
    common = {"learning_rate": 0.2, "replicas": 4, "steps": 20}
    run = Run(NoisyQuadratic(), Lanes([NoisyQuadraticSettings(batch_size=9, noise=3.0, **common)]))
    alone = Run(NoisyQuadratic(), Lanes([NoisyQuadraticSettings(noise=1.0, **common)]))
    for one, other in zip(run, alone, strict=True):
        torch.testing.assert_close(one["position"], other["position"], rtol=1e-12, atol=0)
        torch.testing.assert_close(one["expected_loss"], other["expected_loss"], rtol=1e-12, atol=0)
