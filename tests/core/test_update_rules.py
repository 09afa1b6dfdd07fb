"""Each update rule follows torch.optim step for step; a mixture of rules is the rules apart."""

import math

import pytest
import torch

from lessons.core.lanes import Lanes, lanes_of_each
from lessons.core.rules import RULES, Adam, HeavyBall, Hyperparameters, MovingAverage, Nesterov, Place, Quickprop
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import Settings, setting

STEPS, CHANGE_AT = 60, 25
RATES = torch.tensor([0.01, 0.03, 0.05], dtype=torch.float64)
MOMENTA = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)
BETA_2 = 0.99


class PlainQuickprop(torch.optim.Optimizer):
    """Fahlman's rule coordinate by coordinate, case by case, in plain Python."""

    def __init__(self, parameters: list[torch.Tensor], lr: float):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self) -> None:
        (p,), lr = self.param_groups[0]["params"], self.param_groups[0]["lr"]
        before = self.state[p].setdefault("before", [(0.0, 0.0)] * len(p))
        for i, slope in enumerate(p.grad.tolist()):
            earlier, last = before[i]
            if last == 0:
                move = -lr * slope
            elif slope * earlier > 0 and abs(slope) >= abs(earlier):
                move = 1.75 * last
            else:
                move = slope / (earlier - slope) * last
                move = 1.75 * last if abs(move) > 1.75 * abs(last) else move
            before[i] = (slope, move)
            p[i] += move


REFERENCES = {
    "gradient descent": lambda p, eta, beta: torch.optim.SGD([p], lr=eta),
    "heavy ball": lambda p, eta, beta: torch.optim.SGD([p], lr=eta, momentum=beta),
    "moving average": lambda p, eta, beta: torch.optim.SGD([p], lr=eta * (1 - beta), momentum=beta),
    "Nesterov": lambda p, eta, beta: torch.optim.SGD([p], lr=eta, momentum=beta, nesterov=True),
    "AdaGrad": lambda p, eta, beta: torch.optim.Adagrad([p], lr=eta),
    "RMSProp": lambda p, eta, beta: torch.optim.RMSprop([p], lr=eta, alpha=BETA_2),
    "Adam": lambda p, eta, beta: torch.optim.Adam([p], lr=eta, betas=(beta, BETA_2), eps=1e-8),
    "AdamW": lambda p, eta, beta: torch.optim.AdamW([p], lr=eta, betas=(beta, BETA_2), eps=1e-8, weight_decay=0.01),
    "Quickprop": lambda p, eta, beta: PlainQuickprop([p], lr=eta),
}
# Small numbers over small numbers: a start of Adam moved by 1e-15 ends up 2e-11 away.
TOLERANCE = {"Adam": 1e-10, "AdamW": 1e-10, "RMSProp": 1e-11, "Quickprop": 1e-9}


def start(lanes: int = 3) -> torch.Tensor:
    return torch.randn(lanes, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def gradient(theta: torch.Tensor) -> torch.Tensor:
    """A non-linear field that couples coordinates and keeps the path bounded."""
    return theta**3 - theta + 0.5 * theta.roll(1, -1)


def hyperparameters(rates: torch.Tensor, momenta: torch.Tensor) -> Hyperparameters:
    return Hyperparameters(rates[:, None], momenta[:, None], beta_2=BETA_2)


def path(names: list[str], theta: torch.Tensor, rates: torch.Tensor, momenta: torch.Tensor) -> torch.Tensor:
    """Positions after each step, (STEPS, K, P); learning rates double in flight."""
    optimizer, positions = LaneOptimizer(names), []
    for step in range(STEPS):
        factor = 2 if step >= CHANGE_AT else 1
        place = Place(theta, torch.zeros(len(theta)))
        theta = theta + optimizer.update(gradient(theta), hyperparameters(factor * rates, momenta), place)
        positions.append(theta)
    return torch.stack(positions)


def reference_path(rule: str, theta: torch.Tensor, rate: float, momentum: float) -> torch.Tensor:
    parameter = theta.clone().requires_grad_()
    optimizer, positions = REFERENCES[rule](parameter, rate, momentum), []
    for step in range(STEPS):
        if step == CHANGE_AT:
            optimizer.param_groups[0]["lr"] *= 2
        parameter.grad = gradient(parameter.detach())
        optimizer.step()
        positions.append(parameter.detach().clone())
    return torch.stack(positions)


def test_every_rule_has_a_reference():
    assert REFERENCES.keys() == {name for name, rule in RULES.items() if not rule.needs_objective}


@pytest.mark.parametrize("rule", REFERENCES)
def test_rule_equals_torch_optim_step_for_step(rule):
    """Three lanes, each with its own learning rate and momentum, the learning rate changed in flight."""
    measured = path([rule] * 3, start(), RATES, MOMENTA)
    for lane in range(3):
        expected = reference_path(rule, start()[lane], RATES[lane].item(), MOMENTA[lane].item())
        torch.testing.assert_close(measured[:, lane], expected, rtol=0, atol=TOLERANCE.get(rule, 1e-13))


def test_moving_average_is_the_heavy_ball_with_a_learning_rate_one_minus_beta_times_as_large():
    average = path(["moving average"] * 3, start(), RATES / (1 - MOMENTA), MOMENTA)
    torch.testing.assert_close(average, path(["heavy ball"] * 3, start(), RATES, MOMENTA), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rule", ["heavy ball", "moving average", "Nesterov"])
def test_without_momentum_every_rule_is_gradient_descent(rule):
    none = torch.zeros(3, dtype=torch.float64)
    plain = path(["gradient descent"] * 3, start(), RATES, none)
    torch.testing.assert_close(path([rule] * 3, start(), RATES, none), plain)


def test_mixed_rules_equal_separate_ones():
    names = [
        "Adam",
        "heavy ball",
        "gradient descent",
        "Adam",
        "Nesterov",
        "AdaGrad",
        "heavy ball",
        "RMSProp",
        "RMSProp",
    ]
    rates, momenta = torch.linspace(0.01, 0.07, 9).double(), torch.linspace(0.1, 0.9, 9).double()
    mixed = path(names, start(9), rates, momenta)
    for k, name in enumerate(names):
        alone = path([name], start(9)[k : k + 1], rates[k : k + 1], momenta[k : k + 1])
        torch.testing.assert_close(mixed[:, k], alone[:, 0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
@pytest.mark.parametrize("rule", [*REFERENCES, "mixed"])
def test_a_lane_that_is_not_finite_leaves_its_neighbours_alone(rule, spoilt):
    names = ["Adam", "heavy ball", "Adam"] if rule == "mixed" else [rule] * 3
    begin = start()
    begin[1] = spoilt
    measured = path(names, begin, RATES, MOMENTA)
    assert torch.equal(measured[:, [0, 2]], path(names, start(), RATES, MOMENTA)[:, [0, 2]])
    assert not measured[:, 1].isfinite().any()


def test_adam_corrects_its_bias_also_when_beta_1_changes_in_flight():
    """The corrected mean of a constant gradient is that gradient: each step is eta times its sign."""
    constant = torch.tensor([[3.0, -0.5, 1e-3]], dtype=torch.float64)
    rule, rate = Adam(), torch.tensor([[0.1]], dtype=torch.float64)
    for momentum in (0.9, 0.9, 0.5, 0.99, 0.0, 0.9):
        update = rule.update(constant, Hyperparameters(rate, torch.full_like(rate, momentum)))
        torch.testing.assert_close(update, -0.1 * constant.sign(), rtol=1e-4, atol=0)


@pytest.mark.parametrize(
    ("curvature", "learning_rate", "gradient_steps"),
    [(1.0, 0.5, 1), (4.0, 0.24, 1), (1.0, 1 / 2.75, 1), (1.0, 1.9, 1), (1.0, 0.3, 2), (1.0, 0.05, 4)],
)
@pytest.mark.claim(6)
def test_quickprop_jumps_to_the_minimum_of_a_parabola_as_soon_as_its_growth_limit_lets_it(
    curvature, learning_rate, gradient_steps
):
    """After a gradient step eta g the minimum is (1 - eta lambda) / (eta lambda) times as far again.

    That is within the limit 1.75 if eta lambda >= 1 / 2.75; else steps grow by 1.75 until it is.
    """
    rule, theta = Quickprop(), torch.tensor([[3.0, -2.0]], dtype=torch.float64)
    h = Hyperparameters(torch.tensor([[learning_rate]]).double(), torch.zeros(1, 1).double())
    for _ in range(gradient_steps):
        theta = theta + rule.update(curvature * theta, h)
        assert theta.abs().min() > 0.01
    theta = theta + rule.update(curvature * theta, h)
    torch.testing.assert_close(theta, torch.zeros_like(theta), rtol=0, atol=1e-14)


@pytest.mark.claim(6)
def test_quickprop_takes_each_coordinate_by_itself():
    """Curvatures 0.5, 2 and 7 are different parabolas: one jump reaches all three minima."""
    curvatures, rule = torch.tensor([[0.5, 2.0, 7.0]], dtype=torch.float64), Quickprop()
    theta = torch.tensor([[1.0, -2.0, 3.0]], dtype=torch.float64)
    h = Hyperparameters(torch.tensor([[0.8]]).double(), torch.zeros(1, 1).double())
    for _ in range(2):
        theta = theta + rule.update(curvatures * theta, h)
    torch.testing.assert_close(theta, torch.zeros_like(theta), rtol=0, atol=1e-12)


@pytest.mark.parametrize("rule", [HeavyBall, MovingAverage, Nesterov])
def test_what_is_carried_is_the_update_that_a_vanishing_gradient_would_leave(rule):
    """For Nesterov, whose theta is the look-ahead point, the next update is beta times what is carried."""
    moving, theta, h = rule(), start(), hyperparameters(RATES, MOMENTA)
    assert torch.equal(torch.as_tensor(moving.carried(h)).expand(3, 1), torch.zeros(3, 1))
    for _ in range(3):
        theta = theta + moving.update(gradient(theta), h)
    carried = moving.carried(h) * (MOMENTA[:, None] if moving.looks_ahead else 1)
    torch.testing.assert_close(moving.update(torch.zeros_like(theta), h), carried)


@pytest.mark.claim(5)
def test_nesterov_asks_for_the_gradient_at_the_look_ahead_point():
    """In the form of Sutskever et al. 2013: x + beta w is asked, w <- beta w - eta g, x <- x + w."""
    rule, theta, h = Nesterov(), start(), hyperparameters(RATES, MOMENTA)
    x, w = start(), torch.zeros_like(theta)
    for _ in range(STEPS):
        torch.testing.assert_close(theta, x + MOMENTA[:, None] * w)
        torch.testing.assert_close(torch.as_tensor(rule.carried(h)).expand_as(w), MOMENTA[:, None] * w)
        theta = theta + rule.update(gradient(theta), h)
        w = MOMENTA[:, None] * w - RATES[:, None] * gradient(x + MOMENTA[:, None] * w)
        x = x + w


class Some(Settings):
    """A lesson's settings with one of the optional fields."""

    learning_rate: float = setting(0.1, label="rate", doc="Size.", low=0.0, high=1.0)
    momentum: float = setting(0.9, label="momentum", doc="Share.", low=0.0, high=1.0)
    damping: float = setting(0.5, label="damping", doc="Added.", low=0.0, high=9.0)


def test_hyperparameters_are_read_from_the_lanes_and_else_are_those_of_torch_optim():
    h = Hyperparameters.of(Lanes([Some(), Some(damping=2.0)]), torch.zeros(1, dtype=torch.float32))
    assert (h.damping.tolist(), h.damping.dtype) == ([[0.5], [2.0]], torch.float32)
    default = torch.optim.AdamW([torch.zeros(1)]).defaults
    assert (h.beta_2, h.weight_decay) == (default["betas"][1], default["weight_decay"])
    assert h.rows(slice(1, 2)).damping.tolist() == [[2.0]]
    assert h.rows(torch.tensor([1, 0])).beta_2 == h.beta_2


def test_lanes_of_each_finds_every_lane_once():
    names = ["b", "a", "a", "b", "c"]
    rows = torch.arange(5)
    found = {name: rows[lanes].tolist() for name, lanes in lanes_of_each(names).items()}
    assert found == {"b": [0, 3], "a": [1, 2], "c": [4]}
    assert isinstance(lanes_of_each(names)["a"], slice)
