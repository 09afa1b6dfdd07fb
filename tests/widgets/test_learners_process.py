"""A lab is a guest in a learner's process: it leaves threads and interpreter as they are; in a script it says so."""

import sys

import pytest
import torch
from headless import at_rest, live, opened, played

from widgets.run.run_loop import State


@pytest.fixture
def _two_threads():
    before = torch.get_num_threads()
    torch.set_num_threads(2)
    yield
    torch.set_num_threads(before)


@pytest.mark.usefixtures("_two_threads")
def test_a_lab_that_is_made_trained_and_drawn_leaves_threads_and_switch_interval_alone():
    async def scenario():
        interval = sys.getswitchinterval()
        lab = opened("net")
        held = []
        take = lab.loop._on_measurements
        lab.loop._on_measurements = lambda some: held.append(torch.get_num_threads()) or take(some)
        assert (torch.get_num_threads(), sys.getswitchinterval()) == (2, interval)
        await played(lab)
        lab.handle({"do": "reset"})
        await at_rest(lab)
        assert set(held) == {1}, "two threads would change the last digits of a run"
        assert (torch.get_num_threads(), sys.getswitchinterval()) == (2, interval)

    live(scenario)


def test_in_a_script_nothing_plays_and_a_sentence_says_what_to_do_instead():
    lab = opened("net")
    with pytest.raises(RuntimeError, match=r"A lab plays in a notebook.*experiment\.run"):
        lab.handle({"do": "play"})
    assert lab.state is State.IDLE
    before = lab.run.step
    lab.handle({"do": "step"})
    assert lab.run.step == before + 1
    lab.handle({"do": "go_to", "step": 3})  # a replay needs no event loop
    assert lab.run.step == 3
    assert len(lab.history) == 4
