"""Pointing at a figure: what a page of ours sends arrives, anything else is dropped or refused in a sentence."""

import math

import numpy as np
import pytest
from headless import at_rest, live, opened, refusal

from widgets.figure.live_figure import LiveFigure
from widgets.figure.plots import drawn, line, placed, plot


def figure(kind: str) -> LiveFigure:
    made = plot("figure", "", "x", "y", [line("a", "#000")])
    return LiveFigure(
        {"plain": plot("p", "", "x", "y", []), "pointed": placed(made, 0) if kind == "place" else drawn(made, 0, 4)}
    )


def sent(kind: str, content: dict) -> list:
    """What the callbacks get of a message."""
    seen = []
    shown = figure(kind)
    shown.on_point(lambda *arguments: seen.append(arguments))
    shown.on_sketch(lambda *arguments: seen.append(arguments))
    shown._receive(shown, content, [])
    return seen


def test_a_point_arrives() -> None:
    assert sent("place", {"type": "point", "figure": 1, "x": 0.5, "y": -2}) == [("pointed", 0.5, -2.0)]


def test_a_sketch_arrives_with_gaps() -> None:
    [(name, x, y)] = sent("draw", {"type": "sketch", "figure": 1, "x": [0, 1, 2, 3], "y": [1.5, None, 2, 3]})
    assert name == "pointed"
    np.testing.assert_array_equal(x, [0, 1, 2, 3])
    np.testing.assert_array_equal(y, [1.5, math.nan, 2, 3])


@pytest.mark.parametrize("kind", ["place", "draw"])
@pytest.mark.parametrize(
    "content",
    [
        {"type": "point", "figure": 0, "x": 0.5, "y": 1},
        {"type": "point", "figure": 2, "x": 0.5, "y": 1},
        {"type": "point", "figure": -1, "x": 0.5, "y": 1},
        {"type": "point", "figure": True, "x": 0.5, "y": 1},
        {"type": "point", "figure": 1, "x": "0.5", "y": 1},
        {"type": "point", "figure": 1, "x": None, "y": 1},
        {"type": "point", "figure": 1, "x": math.inf, "y": 1},
        {"type": "point", "figure": 1, "x": 10**400, "y": 1},
        {"type": "point", "figure": 1},
        {"type": "sketch", "figure": 1, "x": [0, 1, 2], "y": [1, 2, 3]},
        {"type": "sketch", "figure": 1, "x": [0, 1, 2, 3], "y": [1, 2, 3, [4]]},
        {"type": "sketch", "figure": 1, "x": [0, 1, 2, 3], "y": [1, 2, 3, 10**400]},
        {"type": "sketch", "figure": 1, "x": "0123", "y": [1, 2, 3, 4]},
        {"type": "sketch", "figure": 1, "x": [0] * 10**5, "y": [1] * 10**5},
        {"type": "sketch", "figure": 0, "x": [0, 1, 2, 3], "y": [1, 2, 3, 4]},
    ],
)
def test_what_no_page_of_ours_sends_is_dropped(kind: str, content: dict) -> None:
    assert sent(kind, content) == []


def test_a_start_is_placed_in_all_lanes_and_a_place_outside_is_moved_to_the_edge() -> None:
    async def scenario() -> None:
        lab = opened("bowl")
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        lab.handle({"do": "place", "figure": "plane", "x": 1.23456, "y": -99.0})
        await at_rest(lab)
        assert [(s.start_x, s.start_y) for s in lab.run.lanes.settings] == [(1.23, -3.0)] * 2
        np.testing.assert_array_equal(lab.history["theta"][0], [[1.23, -3.0]] * 2)
        lab.handle({"do": "place", "figure": "loss", "x": 1.0, "y": 1.0})
        assert "nothing can be placed" in refusal(lab)

    live(scenario)


def test_a_place_may_stand_for_further_settings_and_whole_numbers_are_rounded() -> None:
    names = ("cell_sample", "cell_channel", "cell_row", "cell_column")

    async def scenario() -> None:
        lab = opened("tensor")
        for (x, y), cell in (((7.4, 4.9), (2, 3, 2, 2)), ((13.2, 0.1), (1, 1, 1, 1))):
            lab.handle({"do": "place", "figure": "cells", "x": x, "y": y})
            await at_rest(lab)
            assert {tuple(getattr(s, name) for name in names) for s in lab.run.lanes.settings} == {cell}

    live(scenario)
