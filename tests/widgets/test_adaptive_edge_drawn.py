"""The sharpness gauge of lesson 3 draws a limit for adaptive rules, too, on an axis on which it can be seen."""

import pytest
from headless import Browser, live, played

from widgets.lab.lab import Lab
from widgets.labs.divergence.net import NetView

SMALL = {"sharpness_every": 5, "steps": 10, "train_size": 20, "width": 4}
ADAM = {**SMALL, "optimizer": "Adam", "learning_rate": 0.01}
PLAIN = {**SMALL, "learning_rate": 0.2}


def axis(lab: Lab) -> dict:
    return lab.stage.figure.figures_now()[1]["layout"]["yaxis"]


@pytest.mark.parametrize(
    ("lanes", "limits", "kind", "most"),
    [
        ([PLAIN], [10], "linear", None),
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
        assert axis(lab)["autorange"] is (kind == "linear" and most is None)
        if most:
            assert axis(lab)["range"] == [0, pytest.approx(most)]
        adaptive = [lane["optimizer"] for lane in lanes if "optimizer" in lane]
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
