"""Each update rule follows torch.optim step for step; a mixture of rules is the rules apart."""

import math

import pytest
import torch

from lessons.core.update_rules import UPDATE_RULES, Adam, Hyperparameters, LaneOptimizer

STEPS, CHANGE_AT = 60, 25
RATES = torch.tensor([0.01, 0.03, 0.05], dtype=torch.float64)
MOMENTA = torch.tensor([0.9, 0.5, 0.2], dtype=torch.float64)

REFERENCES = {
    "gradient descent": lambda p, eta, beta: torch.optim.SGD([p], lr=eta),
    "heavy ball": lambda p, eta, beta: torch.optim.SGD([p], lr=eta, momentum=beta),
    "moving average": lambda p, eta, beta: torch.optim.SGD([p], lr=eta * (1 - beta), momentum=beta),
    "Nesterov": lambda p, eta, beta: torch.optim.SGD([p], lr=eta, momentum=beta, nesterov=True),
    "Adam": lambda p, eta, beta: torch.optim.Adam([p], lr=eta, betas=(beta, 0.999), eps=1e-8),
}


def start(lanes: int = 3) -> torch.Tensor:
    return torch.randn(lanes, 5, generator=torch.Generator().manual_seed(0), dtype=torch.float64)


def gradient(theta: torch.Tensor) -> torch.Tensor:
    """A non-linear field that couples coordinates and keeps the path bounded."""
    return theta**3 - theta + 0.5 * theta.roll(1, -1)


def hyperparameters(rates: torch.Tensor, momenta: torch.Tensor) -> Hyperparameters:
    return Hyperparameters(rates[:, None], momenta[:, None])


def path(names: list[str], theta: torch.Tensor, rates: torch.Tensor, momenta: torch.Tensor) -> torch.Tensor:
    """Positions after each step, (STEPS, K, P); learning rates double in flight."""
    optimizer, positions = LaneOptimizer(names), []
    for step in range(STEPS):
        factor = 2 if step >= CHANGE_AT else 1
        theta = theta + optimizer.update(gradient(theta), hyperparameters(factor * rates, momenta))
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
    assert REFERENCES.keys() == UPDATE_RULES.keys()


@pytest.mark.parametrize("rule", UPDATE_RULES)
def test_rule_equals_torch_optim_step_for_step(rule):
    """Three lanes, each with its own learning rate and momentum, the learning rate changed in flight.

    Adam divides small numbers by small numbers: a start moved by 1e-15 ends up 2e-11 away, hence the tolerance.
    """
    measured = path([rule] * 3, start(), RATES, MOMENTA)
    for lane in range(3):
        expected = reference_path(rule, start()[lane], RATES[lane].item(), MOMENTA[lane].item())
        torch.testing.assert_close(measured[:, lane], expected, rtol=0, atol=1e-10 if rule == "Adam" else 1e-13)


def test_moving_average_is_the_heavy_ball_with_a_learning_rate_one_minus_beta_times_as_large():
    average = path(["moving average"] * 3, start(), RATES / (1 - MOMENTA), MOMENTA)
    torch.testing.assert_close(average, path(["heavy ball"] * 3, start(), RATES, MOMENTA), rtol=1e-10, atol=1e-12)


@pytest.mark.parametrize("rule", ["heavy ball", "moving average", "Nesterov"])
def test_without_momentum_every_rule_is_gradient_descent(rule):
    none = torch.zeros(3, dtype=torch.float64)
    plain = path(["gradient descent"] * 3, start(), RATES, none)
    torch.testing.assert_close(path([rule] * 3, start(), RATES, none), plain)


def test_mixed_rules_equal_separate_ones():
    names = ["Adam", "heavy ball", "gradient descent", "Adam", "Nesterov", "moving average", "heavy ball"]
    rates, momenta = torch.linspace(0.01, 0.07, 7).double(), torch.linspace(0.1, 0.9, 7).double()
    mixed = path(names, start(7), rates, momenta)
    for k, name in enumerate(names):
        alone = path([name], start(7)[k : k + 1], rates[k : k + 1], momenta[k : k + 1])
        torch.testing.assert_close(mixed[:, k], alone[:, 0], rtol=1e-12, atol=1e-14)


@pytest.mark.parametrize("spoilt", [math.nan, math.inf])
@pytest.mark.parametrize("rule", [*UPDATE_RULES, "mixed"])
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
