"""Links, rewinding to any step, forks: headless."""

import asyncio
import json
import time
from typing import Any
from urllib.parse import urlencode

import numpy as np
import pytest
from headless import HOT, INSTANT, LABS, SWEEPS, TOPICS, Browser, at_rest, factory, live, opened, until

from lessons.core.record import RunRecord
from widgets.lab.link import NOT_UNDERSTOOD
from widgets.run.run_loop import State


def shared(lab) -> dict:
    """What the lab sends when it is asked for a link."""
    sent = []
    lab.panel.send = lambda content, buffers=None: sent.append(content)
    lab.handle({"do": "share"})
    return sent[-1]


async def driven(lab) -> None:
    """Play a little, change the learning rate on the way, pause."""
    lab.handle({"do": "play"})
    await until(lambda: lab.run.step >= 3)
    lab.change("learning_rate", 0.05)
    await until(lambda: lab.run.step >= 6)
    lab.handle({"do": "pause"})


def test_a_link_opens_the_same_run_with_the_same_numbers() -> None:
    async def scenario() -> None:
        first = opened("net", steps=200)
        first.loop.speed = 50.0
        await driven(first)
        message = shared(first)
        second = opened("net")
        second.handle({"do": "open_link", "search": "?theme=dark&" + message["query"]})
        await until(lambda: second.state is State.PAUSED)
        assert second.run.step == first.run.step
        assert second.run.record == first.run.record
        np.testing.assert_array_equal(second.history["loss"], first.history["loss"])
        assert second.panel.lanes == first.panel.lanes

    live(scenario)


@pytest.mark.parametrize("name", LABS)
def test_every_lab_opens_what_it_shares(name: str) -> None:
    async def scenario() -> None:
        first = opened(name, steps=9)
        second = factory(name)()
        second.handle({"do": "open_link", "search": "?" + shared(first)["query"]})
        await at_rest(second)
        assert second.panel.refusal == {}
        assert [lane["values"] for lane in second.panel.lanes] == [lane["values"] for lane in first.panel.lanes]

    live(scenario)


def from_python(line: str, **names: Any) -> Any:
    """The lab that a line of Python opens."""
    return eval(line, {**{topic.__name__.rpartition(".")[2]: topic for topic in TOPICS}, **names})


def test_the_line_of_python_opens_the_same_lanes() -> None:
    lab = opened("bowl", learning_rate=1.25)
    lab.handle({"do": "rename", "lane": 0, "name": 'it\'s "mine"'})
    again = from_python(shared(lab)["python"])
    assert again.panel.lanes == lab.panel.lanes


@pytest.mark.parametrize("name", [*HOT, "conditioning", "stretch"])
def test_a_link_and_the_line_of_python_open_the_same_run_at_the_same_step(name: str) -> None:
    """With what was changed in flight: seen as a loss of 0.131 instead of 0.283, as the line held neither."""

    async def scenario() -> None:
        first = opened(name, **{"steps": 30} if name not in INSTANT and name not in SWEEPS else {})
        first.handle({"do": "go_to", "step": 5})
        await until(lambda: first.run.step >= 5 and first.state in (State.PAUSED, State.IDLE))
        if name in HOT and name not in SWEEPS:
            first.change(*HOT[name])
        for _ in range(3):
            first.handle({"do": "step"})
        message = shared(first)
        by_python, by_link = from_python(message["python"]), factory(name)()
        by_link.handle({"do": "open_link", "search": "?" + message["query"]})
        for again in (by_python, by_link):
            await at_rest(again)
            if name in SWEEPS:  # a sweep is opened with its settings
                assert again.panel.lanes[0]["values"] == first.panel.lanes[0]["values"]
                continue
            await until(lambda again=again: again.run.step >= first.run.step)
            assert again.panel.refusal == {}
            assert again.run.record == first.run.record
            assert [lane["name"] for lane in again.panel.lanes] == [lane["name"] for lane in first.panel.lanes]
            assert len(again.history) == len(first.history)
            for quantity, values in first.history.items():
                np.testing.assert_array_equal(again.history[quantity], values)

    live(scenario)


def test_the_line_of_python_opens_a_lane_with_a_rule_of_ones_own() -> None:
    def half_steps(gradient, state, learning_rate, momentum):
        return -learning_rate / 2 * gradient

    async def scenario() -> None:
        first = opened("bowl", own=half_steps)
        first.change("learning_rate", 0.7, lane=1)
        await at_rest(first)
        first.handle({"do": "go_to", "step": 9})
        line = shared(first)["python"]
        assert line.startswith("divergence.bowl(own=half_steps, link={")
        again = from_python(line, half_steps=half_steps)
        await at_rest(again)
        assert [lane["name"] for lane in again.panel.lanes][-1] == "yours, η = 0.7"
        assert again.run.step == first.run.step == 9
        np.testing.assert_array_equal(again.history["loss"], first.history["loss"])

    live(scenario)


def test_a_link_copied_from_a_page_opens_in_python_and_without_an_event_loop() -> None:
    lab = opened("net", steps=40)
    lab.handle({"do": "go_to", "step": 12})
    link = f"http://127.0.0.1:8866/voila/render/03_divergence.ipynb?theme=dark&{shared(lab)['query']}"
    again = factory("net")(link=link)
    assert again.run.step == lab.run.step == 12
    np.testing.assert_array_equal(again.history["loss"], lab.history["loss"])
    assert again.panel.lanes == lab.panel.lanes


@pytest.mark.parametrize(
    ("held", "words"),
    [
        ({"names": ["a"], "lanes": [{"learning_rat": 1.0}]}, "did you mean 'learning_rate'?"),
        ({"names": ["a"], "lanes": [{"learning_rate": 1e9}]}, ", not 1000000000."),
        ({"names": ["a"], "lanes": [{}], "stpe": 3}, NOT_UNDERSTOOD),
        ({"names": ["a"], "lanes": [{}], "says": [{"colour": 3}]}, NOT_UNDERSTOOD),
        ({"names": ["a"], "lanes": [{}], "says": [{}, {}]}, NOT_UNDERSTOOD),
        ({"names": ["a"], "lanes": [{}], "step": -1}, NOT_UNDERSTOOD),
        ({"names": ["a"], "lanes": [{}], "changes": [[0, 0, "dimension", 3]]}, NOT_UNDERSTOOD),
        ({"names": ["a"], "lanes": [{}], "changes": [[0, 0, "learning_rate", 1e9]]}, "learning rate η must be"),
        ({1, 2}, NOT_UNDERSTOOD),
        (7, NOT_UNDERSTOOD),
        ("http://elsewhere.org/?net=7", "The link holds nothing for this lab"),
        ("?bowl=7", NOT_UNDERSTOOD),
        ("bowl", "The link holds nothing for this lab"),
    ],
)
def test_a_link_that_python_gives_and_no_lab_wrote_gets_a_sentence_and_the_defaults(held: Any, words: str) -> None:
    lab = factory("bowl")(link=held)
    assert words in lab.panel.refusal["text"]
    assert lab.panel.lanes == factory("bowl")().panel.lanes
    assert lab.state is State.FINISHED


def test_a_name_that_a_link_brings_goes_when_it_does_not_hold_any_more() -> None:
    async def scenario() -> None:
        first = opened("net")
        first.handle({"do": "rename", "lane": 1, "name": "mine"})
        second = from_python(shared(first)["python"])
        for lane in range(3):
            second.change("learning_rate", 0.33, lane)
        await at_rest(second)
        assert [lane["name"] for lane in second.panel.lanes] == ["lane 1", "mine", "lane 3"]

    live(scenario)


HOSTILE = [
    "bowl=",
    "bowl=7",
    "bowl=[]",
    "bowl=" + "[" * 5000,
    "bowl=" + "x" * 50_000,
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{}], "script": "<script>alert(1)</script>"})}),
    urlencode({"bowl": json.dumps({"names": ["a", "b"], "lanes": [{}]})}),
    urlencode({"bowl": json.dumps({"names": ["x" * 41], "lanes": [{}]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{"learning_rate": 1e9}]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{"learning_rate": "1"}]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{"colour": "red"}]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{}], "step": -1})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{}], "changes": [[0, 7, "learning_rate", 1.0]]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{}], "changes": [[0, 0, "learning_rate", 1e9]]})}),
    urlencode({"bowl": json.dumps({"names": ["a"], "lanes": [{}], "changes": [[0, 0, "dimension", 9]]})}),
    urlencode({"bowl": json.dumps({"names": ["a"] * 13, "lanes": [{}] * 13})}),
    urlencode({"bowl": '{"names":["a"],"lanes":[{"learning_rate":NaN}]}'}),
    "&".join(f"a{i}=1" for i in range(50)),
]


@pytest.mark.parametrize("search", HOSTILE, ids=range(len(HOSTILE)))
def test_a_hostile_link_gets_a_sentence_and_the_defaults(search: str) -> None:
    async def scenario() -> None:
        lab = opened("bowl")
        before = lab.panel.lanes
        lab.handle({"do": "open_link", "search": "?" + search})
        await at_rest(lab)
        assert lab.panel.refusal["text"]
        assert len(lab.panel.refusal["text"]) < 200
        assert lab.panel.lanes == before
        assert lab.state is State.IDLE

    live(scenario)


def test_a_link_for_another_lab_is_left_alone_and_a_second_link_too() -> None:
    async def scenario() -> None:
        lab = opened("bowl")
        lab.handle({"do": "open_link", "search": "?net=7"})
        assert lab.panel.refusal == {}
        lab.handle({"do": "open_link", "search": "?bowl=7"})
        assert lab.panel.refusal == {}, "a view that is made anew opens no link again"

    live(scenario)
    assert "defaults" in NOT_UNDERSTOOD


@pytest.mark.parametrize("name", LABS)
@pytest.mark.parametrize("step", [0, 1, 4])
def test_go_to_a_step_shows_the_same_past(name: str, step: int) -> None:
    async def scenario() -> None:
        lab = opened(name)
        lab.handle({"do": "play"})
        await until(lambda: lab.run.step >= 5 or lab.state is State.FINISHED)
        lab.handle({"do": "pause"})
        before = lab.history["loss"][: step + 1].copy()
        lab.handle({"do": "go_to", "step": step})
        await until(lambda: lab.run.step >= step and lab.state in (State.PAUSED, State.IDLE))
        assert lab.run.step == step
        np.testing.assert_array_equal(lab.history["loss"], before)

    live(scenario)


def test_a_fork_shares_the_past_and_takes_a_change_of_its_own() -> None:
    async def scenario() -> None:
        lab = opened("bowl", steps=60, learning_rate=1.2)
        lab.handle({"do": "fork", "lane": 0, "step": 20})
        await until(lambda: lab.state is State.PAUSED)
        assert lab.run.step == 20
        assert len(lab.panel.lanes) == 2
        lab.change("learning_rate", 0.4)
        assert lab.panel.selected == 1
        lab.loop.speed = float("inf")
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FINISHED)
        loss = lab.history["loss"]
        np.testing.assert_allclose(loss[:21, 0], loss[:21, 1], rtol=1e-12)
        assert not np.isclose(loss[30, 0], loss[30, 1])
        assert [(c.step, c.lane) for c in lab.run.record.changes] == [(20, 1)]

    live(scenario)


@pytest.mark.parametrize(
    ("command", "sentence"),
    [
        ({"do": "go_to", "step": 10**6}, "This run has 60 steps."),
        ({"do": "go_to", "step": -1}, "whole number"),
        ({"do": "go_to", "step": 1.5}, "whole number"),
        ({"do": "fork", "lane": 9, "step": 1}, "There is no lane 10"),
    ],
)
def test_a_step_that_is_none_gets_a_sentence(command: dict, sentence: str) -> None:
    lab = opened("bowl")
    rows = len(lab.history)
    lab.handle(command)
    assert sentence in lab.panel.refusal["text"]
    assert len(lab.history) == rows


def test_the_record_goes_through_json_bit_exact() -> None:
    async def scenario() -> None:
        lab = opened("net", learning_rate=0.1 + 1e-17, steps=50)
        lab.loop.speed = 50.0
        await driven(lab)
        record = lab.run.record
        assert RunRecord.model_validate_json(record.model_dump_json()) == record

    live(scenario)


def test_rewinding_the_largest_lab_does_not_block_the_kernel() -> None:
    """A long way back is made in slices: others get their turn."""

    async def scenario() -> None:
        lab = opened("net", steps=400)
        lab.handle({"do": "go_to", "step": 300})
        turns, begun = 0, time.perf_counter()
        while lab.run.step < 300:
            await asyncio.sleep(0)
            turns += 1
        assert turns > 3
        assert time.perf_counter() - begun < 20

    live(scenario)


def test_the_way_back_starts_at_a_checkpoint_and_shows_the_whole_past() -> None:
    async def scenario() -> None:
        lab = opened("net", steps=400)
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "go_to", "step": 350})
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 350)
        browser.settle()
        losses = lab.history["loss"][:301].copy()
        lab.handle({"do": "go_to", "step": 300})
        assert 270 <= lab.run.step <= 300
        await until(lambda: lab.state is State.PAUSED and lab.run.step == 300)
        browser.settle()
        np.testing.assert_array_equal(lab.history["loss"], losses)
        steps, drawn = browser.points(0, 0)
        assert len(steps) > 250
        np.testing.assert_allclose(drawn, losses[np.array(steps, dtype=int), 0])

    live(scenario)
