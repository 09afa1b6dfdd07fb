"""The kernel's end of a live figure, against a browser simulated in Python."""

import gzip
import math
import random
from collections.abc import Iterator
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from headless import Browser, wire_bytes

from widgets.figure import plotlyjs
from widgets.figure.delivery import WINDOW
from widgets.figure.live_figure import LiveFigure
from widgets.figure.plots import line, plot

KB = 1024


def two_figures() -> dict[str, go.Figure]:
    """`a` has two traces that grow and one that is replaced, `b` one of each."""
    return {
        "a": plot("a", "A", "x", "y", [line("one", "#111"), line("two", "#222"), line("three", "#333")]),
        "b": plot("b", "B", "x", "y", [line("one", "#111"), go.Bar(x=[], y=[])]),
    }


GROWING = (("a", 0), ("a", 1), ("b", 0))
REPLACED = (("a", 2), ("b", 1))
PLACE = {"a": 0, "b": 1}


@pytest.fixture
def figure() -> LiveFigure:
    return LiveFigure(two_figures())


@pytest.fixture
def browser(figure: LiveFigure) -> Browser:
    """A browser that shows the figure."""
    return Browser(figure).hello().settle()


# ---- plotly.js ----


def test_plotly_js_comes_once_for_each_request_and_small(figure: LiveFigure) -> None:
    browser = Browser(figure)
    browser.say({"type": "plotly"})
    [(content, [bundle])] = browser.messages
    assert content == {"type": "plotly"}
    assert bundle[:2] == b"\x1f\x8b"
    assert len(bundle) < 0.6e6
    before, after = gzip.decompress(bundle).split(plotlyjs.script().encode())
    assert b"define = undefined" in before
    assert after.strip() == b"export default module.exports;"
    browser.say({"type": "plotly"})
    assert [content["type"] for content, _ in browser.messages] == ["plotly", "plotly"]
    assert browser.messages[1][1][0] is bundle, "compressed once a process"


def test_plotly_js_does_not_count_as_a_frame(figure: LiveFigure) -> None:
    browser = Browser(figure)
    for _ in range(5):
        browser.say({"type": "plotly"})
    assert figure.ready
    assert figure.frames_sent == 0


# ---- states ----


def test_hello_brings_the_whole_figures(figure: LiveFigure) -> None:
    browser = Browser(figure).hello()
    [(content, [numbers])] = browser.messages
    assert (content["type"], content["n"], content["ops"], numbers) == ("state", 1, [], b"")
    assert [spec["layout"]["meta"]["name"] for spec in content["figures"]] == ["a", "b"]
    assert [len(spec["data"]) for spec in content["figures"]] == [3, 2]


def test_one_figure_needs_no_name() -> None:
    live = LiveFigure(go.Figure(go.Scatter(x=[], y=[])))
    browser = Browser(live).hello().settle()
    live.extend("figure", 0, [1, 2], [3, 4])
    live.flush()
    assert browser.settle().points(0, 0) == ([1, 2], [3, 4])


@pytest.mark.parametrize("frames", [1, 2, 3, 50])
def test_a_late_display_and_a_second_one_show_everything(figure: LiveFigure, frames: int) -> None:
    browser = Browser(figure)
    for n in range(frames):
        figure.extend("a", 0, [n], [n**2])
        figure.replace("b", 1, x=[n, n + 1], y=[math.nan, n])
        figure.relayout("a", {"xaxis.range": [0, n]})
        figure.flush()
    for _ in range(2):
        browser.hello().settle()
        assert browser.points(0, 0) == (list(range(frames)), [n**2 for n in range(frames)])
        assert browser.points(1, 1) == ([frames - 1, frames], [None, frames - 1])
        assert browser.layouts[0] == {"xaxis.range": [0, frames - 1]}


def test_reset_shows_other_figures_and_nothing_of_the_old(figure: LiveFigure, browser: Browser) -> None:
    figure.extend("a", 0, [1], [1])
    figure.flush()
    figure.extend("a", 0, [2], [2])
    figure.reset({"c": plot("c", "C", "x", "y", [line("only", "#111")])})
    figure.extend("c", 0, [7], [8])
    figure.flush()
    browser.settle()
    assert len(browser.traces) == 1
    assert browser.points(0, 0) == ([7], [8])


def test_clear_empties_what_came_and_keeps_the_layout(figure: LiveFigure, browser: Browser) -> None:
    figure.extend("a", 0, [1], [1])
    figure.replace("a", 2, x=[1], y=[2])
    figure.relayout("a", {"xaxis.range": [0, 9]})
    figure.flush()
    browser.settle()
    figure.clear()
    figure.extend("a", 1, [5], [6])
    figure.flush()
    for shown in (browser.settle(), browser.hello().settle()):
        assert [shown.points(0, trace) for trace in range(3)] == [([], []), ([5], [6]), ([], [])]
        assert shown.layouts[0] == {"xaxis.range": [0, 9]}


def test_a_layout_change_gathered_before_clear_is_not_lost(figure: LiveFigure, browser: Browser) -> None:
    figure.relayout("a", {"xaxis.range": [0, 9]})
    figure.clear()
    figure.flush()
    assert browser.settle().layouts[0] == {"xaxis.range": [0, 9]}


def test_layout_that_holds_is_not_sent_again(figure: LiveFigure, browser: Browser) -> None:
    for _ in range(3):
        figure.relayout("a", {"xaxis.range": [0, 9], "shapes": [{"x0": 1}]})
        figure.flush()
        browser.settle()
    assert len(browser.frames()) == 1


def test_nothing_gathered_nothing_sent(figure: LiveFigure, browser: Browser) -> None:
    figure.flush()
    figure.extend("a", 0, [], [])
    figure.relayout("a", {})
    figure.flush()
    assert not browser.frames()


# ---- the window ----


def act(random_source: random.Random, figure: LiveFigure, expected: dict[Any, Any]) -> None:
    """Do one thing to the figure, and the same to what is expected."""
    kind = random_source.choice(["extend"] * 6 + ["replace", "relayout", "clear"])
    if kind == "extend":
        name, trace = random_source.choice(GROWING)
        x = [random_source.random() for _ in range(random_source.randint(1, 4))]
        y = [random_source.gauss(0, 1) for _ in x]
        figure.extend(name, trace, x, y, path=random_source.random() < 0.5)
        held = expected.setdefault((name, trace), ([], []))
        expected[name, trace] = (held[0] + x, held[1] + y)
    elif kind == "replace":
        name, trace = random_source.choice(REPLACED)
        x, y = [random_source.random()], [random_source.choice([1.0, math.nan])]
        figure.replace(name, trace, x=x, y=y)
        expected[name, trace] = (x, [None if math.isnan(v) else v for v in y])
    elif kind == "relayout":
        name, changes = random_source.choice("ab"), {"xaxis.range": [0, random_source.randint(1, 3)]}
        figure.relayout(name, changes)
        figure.flush()  # see test_a_layout_change_gathered_before_clear_is_not_lost
        expected["layout", name] = changes
    else:
        figure.clear()
        for key in [*GROWING, *REPLACED]:
            expected.pop(key, None)


@pytest.mark.parametrize("seed", range(12))
def test_whatever_the_caller_does_two_wait_and_the_browser_catches_up(seed: int) -> None:
    source, expected = random.Random(seed), {}
    figure = LiveFigure(two_figures())
    browser = Browser(figure)
    if seed % 2:
        browser.hello()
    for _ in range(400):
        act(source, figure, expected)
        for _ in range(source.choice([0, 0, 1, 5])):
            figure.flush()
        assert browser.unacknowledged <= WINDOW
        assert figure.ready == (browser.unacknowledged < WINDOW)
        if source.random() < 0.2:
            browser.draw()
        if source.random() < 0.01:
            browser.hello()
    browser.given is None and browser.hello()
    browser.settle()
    figure.flush()
    browser.settle()
    for name, trace in (*GROWING, *REPLACED):
        assert browser.points(PLACE[name], trace) == expected.get((name, trace), ([], []))
    for name in "ab":
        assert browser.layouts[PLACE[name]] == expected.get(("layout", name), {})


def test_who_waits_for_ready_is_called_when_a_frame_may_go(figure: LiveFigure) -> None:
    ready: list[bool] = []
    figure.on_ready(lambda: ready.append(figure.ready))
    browser = Browser(figure).hello()
    assert ready == [True], "one more may follow the state at once"
    figure.extend("a", 0, [1], [1])
    figure.flush()
    browser.draw()
    assert ready == [True, True]


HOSTILE = [
    None,
    3,
    "ack",
    b"ack",
    [],
    ["ack", 1],
    {},
    {"type": None},
    {"type": ["ack"]},
    {"type": {"ack": 1}},
    {"type": "ack"},
    {"n": 1},
    {"type": "Ack", "n": 2},
    *(
        {"type": "ack", "n": n}
        for n in (None, "2", 2.0, 1.5, math.nan, math.inf, [2], {"n": 2}, True, -1, -(10**400), 0)
    ),
    *({"type": "ack", "n": n} for n in (3, 10**9, 10**400)),
]


@pytest.mark.parametrize("message", HOSTILE, ids=lambda message: repr(message)[:40])
def test_a_bad_message_changes_nothing(figure: LiveFigure, message: Any) -> None:
    browser = Browser(figure).hello()
    figure.extend("a", 0, [1], [1])
    figure.flush()
    assert not figure.ready
    sent = len(browser.messages)
    browser.say(message)
    assert not figure.ready, "two wait, none of them was acknowledged"
    assert len(browser.messages) == sent
    browser.settle()
    assert figure.ready
    assert browser.points(0, 0) == ([1], [1])


@pytest.mark.parametrize("n", [3, 10**9, 10**400])
def test_an_acknowledgement_in_advance_buys_nothing(figure: LiveFigure, n: int) -> None:
    browser = Browser(figure).hello()
    browser.say({"type": "ack", "n": n})
    for k in range(10):
        figure.extend("a", 0, [k], [k])
        figure.flush()
    assert len(browser.messages) <= 1 + WINDOW


def test_acknowledgements_out_of_order_never_take_one_back(figure: LiveFigure, browser: Browser) -> None:
    for k in range(2):
        figure.extend("a", 0, [k], [k])
        figure.flush()
    for n in (figure.frames_sent, 1, 0, -5):
        browser.say({"type": "ack", "n": n})
        assert figure.ready


# ---- cost and honesty of frames ----


def growing(count: int, chunk: int) -> Iterator[tuple[np.ndarray, np.ndarray]]:
    rng = np.random.default_rng(0)
    for start in range(0, count, chunk):
        x = np.arange(start, min(start + chunk, count), dtype=float)
        yield x, rng.normal(size=len(x)) * 10.0 ** rng.integers(-300, 300)


@pytest.mark.parametrize("path", [False, True])
@pytest.mark.parametrize(("count", "chunk"), [(100_000, 100_000), (100_000, 1000), (500, 1)])
def test_a_frame_costs_a_kilobyte_a_trace_however_long_the_history(
    figure: LiveFigure, browser: Browser, count: int, chunk: int, path: bool
) -> None:
    for x, y in growing(count, chunk):
        for name, trace in GROWING:
            figure.extend(name, trace, x, y, path)
        figure.flush()
        browser.draw()
    assert len(browser.frames()) == math.ceil(count / chunk)
    assert max(cost for _, cost in browser.frames()) <= KB + KB * len(GROWING)
    browser.hello()
    content, buffers = browser.messages[-1]
    assert content["type"] == "state"
    assert wire_bytes({**content, "figures": []}, buffers) <= 10 * KB * len(GROWING), "600 points a trace"


def test_points_that_are_not_finite_are_left_out_of_extend(figure: LiveFigure, browser: Browser) -> None:
    x = [0, 1, 2, 3, 4, math.nan, math.inf]
    figure.extend("a", 0, x, [0, math.nan, math.inf, -math.inf, 4, 5, 6])
    figure.extend("a", 1, [1, 2], [math.nan, math.nan])
    figure.flush()
    for shown in (browser.settle(), browser.hello().settle()):
        assert shown.points(0, 0) == ([0, 4], [0, 4])
        assert shown.points(0, 1) == ([], [])


def test_points_that_are_not_finite_are_gaps_in_replace(figure: LiveFigure, browser: Browser) -> None:
    figure.replace("a", 2, x=[0, 1, 2, 3], y=np.array([1.0, math.nan, math.inf, -2.0]))
    figure.flush()
    for shown in (browser.settle(), browser.hello().settle()):
        assert shown.points(0, 2) == ([0, 1, 2, 3], [1, None, None, -2])


STREAMS = [(4000, 1), (100_000, 56), (100_000, 1000), (100_000, 100_000)]


@pytest.mark.parametrize(("count", "chunk"), STREAMS)
def test_the_largest_spike_survives(figure: LiveFigure, browser: Browser, count: int, chunk: int) -> None:
    spikes = {count // 7: 50.0, count // 3: -50.0}
    x = np.arange(float(count))
    y = np.sin(x)
    y[list(spikes)] = list(spikes.values())
    for start in range(0, count, chunk):
        figure.extend("a", 0, x[start : start + chunk], y[start : start + chunk])
        figure.flush()
        browser.draw()
    for shown in (browser.settle(), browser.hello().settle()):
        points = dict(zip(*shown.points(0, 0), strict=True))
        assert spikes.items() <= points.items()


@pytest.mark.parametrize(("count", "chunk"), STREAMS[:3])
def test_every_spike_of_a_long_curve_survives(figure: LiveFigure, browser: Browser, count: int, chunk: int) -> None:
    x = np.arange(float(count))
    y = np.sin(x)
    places = np.arange(1, 20) * (count // 20)  # 19 spikes, higher and higher, far apart on screen
    y[places] = 10.0 + np.arange(19)
    for start in range(0, count, chunk):
        figure.extend("a", 0, x[start : start + chunk], y[start : start + chunk])
        figure.flush()
        browser.draw()
    for shown in (browser.settle(), browser.hello().settle()):
        assert [v for v in shown.points(0, 0)[1] if v > 5] == y[places].tolist()


@pytest.mark.parametrize("path", [False, True])
@pytest.mark.parametrize("count", [1, 700, 1201, 5003])
def test_a_series_shown_late_begins_and_ends_where_it_does(figure: LiveFigure, count: int, path: bool) -> None:
    for step in range(0, count, 7):
        steps = range(step, min(step + 7, count))
        figure.extend("a", 0, steps, [s**0.5 for s in steps], path)
        figure.flush()
    x, y = Browser(figure).hello().settle().points(0, 0)
    assert (x[0], x[-1]) == (0, count - 1)
    assert y == [s**0.5 for s in x]
    assert len(x) <= 600


@pytest.mark.parametrize("path", [False, True])
@pytest.mark.parametrize("count", [2000, 5000, 20_000])
def test_the_beginning_of_a_long_series_stays_as_dense_as_its_end(
    figure: LiveFigure, browser: Browser, count: int, path: bool
) -> None:
    y = np.random.default_rng(0).normal(size=count)
    for start in range(0, count, 10):
        figure.extend("a", 0, range(start, start + 10), y[start : start + 10], path)
        figure.flush()
        browser.draw()
    for shown in (browser.settle(), browser.hello().settle())[path:]:
        quarters = np.histogram(shown.points(0, 0)[0], 4, (0, count))[0]
        assert quarters.min() > 0.1 * quarters.sum()
