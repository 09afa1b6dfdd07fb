"""Ten thousand messages that no page of ours sends: none crashes a lab, and none reaches a training."""

import asyncio
import json
import math
import random
import string
import time
from typing import Any

import pytest
from headless import LABS, QUIZZES, failures, live, opened
from ipywidgets import Widget

from widgets.lab.lab import Lab

MESSAGES = 11_000
EACH = math.ceil(MESSAGES / len(LABS))
SECONDS = 60
WORDS = (
    "set",
    "play",
    "preset",
    "back_to_own",
    "goto",
    "go_to",
    "fork",
    "open_link",
    "save",
    "place",
    "draw",
    "ack",
    "hello",
    "point",
)
ODD = (
    *(None, True, False, 0, -1, 1, 2**31, 2**63, -(2**63), 10**400, 0.5, -0.0, 1e308, -1e308, math.nan, math.inf),
    *(
        "",
        " ",
        "\x00",
        "\ud800",
        "x" * 100_000,
        "<script>alert(1)</script>",
        "../../etc/passwd",
        "__class__",
        "{}",
        "NaN",
    ),
    *([], {}, [[]], [{}], {"": {}}, [None] * 5000, [math.nan] * 1001, {"do": "play"}, "0" * 5000, "1e5", "１２", "٣"),
)


def nested(dice: random.Random, depth: int = 3) -> Any:
    """Anything that JSON can hold, and some that it cannot."""
    if depth == 0 or dice.random() < 0.6:
        return dice.choice(ODD)
    if dice.random() < 0.5:
        return [nested(dice, depth - 1) for _ in range(dice.randrange(4))]
    odd = "".join(dice.choices(string.printable, k=5))
    keys = ("do", "lane", "field", "value", "type", "n", "figure", "x", "y", "name", odd)
    return {dice.choice(keys): nested(dice, depth - 1) for _ in range(dice.randrange(5))}


def proper(dice: random.Random, lab: Lab, figures: list[str]) -> dict[str, Any]:
    """A command as a page sends it, cheap to carry out."""
    field = dice.choice(lab.view.controls)
    value = getattr(lab.lanes.settings[0], field)
    figure = dice.choice(figures)
    return dice.choice(
        [
            {"do": dice.choice(["play", "pause", "step", "reset", "new_seed", "add_lane", "rewind", "share"])},
            {"do": "set", "lane": 0, "field": field, "value": value},
            {"do": "speed", "value": 10.0},
            {"do": "stop_below", "value": None},
            {"do": "select", "lane": 0},
            {"do": "rename", "lane": 0, "name": "a lane"},
            {"do": "preset", "index": 0},
            {"do": "go_to", "step": 0},
            {"do": "fork", "lane": 0, "step": 0},
            {"do": "open_link", "search": "?a=b"},
            {"do": "save", "kind": "csv", "lane": 0},
            {"do": "place", "figure": figure, "x": 0.1, "y": 0.1},
            {"do": "draw", "figure": figure, "x": [0.0, 1.0], "y": [0.1, None]},
            {"type": "point", "figure": 0, "x": 0.1, "y": 0.1},
            {"type": "sketch", "figure": 0, "x": [0.0, 1.0], "y": [0.1, 0.2]},
            {"type": "ack", "n": 1},
            {"type": "hello"},
        ]
    )


def spoilt(dice: random.Random, command: dict[str, Any]) -> Any:
    """The command with something wrong in it."""
    wrong = dict(command)
    for _ in range(dice.randrange(1, 3)):
        match dice.randrange(4):
            case 0:
                wrong[dice.choice(list(wrong) or ["do"])] = nested(dice)
            case 1:
                wrong.pop(dice.choice(list(wrong)), None) if wrong else None
            case 2:
                wrong[dice.choice(("extra", "do", "lane", "__proto__"))] = nested(dice)
            case 3:
                wrong["do"] = dice.choice(WORDS)
    return wrong


def message(dice: random.Random, lab: Lab, figures: list[str]) -> dict[str, Any]:
    """A comm message to a widget, as it leaves Jupyter's own checks."""
    command = proper(dice, lab, figures)
    content = command if dice.random() < 0.15 else spoilt(dice, command) if dice.random() < 0.7 else nested(dice)
    data = {"method": "custom", "content": content}
    if dice.random() < 0.2:  # ipywidgets' own methods
        state = {dice.choice(("lanes", "fields", "notice", "transport", "_esm", "options", "title")): nested(dice)}
        data = {"method": dice.choice(("update", "request_state", "echo_update", "", "custom")), "state": state}
    buffers = [dice.randbytes(dice.randrange(64)) for _ in range(dice.randrange(3))]
    return {"content": {"comm_id": "1", "data": data}, "buffers": buffers, "parent_header": {}, "metadata": {}}


def watch_trainings(lab: Lab) -> list[Any]:
    """Note the settings of every run that begins from now on."""
    experiment, begun = lab.view.experiment, []
    run = experiment.run

    def noted(lanes: Any, *arguments: Any, **options: Any) -> Any:
        begun.extend(lanes.settings)
        return run(lanes, *arguments, **options)

    object.__setattr__(experiment, "run", noted)
    return begun


def send(widget: Widget, sent: dict[str, Any]) -> None:
    """Deliver a message. What ipywidgets itself refuses for want of a field never gets to a widget of ours."""
    data = sent["content"]["data"]
    if data["method"] == "custom" and "content" not in data:
        return
    widget._handle_msg(sent)


@pytest.mark.parametrize("name", LABS)
def test_no_message_crashes_a_lab_or_reaches_a_training(name):
    dice = random.Random(name)

    async def storm() -> None:
        lab = opened(name)
        failed, begun = failures(lab), watch_trainings(lab)
        widgets = [lab.panel, lab.stage.figure, lab.board]
        figures = list(lab.view.figures(["a"], ["#111111"]))
        started = time.monotonic()
        for count in range(EACH):
            send(dice.choice(widgets), message(dice, lab, figures))
            if count % 20 == 0:
                await asyncio.sleep(0.03)
        lab.handle({"do": "pause"})
        await asyncio.sleep(0.05)
        assert time.monotonic() - started < SECONDS
        assert not failed
        for settings in begun:
            assert type(settings).checked(settings.model_dump()) == settings
        json.dumps([lab.panel.lanes, lab.panel.transport, lab.board.notice], allow_nan=False)
        lab.handle({"do": "preset", "index": 0})
        lab.handle({"do": "reset"})
        await asyncio.sleep(0.05)
        lab.handle({"do": "step"})
        assert lab.run.step >= 0
        assert not failed

    live(storm)


def test_these_are_as_many_messages_as_promised():
    assert EACH * len(LABS) >= 10_000


def test_questions_take_no_nonsense():
    dice = random.Random(7)

    async def storm() -> None:
        for quiz in QUIZZES.values():
            for name in quiz.questions:
                check = quiz.ask(name)
                for _ in range(40):
                    data = {"method": "custom", "content": nested(dice)}
                    check.panel._handle_msg({"content": {"data": data}, "buffers": []})
                assert check.panel.status["state"] in ("open", "running", "done")
                json.dumps(check.panel.status, allow_nan=False)

    live(storm)
