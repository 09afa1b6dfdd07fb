"""A learner's own rule in a lab: a lane beside the others, offered only where there is one."""

import pytest
from headless import at_rest, live, opened, played, refusal, same, snapshot

from lessons.core.lanes import OWN
from widgets.run.run_loop import State


def sign_descent(gradient, state, learning_rate, momentum):
    return -learning_rate * gradient.sign()


def broken(gradient, state, learning_rate, momentum):
    state["n"] = state.get("n", 0) + 1
    return gradient[:1] if state["n"] > 3 else -learning_rate * gradient


def choices(lab) -> list[str]:
    return next(field["choices"] for field in lab.panel.fields if field["name"] == "optimizer")


@pytest.mark.parametrize("name", ["bowl", "net"])
def test_it_is_offered_where_there_is_one_and_runs_as_a_lane(name: str) -> None:
    async def scenario() -> None:
        plain, lab = opened(name), opened(name, own=sign_descent)
        assert OWN not in choices(plain)
        assert OWN in choices(lab)
        assert [lane["name"] for lane in lab.panel.lanes][-1] == "yours"
        await played(plain)
        await played(lab)
        assert lab.state is State.FINISHED
        before, after = snapshot(plain), snapshot(lab)
        assert same(before, {key: value[:, :-1].copy() for key, value in after.items()}, 2)
        assert lab.board.notice["kind"] != "failed"

    live(scenario)


@pytest.mark.parametrize("name", ["bowl", "net", "bowl_sweep", "net_seeds"])
def test_where_there_is_none_it_is_refused(name: str) -> None:
    lab = opened(name)
    lab.handle({"do": "set", "lane": 0, "field": "optimizer", "value": OWN})
    assert "No function of your own" in refusal(lab)


@pytest.mark.parametrize("name", ["bowl", "net"])
def test_a_broken_one_is_named_with_its_step_and_the_others_go_on(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name, own=broken)
        await at_rest(lab)
        await played(lab)
        assert lab.state is State.FINISHED
        assert lab.run.step == lab.run.lanes.shared.steps
        assert lab.panel.lanes[-1]["status"] == "stopped at step 4"
        assert all(lane["status"] == "" for lane in lab.panel.lanes[:-1])
        notice = lab.board.notice
        assert "yours: Your function must return a tensor of the gradient's shape" in notice["text"]
        assert notice["actions"] == []
        lab.handle({"do": "rewind"})
        assert "nothing to rewind" in refusal(lab)

    live(scenario)


def test_a_script_of_it_is_refused_in_a_sentence() -> None:
    lab = opened("bowl", own=sign_descent)
    lab.handle({"do": "save", "kind": "script", "lane": len(lab.panel.lanes) - 1})
    assert "no script of this lane" in refusal(lab)
