"""What lesson 5 says of the shift, the roughness and the loss, over five seeds."""

import numpy as np
import pytest

from tests.played import Played, played
from widgets.labs.normalization.shift import ShiftView


def measured(play: Played, every: int = 5) -> tuple[dict[str, np.ndarray], ...]:
    """Last losses; means of shift and roughness without the first step; the first shift; of each lane, (seeds,)."""
    rows = slice(every, None, every)
    lanes = {
        name: (play.of(name, "loss"), play.of(name, "shift"), play.of(name, "effective_smoothness"))
        for name in play.names
    }
    return (
        {name: loss[:, -20:].astype(float).mean(1) for name, (loss, _, _) in lanes.items()},
        {name: shift[:, rows].astype(float).mean((1, 2)) for name, (_, shift, _) in lanes.items()},
        {name: rough[:, rows].mean(1) for name, (_, _, rough) in lanes.items()},
        {name: shift[:, 0].mean(1) for name, (_, shift, _) in lanes.items()},
    )


@pytest.mark.sentence("l5_more_shift")
def test_the_order_of_the_losses_is_not_that_of_the_shifts():
    """Shift 1.6 to 2.3 and 2.9 to 4.9 times the plain net's; losses 0.22-0.27, 0.26-0.36 and 0.36-0.40."""
    loss, shift, rough, _ = measured(played(ShiftView, "more shift, and still faster"))
    assert (loss["batch"] < 0.93 * loss["none"]).all()
    assert (loss["none"] < loss["deconvolution"]).all()
    assert ((shift["batch"] > 1.4 * shift["none"]) & (shift["batch"] < 2.6 * shift["none"])).all()
    assert (shift["deconvolution"] > 1.3 * shift["batch"]).all()
    assert ((rough["none"] > 7) & (rough["none"] < 10)).all()
    assert ((rough["batch"] > 4.7) & (rough["batch"] < 6.8)).all()


@pytest.mark.sentence("l5_first_step")
def test_the_first_step_turns_the_comparison_round():
    _, shift, _, first = measured(played(ShiftView, "more shift, and still faster"))
    assert (first["none"] > 200 * shift["none"]).all()
    count = 30  # readings after the first
    with_first = {name: (first[name] + count * shift[name]) / (count + 1) for name in shift}
    assert (with_first["batch"] < 0.8 * with_first["none"]).all()


@pytest.mark.sentence("l5_less_shift")
def test_with_cross_entropy_the_shift_is_smaller_and_the_plain_net_ahead():
    """Shift 0.12 to 0.25 of the plain net's; losses 0.021-0.028 against 0.076-0.088; roughness 10-12 and 3.1-3.8."""
    loss, shift, rough, _ = measured(played(ShiftView, "less shift, and not faster"))
    assert (shift["batch"] < shift["none"] / 3).all()
    assert (loss["none"] < loss["batch"] / 2).all()
    assert (loss["none"] < loss["deconvolution"] / 2).all()
    assert ((rough["none"] > 9.5) & (rough["none"] < 12.5)).all()
    assert ((rough["batch"] > 2.8) & (rough["batch"] < 4.2)).all()


@pytest.mark.sentence("l5_shift_one_sample")
def test_one_sample_at_a_time_leaves_half_of_the_shift_and_most_of_the_roughness():
    """Of the plain net's shift 0.51 to 1.41, of its roughness 0.71 to 1.19; losses 1.5 to 3.1 times the plain net's."""
    loss, shift, rough, _ = measured(played(ShiftView, "one sample at a time"))
    for kind in ("layer", "group", "RMS"):
        assert (shift[kind] > 0.42 * shift["none"]).all()
        assert (rough[kind] > 0.6 * rough["none"]).all()
        assert (loss[kind] > 1.2 * loss["none"]).all()


@pytest.mark.chaotic
@pytest.mark.sentence("l5_shift_large_rate")
def test_at_a_large_rate_the_plain_net_guesses_and_the_roughness_of_the_two_others_is_low():
    """Five seeds: 0.40 to 0.57 with batch norm, 0.93 to 0.98 with deconvolution."""
    loss, _, rough, _ = measured(played(ShiftView, "a large learning rate", measure_every=25), 25)
    assert (loss["none"] > 2.25).all()
    for kind in ("batch", "deconvolution"):
        assert (loss[kind] < 0.2).all()
        assert (rough[kind] < 1.2).all()
