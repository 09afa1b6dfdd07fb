"""Claim 24: what the preparation of the inputs does to the condition number, and that to the number of steps."""

import numpy as np
import pytest
import torch

from lessons.normalization.conditioning import (
    Conditioning,
    Quadratic,
    predicted_iterations,
    raw_condition_number,
    standardised_condition_number,
)
from lessons.normalization.conditioning_settings import ConditioningSettings
from lessons.normalization.preparation import examples, prepared

PREPARATIONS = ("raw", "centred", "standardised", "whitened", "deconvolved")


def kappa(**values) -> float:
    return Quadratic.of(ConditioningSettings(**values)).condition_number


@pytest.mark.claim(24)
@pytest.mark.parametrize("rho", [-0.9, 0.0, 0.5, 0.99])
@pytest.mark.parametrize("scale", [0.2, 1.0, 8.0])
@pytest.mark.parametrize("offset", [0.0, 3.0])
def test_condition_numbers_are_those_of_the_closed_forms(rho, scale, offset):
    own = {"correlation": rho, "scale": scale, "offset": offset, "epsilon": 0.0}
    assert kappa(inputs="raw", **own) == pytest.approx(raw_condition_number(rho, scale, offset), rel=1e-6)
    assert kappa(inputs="centred", **own) == pytest.approx(raw_condition_number(rho, scale), rel=1e-6)
    assert kappa(inputs="standardised", **own) == pytest.approx(standardised_condition_number(rho), rel=1e-6)
    assert kappa(inputs="whitened", **own) == pytest.approx(1, rel=1e-6)
    assert kappa(inputs="deconvolved", iterations=40, **own) == pytest.approx(1, rel=1e-6)


@pytest.mark.claim(24)
def test_standardising_keeps_the_correlation_and_whitening_takes_it_away():
    x, _ = examples(ConditioningSettings(correlation=0.8, scale=5.0, offset=2.0))
    found = {name: float(torch.corrcoef(prepared(x, name, 0.0, 40).T)[0, 1]) for name in PREPARATIONS}
    assert found == pytest.approx(dict(zip(PREPARATIONS, (0.8, 0.8, 0.8, 0.0, 0.0), strict=True)), abs=1e-6)


@pytest.mark.claim(24)
def test_whitening_is_zca_the_symmetric_root_of_the_covariance():
    x, _ = examples(ConditioningSettings(data="digits"))
    white = prepared(x, "whitened", 0.1)
    covariance = torch.cov(x.T, correction=0) + 0.1 * torch.eye(64).double()
    values, vectors = np.linalg.eigh(covariance.numpy())
    root = vectors @ np.diag(values**-0.5) @ vectors.T
    np.testing.assert_allclose(white.numpy(), (x - x.mean(0)).numpy() @ root, atol=1e-9)


@pytest.mark.claim(24)
@pytest.mark.parametrize("inputs", PREPARATIONS)
def test_the_hessian_is_that_of_autograd_and_the_descent_that_of_the_closed_form(history_of, inputs):
    lane = ConditioningSettings(inputs=inputs, offset=1.0, steps=60, relative_rate=0.9)
    x, target = examples(lane)
    x = torch.cat([prepared(x, inputs, lane.epsilon, lane.iterations), torch.ones(len(x), 1).double()], 1)

    def loss(w: torch.Tensor) -> torch.Tensor:
        return (x @ w[:, None] - target).square().sum() / (2 * len(x))

    quadratic, zero = Quadratic.of(lane), torch.zeros(3, dtype=torch.float64)
    torch.testing.assert_close(quadratic.hessian, torch.autograd.functional.hessian(loss, zero))
    history = history_of(Conditioning(), [lane])
    assert history["loss"][0, 0] == pytest.approx(float(loss(zero)))
    expected = quadratic.predicted_excess(lane.relative_rate, lane.steps).numpy()
    np.testing.assert_allclose(history["excess"][:, 0], expected, rtol=1e-6, atol=1e-14)


@pytest.mark.claim(24)
def test_descent_equals_torch_optim(history_of):
    lane = ConditioningSettings(inputs="raw", data="digits", steps=20, train_size=60)
    history, (x, target) = history_of(Conditioning(), [lane]), examples(lane)
    linear = torch.nn.Linear(64, 10).double()
    for part in linear.parameters():
        torch.nn.init.zeros_(part)
    optimizer = torch.optim.SGD(linear.parameters(), lr=float(history["learning_rate"][0, 0]))
    for expected in history["loss"][:, 0]:
        loss = (linear(x) - target).square().sum() / (2 * len(x))
        assert loss.item() == pytest.approx(expected, rel=1e-8)
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()


@pytest.mark.claim(24)
def test_fewer_steps_are_needed_the_smaller_the_condition_number_is_and_as_many_as_predicted(history_of):
    lanes = [ConditioningSettings(inputs=p, offset=1.0, steps=1500) for p in PREPARATIONS]
    history = history_of(Conditioning(), lanes)
    needed, number = history["iterations"][-1], history["condition_number"][-1]
    assert (history["excess"][-1] < 1e-6).all()
    assert needed[number.argsort()].tolist() == sorted(needed)
    predicted = np.array([predicted_iterations(each) for each in number])
    assert (needed <= np.ceil(predicted) + 1).all()
    assert (needed >= 0.8 * predicted - 1).all()


@pytest.mark.claim(24)
def test_on_the_digits_standardising_helps_a_hundredfold_and_whitening_again():
    number = {p: kappa(inputs=p, data="digits", train_size=500) for p in PREPARATIONS}
    assert number["standardised"] < number["centred"] / 100
    assert number["centred"] < number["raw"] / 5
    assert number["whitened"] < number["standardised"] / 100
    assert number["standardised"] < number["deconvolved"] < number["centred"]
    nearer = kappa(inputs="deconvolved", data="digits", train_size=500, iterations=15)
    assert nearer == pytest.approx(number["whitened"], rel=0.02)


@pytest.mark.claim(24)
def test_a_learning_rate_above_the_limit_diverges_and_one_below_does_not(history_of):
    limit = 1 + 1 / standardised_condition_number(0.8)
    rates = (0.98 * limit, 1.02 * limit)
    lanes = [ConditioningSettings(inputs="standardised", relative_rate=r, steps=400) for r in rates]
    below, above = history_of(Conditioning(), lanes)["excess"][-1]
    assert below < 1e-3
    assert above > 100
