"""What a browser may ask: every command parses, anything else is refused with a sentence and nothing worse."""

import math
import random
from typing import Any

import pytest

from widgets.lab import commands as do

GOOD = [
    *({"do": name} for name in ("play", "pause", "step", "reset", "new_seed", "add_lane", "back_to_own", "rewind")),
    *({"do": "set", "lane": 0, "field": "x", "value": v} for v in (1, 1.5, "a", True, None, [1], {"a": 1}, math.nan)),
    *({"do": "speed", "value": v} for v in (1, 1.0, 50, 10_000, "fastest")),
    *({"do": "stop_below", "value": v} for v in (None, 1e-300, 1, 1e12)),
    *({"do": "restart_on_change", "value": v} for v in (True, False)),
    *({"do": "device", "value": v} for v in ("cpu", "cuda")),
    {"do": "preset", "index": 3},
    {"do": "select", "lane": 2},
    {"do": "remove_lane", "lane": 0},
    *({"do": "rename", "lane": 1, "name": name} for name in ("", "a", "<b>é🌀</b>", "x" * 40)),
]
DEEP: list[Any] = []
for _ in range(100_000):
    DEEP = [DEEP]
WEIRD: list[Any] = [
    *(None, True, False, 0, -1, 1.5, math.nan, math.inf, -math.inf, 10**400, 10**5000, -(10**5000)),
    *("", "1", "fastest", "play", "x" * 100_000, "\ud800", "\x00", b"play", b"", 1j),
    *([], [1], [[[]]], {}, {"do": "play"}, {1: 2}, (1, 2), {1}, object, DEEP),
]
NO_NUMBERS = [w for w in WEIRD if w is None or isinstance(w, bool | str | bytes | complex | list | dict | tuple | set)]
BAD = [
    *WEIRD,
    *({"do": weird} for weird in WEIRD if weird != "play"),
    *({"do": name} for name in ("Play", "play ", "quit", "set", "speed", "preset", "select", "rename", "__class__")),
    *({**good, "extra": 1} for good in GOOD),
    *({key: good[key] for key in good if key != left_out} for good in GOOD for left_out in good if good != {}),
    *({"do": "set", "lane": lane, "field": "x", "value": 1} for lane in [1.0, "0", *NO_NUMBERS]),
    *({"do": "set", "lane": 0, "field": field, "value": 1} for field in [0, None, True, 1.5, ["x"], {}, DEEP, b"x"]),
    *({"do": "speed", "value": v} for v in [0, 0.999, -5, 10_001, math.nan, math.inf, 10**400, True, "50", "Fastest"]),
    *({"do": "speed", "value": v} for v in [None, [], DEEP, {}]),
    *({"do": "stop_below", "value": v} for v in [0, -1, 1.1e12, math.nan, math.inf, 10**400, True, "one", [], DEEP]),
    *({"do": "restart_on_change", "value": v} for v in [0, 1, None, "true", "on", [], DEEP]),
    *({"do": "device", "value": v} for v in ["cuda:0", "CPU", "", None, 0, True, ["cpu"], DEEP]),
    *({"do": "preset", "index": v} for v in [1.0, "0", math.inf, *NO_NUMBERS]),
    *({"do": name, "lane": v} for name in ("select", "remove_lane") for v in [1.0, "0", math.nan, *NO_NUMBERS]),
    *({"do": "rename", "lane": 0, "name": v} for v in ["x" * 41, None, 1, True, [], DEEP, b"a", "\ud800"]),
]
BAD = [bad for bad in BAD if bad not in GOOD]  # one of the weird values is itself a command


def refused(content: Any) -> str:
    """The sentence with which it is refused."""
    with pytest.raises(do.CommandError) as caught:
        do.parse_command(content)
    assert type(caught.value) is do.CommandError
    assert caught.value.__cause__ is None
    return str(caught.value)


def is_sentence(text: str) -> bool:
    return text[0].isupper() and text.endswith(".") and 20 < len(text) < 100 and "\n" not in text


@pytest.mark.parametrize("content", GOOD, ids=repr)
def test_every_command_parses_and_keeps_what_it_holds(content: dict[str, Any]) -> None:
    command = do.parse_command(content)
    assert isinstance(command, do.Command)
    for name, value in content.items():
        kept = getattr(command, name)
        assert kept == value or (kept != kept and value != value)


@pytest.mark.parametrize("number", range(len(BAD)))
def test_anything_else_is_refused_with_a_short_sentence(number: int) -> None:
    assert is_sentence(refused(BAD[number]))


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"do": "speed", "value": 0}, "from 1 to 10000"),
        ({"do": "stop_below", "value": -1}, "above 0"),
        ({"do": "rename", "lane": 0, "name": "x" * 41}, "at most 40"),
        ({"do": "device", "value": "tpu"}, "cpu or cuda"),
        ({"do": "dance"}, "did not understand"),
        ([], "did not understand"),
    ],
)
def test_the_sentence_says_what_is_allowed(content: Any, words: str) -> None:
    assert words in refused(content)


@pytest.mark.parametrize(
    ("content", "held"),
    [
        ({"do": "stop_below", "value": "0,05"}, 0.05),
        ({"do": "stop_below", "value": "10⁻³"}, 0.001),
        ({"do": "stop_below", "value": " "}, None),
        ({"do": "stop_below", "value": "never"}, None),
        ({"do": "go_to", "step": "2,000"}, 2000),
        ({"do": "go_to", "step": "2\u202f000"}, 2000),
        ({"do": "fork", "lane": 0, "step": "0"}, 0),
    ],
)
def test_a_number_that_was_typed_is_read(content: dict[str, Any], held: float | None) -> None:
    assert getattr(do.parse_command(content), do.TYPED[content["do"]]) == held


@pytest.mark.parametrize(
    ("content", "words"),
    [
        ({"do": "stop_below", "value": "abc"}, "or empty for never; not 'abc'."),
        ({"do": "stop_below", "value": "−1"}, "not '−1'."),
        (
            {"do": "stop_below", "value": "2,000"},
            "not '2,000', which is 2 to some and 2000 to others: write 2 or 2000.",
        ),
        ({"do": "go_to", "step": ""}, "The step to go to is a whole number from 0 on; the box is empty."),
        ({"do": "go_to", "step": "2.5"}, "not '2.5'."),
        ({"do": "go_to", "step": "x" * 61}, "not 'xxxxxxxxxxxxxxxxxxx…'."),
        ({"do": "fork", "lane": 0, "step": "−3"}, "The step to fork at is a whole number from 0 on; not '−3'."),
    ],
)
def test_what_was_typed_and_cannot_be_taken_gets_a_sentence(content: dict[str, Any], words: str) -> None:
    assert refused(content).endswith(words)


def test_nothing_of_a_hostile_message_is_echoed() -> None:
    assert "<script>" not in refused({"do": "<script>", "value": "<script>"})
    assert "<script>" not in refused({"do": "device", "value": "<script>"})


def test_fuzz() -> None:
    source = random.Random(3)
    names = [good["do"] for good in GOOD]
    keys = ["lane", "field", "value", "index", "name", "extra", "do"]
    scalars = [w for w in WEIRD if w is not DEEP] + [0, 1, 2, "x", 0.5, 50.0]

    def anything(depth: int = 0) -> Any:
        kind = source.random()
        if kind < 0.7 or depth > 4:
            return source.choice(scalars)
        if kind < 0.85:
            return [anything(depth + 1) for _ in range(source.randint(0, 3))]
        return {source.choice(keys): anything(depth + 1) for _ in range(source.randint(0, 3))}

    def message() -> Any:
        kind = source.random()
        if kind < 0.2:
            return anything()
        content = dict(source.choice(GOOD)) if kind < 0.8 else {"do": source.choice(names)}
        for _ in range(source.randint(0, 2)):
            content[source.choice(keys)] = anything()
        return content

    understood, sentences = 0, set()
    for _ in range(2000):
        content = message()
        try:
            understood += isinstance(do.parse_command(content), do.Command)
        except do.CommandError as refusal:
            sentences.add(str(refusal))
    assert all(map(is_sentence, sentences))
    assert 200 < understood < 1800, "the fuzz tries both sides"
