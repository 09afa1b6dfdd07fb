"""Links, rewinding to any step, forks: headless."""

import asyncio
import json
import time
from urllib.parse import urlencode

import numpy as np
import pytest
from headless import LABS, Browser, at_rest, factory, live, opened, until

from lessons.core.run import RunRecord
from widgets.link import NOT_UNDERSTOOD
from widgets.run_loop import State


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
        nameless = {"names": ()}  # a preset's name went when its lane was changed
        assert second.run.record.model_copy(update=nameless) == first.run.record.model_copy(update=nameless)
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


def test_the_line_of_python_opens_the_same_lanes() -> None:
    from widgets.labs import divergence

    lab = opened("bowl", learning_rate=1.25)
    lab.handle({"do": "rename", "lane": 0, "name": 'it\'s "mine"'})
    again = eval(shared(lab)["python"], {"divergence": divergence})
    assert again.panel.lanes == lab.panel.lanes


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
        assert lab.state is State.FINISHED

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
