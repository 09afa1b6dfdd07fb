"""Claims 34, 40, 42: what makes the periods stop, come sooner or come later."""

import copy

import numpy as np
import pytest

from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.periodic.experiment import Periodic
from lessons.periodic.phases import find_periods
from lessons.periodic.settings import PeriodicSettings
from tests.periodic.conftest import SEEDS


def onsets(series: dict[str, np.ndarray]) -> np.ndarray:
    return find_periods(series["loss"][:, None], series["norm"][:, None]).onsets[0]


@pytest.fixture(scope="module")
def before_the_jump(default_runs) -> tuple[int, object]:
    """Step and state of the first default run some 40 steps before its first destabilisation."""
    onset = find_periods(default_runs["loss"], default_runs["norm"]).onsets[0][0]
    for measurement in Periodic().run(Lanes([PeriodicSettings(sharpness_every=10_000, seed=SEEDS[0])])):
        if measurement.step == onset - 40:
            return onset, copy.deepcopy(measurement.state)
    raise AssertionError


def go_on(state, **changed) -> dict[str, np.ndarray]:
    """Loss and norm from a state on, until step 1600."""
    lanes = Lanes([PeriodicSettings(steps=1600, sharpness_every=10_000, seed=SEEDS[0], **changed)])
    rows = [(float(m["loss"]), float(m["norm"])) for m in Periodic().resume(lanes, "cpu", copy.deepcopy(state))]
    return dict(zip(("loss", "norm"), np.array(rows).T, strict=True))


@pytest.mark.claim(34)
def test_a_norm_fixed_at_the_start_has_no_periods(controls):
    fixed = controls["fixed at the start"]
    np.testing.assert_allclose(fixed["norm"], 3.0, rtol=1e-4)
    assert len(onsets(fixed)) == 0
    assert fixed["loss"][300:].max() < 0.02
    assert len(onsets(controls["free"])) >= 2


@pytest.mark.claim(34)
def test_a_norm_fixed_just_before_the_destabilisation_keeps_it_away(before_the_jump):
    """Whereas the same run, left alone from the same step on, jumps within 45 steps."""
    _, state = before_the_jump
    fixed = go_on(state, fixed_norm=True)
    np.testing.assert_allclose(fixed["norm"], fixed["norm"][0], rtol=1e-4)
    assert fixed["loss"].max() < 1.2 * fixed["loss"][0]
    assert fixed["loss"][-1] < fixed["loss"][0]
    assert go_on(state)["loss"][:60].max() > 0.5


@pytest.mark.claim(34)
def test_the_norm_can_be_fixed_and_freed_during_a_run():
    run, norms = Run(Periodic(), Lanes([PeriodicSettings(steps=60)])), []
    for measurement in run:
        norms.append(float(measurement["norm"]))
        if measurement.step in (20, 40):
            run.change(0, "fixed_norm", measurement.step == 20)
    np.testing.assert_allclose(norms[20:41], norms[20], rtol=1e-5)
    assert abs(norms[19] / norms[20] - 1) > 1e-4
    assert abs(norms[42] / norms[40] - 1) > 1e-3


@pytest.mark.claim(40)
def test_momentum_makes_periods_more_frequent(controls):
    assert len(onsets(controls["heavy ball"])) >= 2 * len(onsets(controls["free"]))
    assert onsets(controls["heavy ball"])[0] < 0.5 * onsets(controls["free"])[0]


@pytest.mark.claim(40)
@pytest.mark.parametrize("trained", ["affine", "last layer"])
def test_with_more_parameters_trained_it_stays_periodic_with_another_frequency(controls, trained):
    periods = np.diff(onsets(controls[trained]))
    free = np.diff(onsets(controls["free"]))
    assert len(periods) >= 2
    assert periods.mean() < 0.85 * free.mean()


@pytest.mark.claim(40)
@pytest.mark.parametrize("augmentation", ["shift", "noise"])
def test_strong_augmentation_delays_the_first_destabilisation(controls, augmentation):
    """On 256 images; light noise does not, see the lesson."""
    found = onsets(controls[augmentation])
    assert len(found) == 0 or found[0] > 1.2 * onsets(controls["free"])[0]


@pytest.mark.claim(42)
@pytest.mark.parametrize("cure", ["eta decays", "no weight decay", "fixed at the start", "lower eta lambda"])
def test_what_avoids_destabilisations(controls, cure):
    assert len(onsets(controls[cure])) == 0
    assert controls[cure]["loss"][300:].max() < 0.02
    assert controls["free"]["loss"][300:].max() > 1.0
