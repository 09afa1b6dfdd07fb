"""Claim 90: adaptive rules have an edge, too: that of the Hessian divided as they divide the gradient."""

import numpy as np
import pytest
import torch

from lessons.core.curvature.sharpness import preconditioned
from lessons.core.lanes import Lanes
from lessons.core.rules import Adam, GradientDescent, HeavyBall, Hyperparameters, MovingAverage, RMSProp
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.rules.stability import divides, limit_factor
from lessons.core.run import Run
from lessons.divergence.net import Net, NetTraining
from lessons.divergence.settings import NetSettings
from lessons.schedules.net import ScheduledNet
from lessons.schedules.settings import ScheduledNetSettings
from tests.dense_hessian import dense_eigenvalues
from tests.played import played
from widgets.labs.divergence.net import NetView

pytestmark = pytest.mark.claim(90)

BETA_1, BETA_2, EPSILON = 0.9, 0.99, 1e-8
H = Hyperparameters(torch.tensor([[0.01]], dtype=torch.float64), torch.tensor([[BETA_1]], dtype=torch.float64), BETA_2)


def gradients(count: int) -> list[torch.Tensor]:
    source = torch.Generator().manual_seed(3)
    return [torch.randn(1, 6, generator=source, dtype=torch.float64) for _ in range(count)]


def of_torch(rule: str, seen: list[torch.Tensor]) -> torch.Tensor:
    """P after these gradients, from what torch.optim remembers."""
    parameter = torch.zeros(6, dtype=torch.float64, requires_grad=True)
    adam = rule == "Adam"
    optimizer = (
        torch.optim.Adam([parameter], lr=0.01, betas=(BETA_1, BETA_2), eps=EPSILON)
        if adam
        else torch.optim.RMSprop([parameter], lr=0.01, alpha=BETA_2, eps=EPSILON)
    )
    for each in seen:
        parameter.grad = each[0]
        optimizer.step()
    state, t = optimizer.state[parameter], len(seen)
    if not adam:
        return state["square_avg"].sqrt() + EPSILON
    return (1 - BETA_1**t) * ((state["exp_avg_sq"] / (1 - BETA_2**t)).sqrt() + EPSILON)


@pytest.mark.parametrize(("rule", "name"), [(Adam(), "Adam"), (RMSProp(), "RMSProp")])
def test_the_preconditioner_is_what_torch_optim_divides_by_at_the_next_update(rule, name):
    seen = gradients(5)
    for t, gradient in enumerate(seen):
        before = rule.preconditioner(gradient, H)
        torch.testing.assert_close(before[0], of_torch(name, seen[: t + 1]), rtol=1e-12, atol=0)
        torch.testing.assert_close(rule.preconditioner(gradient, H), before, rtol=0, atol=0)  # asking changes nothing
        rule.update(gradient, H)


def test_rules_that_divide_by_nothing_have_none_and_stand_beside_others_with_1():
    names, gradient = ["gradient descent", "Adam", "heavy ball"], gradients(1)[0].expand(3, -1)
    h = Hyperparameters(H.learning_rate.expand(3, 1), H.momentum.expand(3, 1), BETA_2)
    by = LaneOptimizer(names).preconditioner(gradient, h)
    assert (by[[0, 2]] == 1).all()
    torch.testing.assert_close(by[1:2], Adam().preconditioner(gradient[1:2], H), rtol=0, atol=0)
    assert LaneOptimizer(["gradient descent", "heavy ball"]).preconditioner(gradient[:2], h.rows(slice(2))) is None


@pytest.mark.parametrize(("rule", "momentum"), [(Adam, 0.9), (Adam, 0.5), (RMSProp, 0.9)])
def test_at_the_limit_the_linear_recursion_turns_unstable(rule, momentum):
    """With P held, one update is a matrix on position and mean of gradients; its spectral radius passes 1 there."""
    source = torch.Generator().manual_seed(0)
    root = torch.randn(5, 5, generator=source, dtype=torch.float64)
    hessian, by = root @ root.T, 0.1 + torch.rand(5, generator=source, dtype=torch.float64)
    top = dense_eigenvalues(
        lambda _: preconditioned(lambda v: v @ hessian, by.expand(5, -1)), torch.zeros(1, 5, dtype=torch.float64)
    ).max()
    kept = momentum if rule is Adam else 0.0  # of the mean of gradients

    def radius(rate: float) -> float:
        mean = torch.cat([(1 - kept) * hessian, kept * torch.eye(5, dtype=torch.float64)], 1)
        position = torch.cat([torch.eye(5, dtype=torch.float64), torch.zeros(5, 5, dtype=torch.float64)], 1)
        position = position - rate / by[:, None] * mean
        return float(torch.linalg.eigvals(torch.cat([position, mean])).abs().max())

    limit = float(rule.preconditioned_limit(momentum) / top)
    assert radius(0.999 * limit) < 1 < radius(1.001 * limit)


def test_limits_are_those_of_the_paper_and_of_plain_rules_as_before():
    assert Adam.preconditioned_limit(0.9) == pytest.approx(38)
    assert RMSProp.preconditioned_limit(0.9) == 2
    assert Adam.limit(0.9) is RMSProp.limit(0.9) is None, "none on the Hessian itself"
    for rule in (GradientDescent, HeavyBall, MovingAverage):
        assert rule.preconditioned_limit(0.9) == rule.limit(0.9)
    lanes = Lanes([NetSettings(optimizer=name) for name in ("gradient descent", "Adam", "RMSProp")])
    assert [divides(lanes, lane) for lane in range(3)] == [False, True, True]
    assert [limit_factor(lanes, lane) for lane in range(3)] == [2.0, None, None]


@pytest.mark.parametrize("optimizer", ["Adam", "RMSProp"])
def test_the_preconditioned_sharpness_is_the_top_of_the_dense_matrix(optimizer):
    settings = NetSettings(optimizer=optimizer, learning_rate=0.003, width=2, depth=1, train_size=40, steps=30)
    training = NetTraining(Lanes([settings]))
    for measured in Run(Net(), Lanes([settings])):
        if measured.step not in (0, 30):
            continue
        now = measured.state
        by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(training.lanes, now.theta))

        def product_at(theta, by=by):
            return preconditioned(training.loss.hessian_at(theta), by.expand_as(theta))

        dense = dense_eigenvalues(product_at, now.theta).max().item()
        assert measured["preconditioned_sharpness"].item() == pytest.approx(dense, rel=0.02)


def test_where_nothing_is_divided_it_is_the_sharpness_also_beside_adam():
    common = {"width": 4, "depth": 1, "train_size": 40, "steps": 20}
    lanes = [NetSettings(**common), NetSettings(**common, optimizer="Adam", learning_rate=0.003)]
    for settings in (lanes[:1], lanes):
        for measured in Run(Net(), Lanes(settings)):
            if "sharpness" in measured.values:
                assert measured["preconditioned_sharpness"][0] == measured["sharpness"][0]


# ---- what is said of nets ----

LINES = {"Adam, η = 0.005": 38 / 0.005, "Adam, η = 0.01": 38 / 0.01, "RMSProp, η = 0.001": 2 / 0.001}


def ratio(lane: str) -> np.ndarray:
    """Readings of the preconditioned sharpness over its line, (seeds, readings): every tenth step."""
    return played(NetView, "Adam's edge").of(lane, "preconditioned_sharpness")[:, ::10] / LINES[lane]


@pytest.mark.chaotic
@pytest.mark.sentence("l3_adam_edge")
@pytest.mark.parametrize("lane", [name for name in LINES if "Adam" in name])
def test_adam_comes_down_climbs_and_hovers_about_its_line(lane):
    """Measured from step 200 on: 0.83 to 1.07 of 38/eta, on average 0.936 to 0.978."""
    found = ratio(lane)
    assert (found[:, 0] > 5).all()
    assert (found[:, 1] < 0.6).all()
    assert 0.7 < found[:, 20:].min() < found[:, 20:].max() < 1.2
    assert (np.abs(found[:, 20:].mean(1) - 0.96) < 0.04).all()


@pytest.mark.chaotic
@pytest.mark.sentence("l3_adam_edge")
def test_rmsprop_is_at_its_line_at_once_and_hovers_little_above():
    """Measured from step 200 on: 0.98 to 1.11 of 2/eta, on average 1.028 to 1.035; at step 50, 1.04 to 1.2."""
    found = ratio("RMSProp, η = 0.001")
    assert (np.abs(found[:, 5] - 1.1) < 0.2).all()
    assert 0.9 < found[:, 20:].min() < found[:, 20:].max() < 1.2
    assert (np.abs(found[:, 20:].mean(1) - 1.03) < 0.02).all()


@pytest.mark.chaotic
@pytest.mark.sentence("l3_adam_raw")
def test_under_adam_the_sharpness_itself_doubles_and_sinks_again():
    """Measured at eta = 0.005: 1.9 to 2.5 times the start at most, between steps 160 and 290; at the end 4 to 13 %
    less than that."""
    top = played(NetView, "Adam's edge").of("Adam, η = 0.005", "sharpness")[:, ::10]
    rise = top.max(1) / top[:, 0]
    assert 1.6 < rise.min() < rise.max() < 3
    assert (top[:, -1] < 0.99 * top.max(1)).all()
    assert (top[:, -1] < 0.95 * top.max(1)).sum() >= 3


@pytest.mark.chaotic
@pytest.mark.sentence("l3_adam_batches")
@pytest.mark.parametrize(("batch", "low", "high"), [(32, 0.0, 0.5), (500, 0.75, 1.4)])
def test_with_mini_batches_the_preconditioned_sharpness_stays_below_its_line(batch, low, high):
    """Lesson 2's net. Measured from step 20 on, at most: 0.26 to 0.33 of 38/eta with batches of 32, 0.93 to 1.08 with
    all 500 images, which end at 0.85 to 1.06."""
    common = {"optimizer": "Adam", "learning_rate": 0.02, "batch_size": batch, "steps": 400, "sharpness_every": 20}
    lanes = Lanes([ScheduledNetSettings(**common, schedule="constant", seed=seed) for seed in range(5)])
    read = [m["preconditioned_sharpness"] for m in Run(ScheduledNet(), lanes) if "sharpness" in m.values]
    top = torch.stack(read[1:]).amax(0) * 0.02 / 38
    assert ((low < top) & (top < high)).all()
