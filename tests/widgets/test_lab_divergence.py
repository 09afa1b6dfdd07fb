"""Presets, divergence and the way back, failures, and measured against predicted numbers."""

from collections.abc import Iterator
from html.parser import HTMLParser
from typing import Any

import numpy as np
import pytest
from headless import (
    DIVERGING,
    INSTANT,
    LABS,
    ONE_RUN,
    SWEEPS,
    VIEWS,
    Browser,
    at_rest,
    live,
    opened,
    opened_diverging,
    panel_agrees,
    play_preset,
    played,
    played_on,
    refusal,
    same,
    snapshot,
    steps_of,
    until,
)

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.divergence.parabola import Parabola
from widgets.lab.diagnosis import REWIND_STEPS
from widgets.lab.lab import Lab
from widgets.labs.divergence.bowl import BowlView
from widgets.labs.divergence.net import NetView
from widgets.labs.divergence.parabola import ParabolaView
from widgets.labs.divergence.sweeps import BowlSweepView
from widgets.labs.optimizers.race import RaceView
from widgets.run.run_loop import State

# ---- presets ----

PRESETS = [(name, index) for name in LABS for index in range(len(VIEWS[name].presets))]


@pytest.mark.parametrize(("name", "index"), PRESETS)
def test_every_preset_runs_and_its_numbers_are_finite_or_said_to_have_diverged(name: str, index: int) -> None:
    async def scenario() -> None:
        lab = opened(name)
        browser = Browser(lab.stage.figure).hello()
        play_preset(lab, index)
        if name not in INSTANT:
            for field, value in {"width": 16, "train_size": 40, "steps": 12}.items():
                if field in lab.view.settings_type.fields():
                    lab.change(field, value)
        await at_rest(lab)
        assert lab.state is State.FINISHED, lab.loop.failure
        browser.settle()
        preset = lab.view.presets[index]
        assert len(lab.panel.lanes) == len(preset.lanes)
        loss, ends = lab.history["loss"], lab.stage.frame(0).ends
        for lane, end in enumerate(ends):
            assert np.isfinite(loss[:end, lane]).all()
        assert len(lab.history) == steps_of(lab) + 1 or None not in ends
        if name not in SWEEPS:
            said = ["" if end is None else f"diverged at step {end}" for end in ends]
            assert [lane["status"] for lane in lab.panel.lanes] == said
            assert all(f"diverged at step {end}" in lab.board.notice["text"].lower() for end in ends if end)
        assert "<table" in lab.readings.value
        assert preset.sentence.endswith((".", "?"))

    live(scenario)


@pytest.mark.parametrize(("name", "field"), [(name, field) for (name, _), field in DIVERGING.items()])
def test_divergence_is_said_and_rewound_to_the_same_past_and_half_the_rate(name: str, field: str) -> None:
    async def scenario() -> None:
        lab = await opened_diverging(name)
        [end] = lab.stage.frame(0).ends
        assert lab.state is State.FINISHED
        assert lab.panel.lanes[0]["status"] == f"diverged at step {end}"
        loss = lab.history["loss"][:, 0]
        assert not loss[end] <= 1e4 * loss[0]
        assert (loss[:end] <= 1e4 * loss[0]).all()
        notice = lab.board.notice
        assert notice["kind"] == "doctor"
        assert f"Diverged at step {end}" in notice["text"]
        assert "λₘₐₓ was" in notice["text"]
        step = max(0, end - REWIND_STEPS)
        [action] = notice["actions"]
        assert (action["do"], f"step {step} " in action["label"]) == ("rewind", True)

        past, rate = snapshot(lab), lab.panel.lanes[0]["values"][field]
        lab.handle({"do": action["do"]})
        assert lab.board.notice["text"] == ""
        assert lab.state is State.RUNNING
        await played_on(lab)
        assert lab.state is State.FINISHED
        assert [(c.step, c.field, c.value) for c in lab.run.record.changes] == [(step, field, rate / 2)]
        assert same(past, snapshot(lab), step + 1)
        assert past["loss"][step + 1, 0] != lab.history["loss"][step + 1, 0]
        assert panel_agrees(lab)
        assert lab.panel.lanes[0]["values"][field] == rate / 2

    live(scenario)


@pytest.mark.parametrize(("rate", "every"), [(0.2, 1), (0.2, 2), (0.2, 5), (0.2, 10), (2.0, 5), (100.0, 5)])
def test_the_growth_that_a_diagnosis_names_comes_from_readings_made_not_from_readings_held(
    rate: float, every: int
) -> None:
    async def scenario() -> None:
        lab = Lab(NetView(), learning_rate=rate, sharpness_every=every, init_scale=1.0, steps=100)
        await played(lab)
        end = lab.stage.frame(0).ends[0]
        said = lab.board.notice["text"].splitlines()[0]
        assert f"Diverged at step {end}." in said
        rows = np.arange(every, end + 1, every)
        size = np.abs(lab.history["along_top"] * lab.history["update_norm"])[rows, 0].astype(float)
        rows, size = rows[np.isfinite(size) & (size > 0)], size[np.isfinite(size) & (size > 0)]
        if len(rows) > 1:
            assert f" {(size[-1] / size[0]) ** (1 / (rows[-1] - rows[0])):.3g}-fold" in said
        else:
            assert "-fold" not in said, "one reading shows no growth"

    live(scenario)


@pytest.mark.parametrize("angle", [0.0, 30.0, -70.0])
def test_in_a_turned_valley_the_doctor_names_the_steepest_direction_and_no_coordinate(angle: float) -> None:
    async def scenario() -> None:
        race = {"optimizer": "gradient descent", "surface": "quadratic", "angle": angle}
        lab = Lab(RaceView(), lanes=[{**race, "learning_rate": 2.1, "steps": 100}])
        await played(lab)
        [end] = lab.stage.frame(0).ends
        said = lab.board.notice["text"].splitlines()[0]
        assert f"Diverged at step {end}." in said
        assert said.endswith(" The update along the steepest direction grew 1.1-fold a step.")

    live(scenario)


def test_after_a_rewind_the_controls_show_what_runs_also_for_changes_made_after_that_step() -> None:
    async def scenario() -> None:
        lab = opened("bowl", steps=100, learning_rate=2.1)
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        lab.handle({"do": "set", "lane": 1, "field": "learning_rate", "value": 0.5})
        await at_rest(lab)
        lab.handle({"do": "reset"})
        [end, other] = [None, None]
        for _ in range(45):  # it diverges at about step 48
            lab.handle({"do": "step"})
        lab.handle({"do": "set", "lane": 1, "field": "learning_rate", "value": 0.7})
        while lab.state is State.PAUSED and end is None:
            lab.handle({"do": "step"})
            [end, other] = lab.stage.frame(0).ends
        assert end is not None
        assert other is None
        lab.handle({"do": "rewind"})
        await played_on(lab)
        assert panel_agrees(lab)

    live(scenario)


def test_a_net_that_was_rewound_runs_on_beyond_the_step_it_went_back_to() -> None:
    async def scenario() -> None:
        lab = opened("net", steps=120)
        lab.handle({"do": "go_to", "step": 60})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 60)
        lab.handle({"do": "set", "lane": 0, "field": "learning_rate", "value": 100.0})
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        end = lab.stage.frame(0).ends[0]
        assert end is not None
        assert end > 60
        lab.handle({"do": "rewind"})
        assert lab.run.step > 0  # not from the start
        await until(lambda: lab.run.step > end or lab.state is not State.RUNNING)
        assert lab.run.step > max(0, end - REWIND_STEPS)
        assert lab.state is not State.PAUSED

    live(scenario)


@pytest.mark.parametrize("name", ONE_RUN)
def test_where_nothing_diverged_nothing_is_rewound(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        run = lab.run
        lab.handle({"do": "rewind"})
        assert "no lane has diverged" in refusal(lab)
        assert lab.run is run

    live(scenario)


EXTREMES = {
    "parabola": ("ratio", "curvature", "start"),
    "bowl": ("learning_rate", "momentum", "condition_number", "sharpness", "start_x", "dimension"),
    "bowl_sweep": ("momentum", "condition_number", "sharpness", "start_x"),
    "net": ("learning_rate", "momentum", "init_scale", "sharpness_every"),
    "net_sweep": ("init_scale",),
}


@pytest.mark.parametrize(("name", "field"), [(name, field) for name, fields in EXTREMES.items() for field in fields])
@pytest.mark.parametrize("bound", ["low", "high"])
def test_the_ends_of_each_range_run_too(name: str, field: str, bound: str) -> None:
    async def scenario() -> None:
        method = (
            {} if name == "parabola" else {"optimizer": "gradient descent" if field == "init_scale" else "Nesterov"}
        )
        end = getattr(VIEWS[name]().settings_type.fields()[field], bound)
        lab = opened(name, **{**method, field: end})
        assert lab.panel.refusal == {}
        browser = Browser(lab.stage.figure).hello()
        await played(lab)
        browser.settle()
        assert lab.state is State.FINISHED, lab.loop.failure

    live(scenario)


# ---- an experiment that raises ----


class BrokenParabola(Parabola):
    """Raises at step 3, as long as it is broken."""

    def __init__(self) -> None:
        self.broken = True

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        for measurement in super().run(lanes, device):
            if measurement.step == 3 and self.broken:
                raise ZeroDivisionError("the learner's <b>own</b> optimizer")
            yield measurement


@pytest.mark.parametrize("instant", [True, False])
def test_an_experiment_that_raises_is_shown_and_reset_starts_again(instant: bool) -> None:
    class BrokenView(ParabolaView):
        experiment = BrokenParabola()

    BrokenView.instant = instant

    async def scenario() -> None:
        lab = Lab(BrokenView())
        await played(lab)
        for _ in range(2):
            assert lab.state is State.FAILED
            assert len(lab.history) == 3, "what came before it stays"
            notice = lab.board.notice
            assert notice["kind"] == "failed"
            assert "ZeroDivisionError: the learner's <b>own</b> optimizer" in notice["text"]
            assert "Traceback" in notice["details"]
            assert "BrokenParabola" in notice["details"] or "in run" in notice["details"]
            assert lab.panel.transport["state"] == "failed"
            lab.handle({"do": "pause"})
            lab.handle({"do": "reset"})
            assert (lab.state, len(lab.history), lab.board.notice["text"]) == (State.IDLE, 1, "")
            await played(lab)
        lab.view.experiment.broken = False
        await played(lab)
        assert (lab.state, len(lab.history), lab.board.notice["text"]) == (State.FINISHED, 41, "")

    live(scenario)


# ---- measured and predicted ----


@pytest.mark.parametrize(
    ("name", "quantity", "changes"),
    [
        *(("parabola", "factor per step", {"ratio": ratio}) for ratio in (0.3, 0.9, 1.6, 2.0, 2.2)),
        *(("bowl", "growth per step", {"learning_rate": rate, "steps": 40}) for rate in (0.2, 1.5, 1.9, 2.1)),
        ("bowl", "growth per step", {"learning_rate": 0.3, "sharpness": 5.0, "dimension": 9, "steps": 60}),
    ],
)
def test_measured_over_predicted_is_one(name: str, quantity: str, changes: dict[str, Any]) -> None:
    lab = opened(name, **changes)
    readings = lab.view.readings(lab.stage.frame(len(lab.history)))
    [reading] = [r for r in readings if r.quantity.startswith(quantity)]
    assert reading.measured / reading.predicted == pytest.approx(1, rel=1e-6)
    assert "ratio 1<" in lab.readings.value


def test_the_prediction_follows_a_change_in_flight() -> None:
    async def scenario() -> None:
        lab = opened("parabola", ratio=1.5)
        lab.handle({"do": "reset"})
        for _ in range(5):
            lab.handle({"do": "step"})
        lab.change("ratio", 0.5)
        lab.handle({"do": "step"})
        reading = next(r for r in lab.view.readings(lab.stage.frame(7)) if r.predicted is not None)
        assert (reading.measured, reading.predicted) == (pytest.approx(0.5), 0.5)

    live(scenario)


class Balanced(HTMLParser):
    """Counts tags that are left open."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


@pytest.mark.parametrize("name", LABS)
def test_the_readings_are_well_formed(name: str) -> None:
    assert not Balanced(opened(name).readings.value).open


# ---- what the figures of lesson 3 show ----


def test_a_distance_of_exactly_zero_is_drawn_at_the_bottom_and_named() -> None:
    lab = Lab(ParabolaView(), lanes=[{"ratio": 1.0}, {"ratio": 1.6}])
    Browser(lab.stage.figure).hello()
    lab.loop.forward(50)
    error = lab.stage.figure.figures_now()[1]["data"]
    assert [(list(each["x"]), list(each["y"])) for each in error[4:]] == [([1.0], [1e-6]), ([], [])]
    assert error[4]["text"] == "0"
    assert (list(error[0]["x"])[:2], list(error[0]["y"])[:2]) == ([0.0, 1.0], [2.0, 1e-6])


@pytest.mark.parametrize("steps", [1, 100])
def test_a_sweeps_theory_has_a_grid_of_its_own_and_what_diverged_stands_above_all_that_lives(steps: int) -> None:
    lab = Lab(BowlSweepView(), steps=steps)
    Browser(lab.stage.figure).hello()
    lab.loop.forward(steps + 1)
    dots, crosses, _, theory = (
        {axis: np.array(trace[axis], dtype=float) for axis in "xy"}
        for trace in lab.stage.figure.figures_now()[0]["data"]
    )
    loss = lab.history["loss"][-1]
    assert len(theory["x"]) > 4 * len(dots["x"])
    assert (crosses["y"] > np.nanmax(dots["y"])).all()
    assert not np.isnan(crosses["x"]).any()
    assert len(crosses["x"]) + np.isfinite(dots["y"]).sum() == len(loss)
    known = np.isfinite(theory["y"])
    lives = np.isfinite(dots["y"]) & (dots["x"] < theory["x"][known].max())
    drawn = np.interp(np.log(dots["x"][lives]), np.log(theory["x"][known]), np.log(theory["y"][known]))
    np.testing.assert_allclose(drawn, np.log(dots["y"][lives]), atol=0.2, err_msg="each dot lies on the line")
    if steps == 100:
        assert np.nanmin(theory["y"]) < dots["y"][lives].min()
        [said] = [r.measured for r in lab.view.readings(lab.stage.frame(0)) if r.quantity.startswith("limit")]
        assert said == "between 1.876 and 2.041; in theory 2"


def test_in_more_than_two_dimensions_no_line_in_the_plane_is_called_an_eigen_direction() -> None:
    for dimension, drawn in ((2, True), (20, False)):
        lab = Lab(BowlView(), dimension=dimension)
        Browser(lab.stage.figure).hello()
        lab.loop.forward(5)
        axes = [t for t in lab.stage.figure.figures_now()[0]["data"] if t["name"] == "eigen-direction"]
        assert [np.isfinite(np.array(axis["x"], dtype=float)).all() for axis in axes] == [drawn] * 2
