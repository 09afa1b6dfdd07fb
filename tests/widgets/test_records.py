"""Recorded runs: what a page without a kernel plays is what a live lab shows, and its answers are judged alike."""

import asyncio
import base64
import json
import subprocess
import sys
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from headless import LABS, QUESTIONS, Browser, live, opened, played

from widgets.lab.lab import Lab
from widgets.labs.optimizers.race import RaceView
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import Question
from widgets.quiz.scoring import verdict
from widgets.record.lab_record import lab_record, run_record
from widgets.record.moments import MOST_NUMBERS, Moments, as_difference
from widgets.record.question_record import question_record
from widgets.record.viewer import Viewer, stops

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent / "browser"
NODE = Path(sys.executable).with_name("node")


def replayed(record: dict[str, Any], stop: int | None = None) -> Browser:
    """A browser that has drawn a recorded run up to a moment."""
    browser, at = Browser(opened("parabola").stage.figure), 0
    numbers = np.frombuffer(base64.b64decode(record["numbers"]), "<f4").astype(float)
    for moment in record["moments"][:stop]:
        part, at = numbers[at : at + moment["count"]], at + moment["count"]
        kind = "state" if "figures" in moment else "frame"
        browser._apply({"type": kind, "ops": [], **moment}, part.tobytes())
    return browser


async def at_the_end(browser: Browser, lab: Lab) -> None:
    """Draw until a lab has nothing more to show, also what takes it long to compute."""
    shown = -1
    while shown < len(browser.messages) or lab.session.player.prepares:
        shown = len(browser.messages)
        browser.settle()
        await asyncio.sleep(0.05)


def assert_same(traces: list[list[dict[str, Any]]], others: list[list[dict[str, Any]]]) -> None:
    """Equal but for the rounding to float32, which no screen shows."""
    for figure, other in zip(traces, others, strict=True):
        for trace, expected in zip(figure, other, strict=True):
            for key in ("x", "y", "z"):
                if key in expected:
                    found, wanted = (np.array(each.get(key) or [], float) for each in (trace, expected))
                    np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-30, equal_nan=True)


@pytest.mark.parametrize("name", LABS)
def test_the_record_of_a_run_ends_with_what_the_live_lab_ends_with(name: str) -> None:
    async def scenario() -> None:
        recorded, lived = opened(name), opened(name)
        record = await run_record(recorded, Viewer(recorded.stage.figure))
        browser = Browser(lived.stage.figure)
        browser.hello().settle()
        await played(lived)
        await at_the_end(browser, lived)
        for key in lived.history.names:
            np.testing.assert_array_equal(recorded.history[key], lived.history[key])
        shown = {key: value for moment in record["moments"] for key, value in moment["shown"].items()}
        assert shown["readings"] == lived.readings.value
        assert shown["lanes"] == lived.panel.lanes
        assert shown["notice"] == lived.board.notice
        assert record["moments"][-1]["step"] == lived.run.step
        end = replayed(record)
        if sum(moment["count"] for moment in record["moments"]) < MOST_NUMBERS:
            assert_same(end.traces, browser.traces)
        assert end.layouts == browser.layouts

    live(scenario)


def test_what_is_recorded_stays_as_it_was_when_the_lab_goes_on() -> None:
    async def scenario() -> None:
        lab = opened("variance")
        record = await run_record(lab, Viewer(lab.stage.figure))
        before = json.dumps(record)
        lab.handle({"do": "select", "lane": 1})
        lab.stage.draw()
        assert json.dumps(record) == before

    live(scenario)


def test_before_play_a_record_shows_no_more_than_the_lab_and_step_by_step_the_same() -> None:
    async def scenario() -> None:
        recorded, lived = opened("parabola"), opened("parabola")
        record = await run_record(recorded, Viewer(recorded.stage.figure))
        assert [moment["step"] for moment in record["moments"][:4]] == [0, 1, 2, 3]
        browser = Browser(lived.stage.figure).hello().settle()
        assert_same(replayed(record, 1).traces, browser.traces)
        for step in (1, 2, 3):
            lived.handle({"do": "step"})
            assert_same(replayed(record, step + 1).traces, browser.settle().traces)

    live(scenario)


def test_a_lab_has_a_run_for_each_preset_and_one_for_each_lane_that_its_figures_can_show(monkeypatch) -> None:
    monkeypatch.setattr(RaceView, "presets", RaceView.presets[:2])

    async def scenario() -> None:
        record = await lab_record(opened("race"))
        json.dumps(record, allow_nan=False)
        lanes = [len(views[0]["moments"][0]["shown"]["lanes"]) for views in record["runs"]]
        assert len(record["runs"]) == len(record["panel"]["presets"])
        kept = [len(views) for views in record["runs"]]
        assert all(views in (1, count) for views, count in zip(kept, lanes, strict=True))
        assert max(kept) > 1

    live(scenario)


def test_of_arrays_that_replace_each_other_a_long_record_keeps_those_that_hold() -> None:
    moments, size, count = Moments(), 500, 400
    moments.note(0, {"figures": [], "ops": [], "numbers": np.empty(0)}, {})
    for step in range(1, count):
        ops = [["extend", 0, 0, 1, 0], ["replace", 0, 1, size, "y"]]
        moments.note(step, {"ops": ops, "numbers": np.r_[step, 1.0, np.full(size, float(step))]}, {})
    record = moments.as_json()
    numbers = np.frombuffer(base64.b64decode(record["numbers"]), "<f4")
    assert len(numbers) < 1.1 * MOST_NUMBERS
    assert sum(op[0] == "extend" for moment in record["moments"] for op in moment.get("ops", [])) == count - 1
    assert (numbers[-size:] == count - 1).all()


def test_what_two_lanes_have_in_common_is_kept_once_and_a_page_puts_it_together_again() -> None:
    async def scenario() -> list[dict[str, Any]]:
        records = []
        for lane in (0, 1):
            lab = opened("race", steps=30)
            lab.handle({"do": "select", "lane": lane})
            records.append(await run_record(lab, Viewer(lab.stage.figure)))
        return records

    base, run = live(scenario)
    difference = as_difference(run, base)
    assert len(json.dumps(difference)) < 0.5 * len(json.dumps(run))
    given = json.dumps({"run": run, "base": base, "difference": difference})
    done = subprocess.run([NODE, HERE / "replay.mjs"], input=given, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    whole, completed = json.loads(done.stdout)
    assert completed == whole
    assert len(whole) == len(run["moments"])


@pytest.mark.parametrize(("steps", "ends"), [(1, [1]), (5, [1, 2, 3, 4, 5]), (40, [1, 2, 3, 14, 26, 40])])
def test_a_run_is_recorded_step_by_step_at_first_and_to_its_last(steps: int, ends: list[int]) -> None:
    found = stops(steps, 3, 3)
    assert found[0] == 1
    assert found[-1] == steps
    assert len(found) <= len(ends)


# ---- questions ----


def answers_to(question: Question) -> list[Any]:
    match question.answer:
        case Choice(options=options):
            return list(range(len(options)))
        case Number(low=low, high=high):
            return np.linspace(low, high, 41).round(6).tolist()
    layout = question.figure().layout
    x = np.linspace(*layout.xaxis.range, layout.meta["pointer"]["columns"])
    heights = np.linspace(*layout.yaxis.range, 5)
    scale = (lambda y: 10.0**y) if layout.yaxis.type == "log" else (lambda y: y)
    level = [np.full(len(x), float(scale(height))) for height in heights]
    slope = scale(np.linspace(*layout.yaxis.range, len(x)))
    return [(x, y) for y in (*level, slope, np.where(x > x[len(x) // 8], slope, np.nan))]


def sent(answer: Any) -> Any:
    """An answer as the page has it."""
    if not isinstance(answer, tuple):
        return answer
    x, y = answer
    return {"x": x.tolist(), "y": [value if np.isfinite(value) else None for value in y.tolist()]}


@pytest.fixture(scope="module")
def judged() -> dict[str, list[tuple[dict[str, str], dict[str, str]]]]:
    """By question, for many answers: the verdict of the page and that of a live question."""
    expected, cases = {}, {}

    async def scenario() -> None:
        for name, question in QUESTIONS.items():
            record, outcome = await question_record(question)
            json.dumps(record, allow_nan=False)
            answers = answers_to(question)
            assert record["sentence"] == outcome.sentence
            expected[name] = [asdict(verdict(question, answer, outcome)) for answer in answers]
            kind = record["question"]["kind"]
            cases[name] = {"kind": kind, "verdicts": record["verdicts"], "answers": [sent(each) for each in answers]}

    live(scenario)
    done = subprocess.run([NODE, HERE / "judge.mjs"], input=json.dumps(cases), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    return {name: list(zip(found[name], expected[name], strict=True)) for name in QUESTIONS}


@pytest.mark.parametrize("name", QUESTIONS)
def test_a_page_judges_answers_as_a_live_question_does(judged: dict[str, Any], name: str) -> None:
    for found, expected in judged[name]:
        assert found["grade"] == expected["grade"]
        if not isinstance(QUESTIONS[name].answer, Sketch):
            assert found["words"] == expected["words"]
        else:  # of two places that are equally far the page may name the other
            assert found["words"].split(" at ")[0] == expected["words"].split(" at ")[0]
