"""Sharpness gauges draw a limit for adaptive rules, too, on an axis on which it can be seen."""

from typing import Any

import pytest
from headless import Browser, live, played

from widgets.lab.lab import Lab
from widgets.labs.divergence.net import NetView
from widgets.labs.initialization.spectrum import SpectrumView
from widgets.labs.normalization.net import NormalizedNetView
from widgets.labs.schedules.net import ScheduledNetView
from widgets.labs.schedules.rate_range import RangeTestView
from widgets.labs.schedules.seeds import ScheduleSeedsView
from widgets.view.view import LabView

SMALL = {"sharpness_every": 5, "steps": 10, "train_size": 20, "width": 4}
ADAM = {**SMALL, "optimizer": "Adam", "learning_rate": 0.01}
PLAIN = {**SMALL, "learning_rate": 0.2}


OTHERS: dict[str, tuple[type[LabView], int, dict[str, Any], str]] = {
    "lesson 2": (ScheduledNetView, 2, {"horizon": 10}, "log"),
    "lesson 4": (SpectrumView, 1, {"follow_sharpness": True}, "log"),
    "lesson 5": (NormalizedNetView, 1, {"follow_sharpness": True, "follow_shift": False}, "linear"),
}


def axis(lab: Lab, figure: int = 1) -> dict:
    return lab.stage.figure.figures_now()[figure]["layout"]["yaxis"]


@pytest.mark.parametrize(
    ("lanes", "limits", "kind", "most"),
    [
        ([PLAIN], [10], "linear", None),
        ([PLAIN, {**PLAIN, "learning_rate": 0.02}], [10, 100], "linear", None),
        ([PLAIN, {**PLAIN, "learning_rate": 0.0142}], [10, 2 / 0.0142], "log", None),
        ([ADAM], [3800], "linear", 5700),
        ([PLAIN, ADAM], [10, 3800], "log", None),
        ([ADAM, {**ADAM, "learning_rate": 0.0}], [3800, None], "linear", 5700),
        ([{**ADAM, "learning_rate": 0.0}], [None], "linear", None),
    ],
)
def test_each_lane_has_its_limit_and_the_axis_fits(lanes, limits, kind, most) -> None:
    async def scenario() -> None:
        lab = Lab(NetView(), lanes=lanes)
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        for lane, limit in enumerate(limits):
            drawn = browser.points(1, len(lanes) + lane)[1]
            assert drawn == [pytest.approx(limit)] * 2 if limit else not any(drawn)
        assert axis(lab)["type"] == kind
        if most:
            assert axis(lab)["range"] == [0, pytest.approx(most)]
        adaptive = [lane["optimizer"] for lane in lanes if "optimizer" in lane]
        assert axis(lab)["autorange"] is not (bool(most) or (kind == "log" and bool(adaptive)))
        assert ("preconditioned" in lab.readings.value) is bool(adaptive)

    live(scenario)


def test_from_adam_back_to_gradient_descent_the_axis_is_the_usual_one_again() -> None:
    async def scenario() -> None:
        lab = Lab(NetView(), lanes=[ADAM])
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        assert axis(lab)["autorange"] is False
        lab.session.set(0, "optimizer", "gradient descent")
        lab.session.set(0, "learning_rate", 0.2)
        await played(lab)
        browser.settle()
        assert axis(lab)["autorange"] is True
        assert axis(lab)["title"]["text"] == "λₘₐₓ"

    live(scenario)


@pytest.mark.parametrize("lesson", OTHERS)
def test_the_gauges_of_other_lessons_draw_it_and_what_was_measured(lesson) -> None:
    view, figure, own, usual = OTHERS[lesson]

    async def scenario() -> None:
        lab = Lab(view(), lanes=[{**PLAIN, **own}, {**ADAM, **own}])
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        for lane, limit in enumerate((10, 3800)):
            assert browser.points(figure, 2 + lane)[1][-1] == pytest.approx(limit)
            measured = lab.history["preconditioned_sharpness"][::5, lane].tolist()
            assert browser.points(figure, lane)[1] == pytest.approx(measured)
        low, high = axis(lab, figure)["range"]
        assert 10**low < lab.history["preconditioned_sharpness"][::5].min() < 3800 < 10**high
        assert axis(lab, figure)["title"]["text"] == "λₘₐₓ, preconditioned"
        assert lab.readings.value.count("preconditioned") == 1
        lab.session.set(1, "optimizer", "gradient descent")
        await played(lab)
        browser.settle()
        assert axis(lab, figure)["type"] == usual
        assert axis(lab, figure)["title"]["text"] == "λₘₐₓ"

    live(scenario)


def test_twenty_seeds_and_the_range_test_of_lesson_2_have_its_limit() -> None:
    async def scenario() -> None:
        seeds = Lab(ScheduleSeedsView(), lanes=[{**ADAM, "horizon": 10}])
        browser = Browser(seeds.stage.figure).hello().settle()
        await played(seeds)
        browser.settle()
        assert browser.points(1, 3)[1][-1] == pytest.approx(3800)
        tested = Lab(RangeTestView(), lanes=[{**ADAM, "horizon": 10, "schedule": "range test"}])
        browser = Browser(tested.stage.figure).hello().settle()
        await played(tested)
        browser.settle()
        rates, limits = browser.points(1, 1)
        assert [rate * limit for rate, limit in zip(rates, limits, strict=True)] == pytest.approx([38] * len(rates))

    live(scenario)
