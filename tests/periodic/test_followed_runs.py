"""Phases as they are measured, forecasts of jumps, stretched nets and minima as a run finds them."""

import itertools

import numpy as np
import pytest
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.periodic import theory
from lessons.periodic.forecast import CALM, Forecast, ForecastSettings
from lessons.periodic.phases import find_periods, recorded_periods
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.stretching import Stretching, StretchingSettings
from lessons.periodic.successive import SuccessiveMinima
from tests.periodic.minima_study import study_minima

pytestmark = pytest.mark.chaotic

ETA, DECAY = PeriodicSettings().learning_rate, PeriodicSettings().weight_decay
FAST = {"learning_rate": 1.0, "weight_decay": 0.008, "sharpness_every": 10_000}


def history_of(experiment, settings) -> History:
    history = History()
    history.extend(list(Run(experiment, Lanes(settings))))
    return history


@pytest.mark.claim(33)
def test_measured_phases_are_those_found_afterwards(default_runs):
    after = find_periods(default_runs["loss"], default_runs["norm"])
    live = recorded_periods(default_runs["phase"], default_runs["onset"])
    np.testing.assert_array_equal(live.phase, after.phase)
    assert all(np.array_equal(a, b) for a, b in zip(live.onsets, after.onsets, strict=True))


@pytest.mark.sentence("l6_forecasts")
@pytest.mark.claim(36)
def test_foretold_jumps_come_between_both_times_nearly_always(foretold):
    """Two or more in each of five lanes; the last one of a lane may come after the end."""
    made, came, right = (foretold[name][-1].sum() for name in ("forecasts", "jumps", "hits"))
    assert made >= came >= 8
    assert right >= 0.9 * came


@pytest.mark.claim(36)
def test_a_forecast_is_that_of_the_formula_with_what_was_known_when_it_was_made(foretold):
    settings, checked = ForecastSettings(), 0
    for lane in range(3):
        column = {name: foretold[name][:, lane] for name in foretold.names}
        for step in np.unique(column["forecast_step"][column["forecast_step"] >= 0]).astype(int):
            onsets = np.unique(column["onset"][: step + 1]).astype(int)
            begun, ended = max(onsets[-2], 0), onsets[-1]
            g = column["effective_gradient"][begun:ended]
            half = g[len(g) // 2 : int(0.98 * len(g))]
            low, high = column["lowest_gradient"][step], column["highest_gradient"][step]
            assert (low, high) == pytest.approx((half.min(), half.max()))
            assert column["cosine_distance"][step] < CALM * settings.delta
            times = theory.jump_times(settings.delta, column["norm"][step], low, high, ETA, DECAY)
            assert column["earliest"][step] == pytest.approx(step + times.earliest)
            assert column["latest"][step] == pytest.approx(step + times.latest)
            checked += 1
    assert checked >= 6


def test_a_jump_is_the_first_step_that_turns_by_more(foretold):
    for lane in range(3):
        made, came = foretold["forecast_step"][:, lane], foretold["jump_step"][:, lane]
        for step in np.unique(came[came >= 0]).astype(int):
            turns = foretold["cosine_distance"][int(made[step]) + 1 : step + 1, lane]
            assert turns[-1] > 1e-5 >= turns[:-1].max()


@pytest.mark.claim(36)
def test_the_norm_stays_between_the_bounds_that_the_times_go_by(foretold):
    """While g stays between l and L: those foretold, as long as they hold, and those of the hundred steps themselves.

    The forecast's may be passed by at once, how often is chance. The others hold by their making, to first order.
    """
    own = 0
    for lane in range(5):
        column = {name: foretold[name][:, lane] for name in foretold.names}
        for made in np.unique(column["forecast_step"][column["forecast_step"] >= 0]).astype(int)[:-1]:
            g, norm = column["effective_gradient"][made : made + 100], column["norm"][made : made + 100]
            for low, high in (
                (column["lowest_gradient"][made], column["highest_gradient"][made]),
                (g.min(), g.max()),
            ):
                inside = np.logical_and.accumulate((g >= low) & (g <= high))
                below, above = theory.norm_bounds(np.arange(100), norm[0], low, high, ETA, DECAY)
                assert (norm >= below * (1 - 1e-3))[inside].all()
                assert (norm <= above * (1 + 1e-3))[inside].all()
            own += inside.sum()
    assert own >= 5 * 100


def test_a_rewound_forecast_repeats_itself():
    settings = [ForecastSettings(**FAST, steps=700, delta=4e-5)]
    run = Run(Forecast(), Lanes(settings))
    first = [{name: value.clone() for name, value in m.values.items()} for m in run]
    again = run.rewound(650)
    for measurement in again:
        for name, value in measurement.values.items():
            torch.testing.assert_close(value, first[measurement.step][name], rtol=0, atol=0, equal_nan=True)
    assert first[-1]["forecasts"] >= 2


def test_without_weight_decay_nothing_is_foretold():
    history = history_of(Forecast(), [ForecastSettings(**{**FAST, "weight_decay": 0.0}, steps=300)])
    assert (history["forecasts"] == 0).all()


@pytest.mark.claim(30)
def test_stretching_changes_nothing_but_the_gradient_s_length_until_something_else_is_stretched():
    free = {"normalization": "none"}, {"stretch_affine": True}, {"stretch_last_layer": True}
    history = history_of(Stretching(), [StretchingSettings(**each) for each in ({}, *free)])
    alpha = history["alpha"][:, 0]
    assert alpha[0] == pytest.approx(0.1)
    assert alpha[-1] == pytest.approx(10.0)
    np.testing.assert_allclose(history["loss"][:, 0], history["loss"][0, 0], rtol=1e-12)
    np.testing.assert_allclose(history["gradient_ratio"][:, 0], 1 / alpha, rtol=1e-9)
    assert history["output_change"][:, 0].max() < 1e-12
    assert np.abs(history["inner_product"][:, 0]).max() < 1e-12
    assert (history["output_change"][:, 1:].max(0) > 0.1).all()
    assert (np.abs(history["inner_product"][:, 1:]).max(0) > 0.01).all()


@pytest.mark.claim(41)
def test_minima_found_as_the_run_goes_on_are_those_of_the_study():
    lanes = Lanes([PeriodicSettings(**FAST, steps=900, seed=seed) for seed in range(3)])
    for measurement in itertools.islice(SuccessiveMinima().run(lanes), 0, None, 450):
        early = measurement.snapshots["independent_cosines"]()
        assert early.shape == (3, 3)
    study = study_minima(lanes.settings[0], 3)
    last = list(SuccessiveMinima().run(lanes))[-1]
    torch.testing.assert_close(last.snapshots["successive_cosines"](), study.successive)
    torch.testing.assert_close(last.snapshots["independent_cosines"](), study.independent)
    torch.testing.assert_close(last.snapshots["successive_errors"](), study.successive_errors)
    torch.testing.assert_close(last.snapshots["independent_errors"](), study.independent_errors)
