"""What the labs of lesson 4 have of their own: a scheme of the learner's, nets that explode, spectra."""

import numpy as np
import pytest
from headless import Browser, at_rest, live, opened, played, refusal, until

from lessons.core.curvature.hessian_spectrum import densities
from lessons.core.lanes import OWN
from widgets.labs.initialization.edge import GAINS, crossing
from widgets.labs.initialization.jacobian import hidden
from widgets.labs.initialization.layer_figures import decades
from widgets.run.run_loop import State


def kaiming(normal, layer, fan_in, fan_out):
    return normal * (2 / fan_in) ** 0.5


def too_wide(normal, layer, fan_in, fan_out):
    return normal.new_zeros(3, 3)


def choices(lab) -> list[str]:
    return next(field["choices"] for field in lab.panel.fields if field["name"] == "scheme")


@pytest.mark.parametrize("name", ["variance", "jacobian", "schemes", "hessian_spectrum"])
def test_a_scheme_of_ones_own_runs_as_a_lane_and_is_offered_only_where_there_is_one(name: str) -> None:
    async def scenario() -> None:
        plain, lab = opened(name), opened(name, own=kaiming)
        assert OWN not in choices(plain)
        assert OWN in choices(lab)
        plain.handle({"do": "set", "lane": 0, "field": "scheme", "value": OWN})
        assert "No scheme of your own" in refusal(plain)
        assert lab.view.title.endswith("with a scheme of your own")
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        lab.change("scheme", "Kaiming fan-in")
        await at_rest(lab)
        await played(lab)
        yours, ours = lab.history["loss"][-1, -2:]
        assert yours == pytest.approx(ours, rel=1e-5)
        assert lab.panel.lanes[-2]["name"] == "yours"
        assert {"gain", "deviation", "constant"} <= set(lab.panel.lanes[-2]["idle"])

    live(scenario)


def test_a_broken_scheme_is_named_and_the_others_go_on() -> None:
    async def scenario() -> None:
        lab = opened("variance", own=too_wide)
        await played(lab)
        assert lab.state is State.FINISHED
        assert "yours: Your function must return weights of shape" in lab.board.notice["text"]
        assert lab.panel.lanes[-1]["status"] == "stopped at step 0"
        assert all(lane["status"] == "" for lane in lab.panel.lanes[:-1])

    live(scenario)


def test_a_signal_that_explodes_is_drawn_and_no_lane_is_called_diverged() -> None:
    async def scenario() -> None:
        lab = opened("jacobian", scheme="LeCun", activation="linear", gain=3.0, steps=40)
        await played(lab)
        assert lab.history["loss"][-1].min() > 1e30
        assert all(lane["status"] == "" for lane in lab.panel.lanes)
        assert len(lab.history) == 41

    live(scenario)


def test_a_slider_redraws_one_net_before_the_next_ones_are_drawn() -> None:
    async def scenario() -> None:
        lab = opened("variance")
        browser = Browser(lab.stage.figure).hello().settle()
        before = browser.points(0, 0)
        lab.handle({"do": "speed", "value": 1})  # the next net is a second away, however busy the machine
        lab.change("gain", 1.5, 0)

        def redrawn() -> bool:
            browser.draw()
            return browser.points(0, 0) != before

        await until(redrawn)
        assert lab.run.step == 0
        square, middle = (lab.history[name][0, 0].astype(float) for name in ("activation_square", "activation_mean"))
        assert browser.points(0, 0)[1] == pytest.approx((square - middle**2).tolist())

    live(scenario)


def test_the_chosen_lanes_histogram_is_drawn() -> None:
    lab = opened("variance")
    browser = Browser(lab.stage.figure).hello().settle()
    for lane in (2, 0):
        lab.handle({"do": "select", "lane": lane})
        browser.settle()
        shares = np.array(browser.traces[2][0]["z"])
        np.testing.assert_allclose(shares.T, lab.history.snapshot("activation_histogram")[lane], rtol=1e-6)
        assert shares.sum(0) == pytest.approx(1.0)
        assert lab.panel.lanes[lane]["name"] in browser.layouts[2]["yaxis.title.text"]


def test_densities_have_area_one_and_stand_where_the_eigenvalues_are() -> None:
    grid = np.linspace(-10.0, 50.0, 601)
    values, weights = np.array([0.0, 30.0]), np.array([0.9, 0.1])
    (density,) = densities(np.stack([values, weights])[None], grid)
    assert np.trapezoid(density, grid) == pytest.approx(1.0, rel=1e-3)
    assert np.trapezoid(density[grid > 20], grid[grid > 20]) == pytest.approx(0.1, rel=1e-2)
    assert grid[density.argmax()] == pytest.approx(0.0, abs=0.1)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"deviation": 5.0, "depth": 50, "width": 256}, "above 3·10³⁸, too large for float32 (theory 8.74·10⁷⁹)"),
        ({"deviation": 5.0, "depth": 100, "width": 4}, "0: no unit of some layer passes anything on, in float32"),
        ({"deviation": 0.01, "depth": 100, "width": 64}, "below 10⁻⁴⁵, too small for float32"),
    ],
)
def test_what_float32_cannot_hold_is_said_in_words(values: dict, words: str) -> None:
    async def scenario() -> None:
        lab = opened("variance", scheme="normal", steps=1, **values)
        await played(lab)
        assert words in lab.readings.value
        assert "not a number" not in lab.readings.value

    live(scenario)


def test_a_narrow_net_shows_its_median_and_where_most_nets_are() -> None:
    async def scenario() -> None:
        lab = opened("variance", scheme="Kaiming fan-in", activation="relu", width=16, depth=30, steps=20)
        browser = Browser(lab.stage.figure).hello()
        await played(lab)
        browser.settle()
        square, mean = (lab.history[name][:, 0].astype(float) for name in ("activation_square", "activation_mean"))
        low, median, high = np.quantile(square - mean**2, (0.1, 0.5, 0.9), axis=0, method="nearest")
        count = len(lab.panel.lanes)
        assert browser.points(0, 0)[1] == pytest.approx(median.tolist())
        assert browser.points(0, 2 * count)[1] == pytest.approx([*low, *high[::-1]])
        assert f"{low[-1]:.2g} to {high[-1]:.2g}" in lab.readings.value

    live(scenario)


def test_singular_values_that_are_zero_are_ticks_at_the_bottom_and_those_that_rounding_hides_are_triangles() -> None:
    async def scenario() -> None:
        lanes = [{"scheme": "Kaiming fan-in", "activation": "relu"}, {"scheme": "Xavier"}]
        lab = opened("jacobian", width=64, steps=20, lanes=lanes)
        browser = Browser(lab.stage.figure).hello()
        await played(lab)
        browser.settle()
        values = lab.history["singular_values"][-1]
        zeros, lost = (values[0] == 0).sum(), hidden(values[1]).sum()
        assert len(browser.points(0, 2)[0]) == zeros > 20
        assert len(browser.points(0, 5)[0]) == lost > 0
        assert len(browser.points(0, 3)[0]) == len(browser.points(0, 4)[0]) == 0
        assert f"{zeros} of 64" in lab.readings.value
        assert "hidden by rounding" in lab.readings.value

    live(scenario)


def test_the_crossing_is_where_the_curve_comes_up_through_one() -> None:
    assert crossing((GAINS / 1.7) ** 20) == pytest.approx(1.7, rel=1e-3)
    assert crossing(np.zeros(len(GAINS))) is None


def test_a_logarithmic_axis_holds_all_that_is_above_zero() -> None:
    low, high = decades(np.array([0.0, 3e-7, np.nan]), np.array([np.inf, 20.0]))
    assert low <= np.log10(3e-7)
    assert high >= np.log10(20)
    assert decades(np.zeros(3)) == [-2.0, 1.0]
