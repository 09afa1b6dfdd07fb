"""Claim 41: minima of successive periods resemble each other, yet are worth more together than one."""

import pytest
import torch

from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.periodic.experiment import Periodic, network_of
from lessons.periodic.minima import (
    MinimaStudy,
    collect_minima,
    cosine_similarities,
    ensemble_errors,
    off_diagonal,
    study_minima,
)
from lessons.periodic.network import ScaleInvariantNetwork
from lessons.periodic.settings import PeriodicSettings

FAST = {"learning_rate": 1.0, "weight_decay": 0.008, "sharpness_every": 10_000}
NETS = 6


@pytest.fixture(scope="module")
def study() -> MinimaStudy:
    return study_minima(PeriodicSettings(**FAST, steps=1600), NETS)


@pytest.mark.claim(41)
def test_successive_minima_are_nearer_to_each_other_than_independent_nets(study):
    successive, independent = off_diagonal(study.successive), off_diagonal(study.independent)
    assert independent.abs().max() < 0.1
    assert successive.min() > independent.max()
    assert successive.mean() < 0.7
    neighbours = study.successive.diagonal(1)
    assert neighbours.mean() > successive.mean()


@pytest.mark.claim(41)
def test_an_ensemble_of_successive_minima_is_better_than_one_of_them_and_no_match_for_independent_nets(study):
    assert len(study.successive_errors) == len(study.independent_errors) == NETS
    assert study.successive_errors[-1] <= study.successive_errors[0]
    assert study.independent_errors[-1] < study.independent_errors[0]
    assert study.independent_errors[-1] <= study.successive_errors[-1] + 0.002


@pytest.mark.claim(41)
def test_a_minimum_is_the_net_of_its_step():
    settings = [PeriodicSettings(**FAST, steps=450, seed=seed) for seed in (3, 4)]
    minima = collect_minima(Lanes(settings))
    measured = list(Periodic().run(Lanes(settings)))
    assert {minimum.lane for minimum in minima} == {0, 1}
    for minimum in minima:
        assert measured[minimum.step]["loss"][minimum.lane] == minimum.loss
        assert minimum.loss < 0.02
        weights = minimum.theta[network_of(settings[0]).weights]
        assert torch.equal(weights, measured[minimum.step].snapshots["weights"]()[minimum.lane])


def test_ensemble_error_against_one_net_at_a_time():
    network, data = ScaleInvariantNetwork((64, 8, 10)), digits_split(100)
    thetas = network.initial(torch.arange(3), torch.full((3,), 3.0), torch.full((3,), 10.0))
    probabilities = torch.zeros(500, 10)
    for count, error in enumerate(ensemble_errors(network, thetas, data)):
        row = thetas[count : count + 1]
        outputs = network(row, data.test_inputs, network.statistics(row, data.train_inputs))[0]
        probabilities += outputs.softmax(1)
        assert float(error) == pytest.approx(float((probabilities.argmax(1) != data.test_labels).float().mean()))


def test_cosines_do_not_depend_on_lengths():
    weights = torch.tensor([[1.0, 0.0], [0.0, 5.0], [3.0, 3.0]])
    half = 0.5**0.5
    expected = torch.tensor([[1.0, 0.0, half], [0.0, 1.0, half], [half, half, 1.0]])
    torch.testing.assert_close(cosine_similarities(weights), expected)


def test_too_short_a_run_is_refused_in_words():
    with pytest.raises(ValueError, match="train longer"):
        study_minima(PeriodicSettings(steps=30), 2)
