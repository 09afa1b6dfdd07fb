"""The table of measured and predicted numbers, and the marks on the curves."""

import math
import re
from typing import Any

import pytest
from headless import LABS, Browser, live, opened, played

from lessons.core.record import Change
from lessons.core.written_number import read_number
from lessons.divergence.settings import NetSettings
from widgets.figure.marks import MOST_MARKS, marks
from widgets.lab.lab import Lab
from widgets.labs.divergence.net import NetView
from widgets.view.controls import Reading
from widgets.view.readings import DIGIT_WIDE, POINT_WIDE, number, readings_table

COLOURS = ["#111111", "#222222", "#333333"]
FIELDS = NetSettings.fields()


@pytest.mark.parametrize(
    ("value", "text"),
    [
        (0.0, "0"),
        (1.0, "1"),
        (0.123456, "0.1235"),
        (-0.5, "−0.5"),
        (123456.0, "1.235·10⁵"),
        (-0.0, "0"),
        (1.5e-9, "1.5·10⁻⁹"),
        (-1e300, "−10³⁰⁰"),
        (1e-5, "10⁻⁵"),
        (math.nan, "not a number"),
        (math.inf, "infinite"),
        (-math.inf, "−infinite"),
    ],
)
def test_numbers_for_people(value: float, text: str) -> None:
    assert number(value) == text
    if math.isfinite(value):  # what a table shows can be typed back
        assert read_number(text) == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("name", LABS)
def test_each_number_in_a_labs_table_is_read_back_and_none_is_minus_zero(name: str) -> None:
    lab = opened(name)
    cells = re.findall(r"<td>([^<]+)(?:<small>([a-z ]+) ([^<,]+)(?:, ratio ([^<]+))?</small>)?", lab.readings.value)
    words = re.compile("[A-Za-z]{2}|^[A-Z]$|[()/]|%.*[a-z]| ± | → ")
    numbers = [
        text for measured, _, *others in cells for text in (measured, *others) if text and not words.search(text)
    ]
    assert all(isinstance(read_number(each), float) for text in numbers for each in text.split(", ")), numbers
    assert not re.search(r"−0(?![\d.])", lab.readings.value)
    assert all(len(beside) > 3 for _, beside, predicted, _ in cells if predicted)


def test_a_line_joins_what_was_measured_now_and_then_and_the_table_has_the_last_of_it() -> None:
    """One lane diverges at step 10 or so: its line ends before, and its sharpness is that of step 7."""

    async def scenario() -> None:
        common = {"sharpness_every": 7, "steps": 20, "train_size": 40, "width": 6}
        lab = Lab(NetView(), lanes=[{**common, "learning_rate": rate} for rate in (0.02, 1.0)])
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        sharpness, ends = lab.history["sharpness"].astype(float), lab.stage.frame(0).ends
        assert ends[0] is None
        assert 7 < ends[1] < 14
        assert browser.points(1, 0) == ([0, 7, 14], sharpness[[0, 7, 14], 0].tolist())
        assert browser.points(1, 1) == ([0, 7], sharpness[[0, 7], 1].tolist())
        table = lab.readings.value.replace(DIGIT_WIDE, "").replace(POINT_WIDE, "")
        for value in (sharpness[14, 0], sharpness[7, 1]):
            assert f"<td>{number(value)}<small>" in table
        assert f"<td>{number(sharpness[14, 0])}<small>at step 14; limit" in table  # of 20

    live(scenario)


def test_what_chance_gives_is_called_so() -> None:
    """Seen as: "theory 0.02, ratio 26.88" under a share that is compared with chance."""

    async def scenario() -> None:
        lab = opened("luck")
        await played(lab)
        table = lab.readings.value
        assert "<small>chance 0." in table
        assert "theory" not in table

    live(scenario)


def test_no_readings_no_table() -> None:
    assert readings_table([], ["a"], COLOURS[:1]) == ""


@pytest.mark.parametrize(
    ("reading", "cell"),
    [
        (Reading(0, "q", 1.5), "<td>1.5</td>"),
        (Reading(0, "q", 1.5e-9, 3e-9), "<td>1.5·10⁻⁹<small>theory 3·10⁻⁹, ratio 0.5</small></td>"),
        (Reading(0, "q", "words"), "<td class='tdl-words'>words</td>"),
        (Reading(0, "q", 3.0, 2.0), "<td>3<small>theory 2, ratio 1.5</small></td>"),
        (Reading(0, "q", -1.0, 2.0), "<td>−1<small>theory 2, ratio −0.5</small></td>"),
        (Reading(0, "q", 3.0, 0.0), "<td>3<small>theory 0</small></td>"),
        (Reading(0, "q", math.inf, 2.0), "<td class='tdl-words'>infinite<small>theory 2</small></td>"),
        (Reading(0, "q", math.nan, 2.0), "<td class='tdl-words'>not a number<small>theory 2</small></td>"),
        (Reading(0, "q", 1.0, math.inf), "<td>1<small>theory infinite</small></td>"),
        (Reading(0, "q", 0.5, 0.02, "chance"), "<td>0.5<small>chance 0.02</small></td>"),
        (Reading(0, "q", 21.0, 20.0, "limit"), "<td>21<small>limit 20, ratio 1.05</small></td>"),
        (Reading(0, "q", 8.0, 10.0, "long run"), "<td>8<small>long run 10, ratio 0.8</small></td>"),
        (Reading(0, "q", -0.0, -0.0), "<td>0<small>theory 0</small></td>"),
        (Reading(0, "q", "<i>&", 2.0), "<td class='tdl-words'>&lt;i&gt;&amp;</td>"),
        (Reading(0, "q", "90.0%", step=7), "<td>90.0%<small>at step 7</small></td>"),
        (Reading(0, "q", 21.0, 20.0, "limit", 7), "<td>21<small>at step 7; limit 20, ratio 1.05</small></td>"),
    ],
)
def test_cells(reading: Reading, cell: str) -> None:
    assert cell in readings_table([reading], ["a"], COLOURS[:1])


def test_points_of_a_column_lie_below_each_other_and_words_begin_at_the_left() -> None:
    values = (12.5, 0.125, -3.0, 1.5e-9)
    readings = [Reading(lane, "loss", value) for lane, value in enumerate(values)]
    readings += [Reading(lane, "fate", "here") for lane in range(4)]
    table = readings_table(readings, "abcd", COLOURS * 2)
    cells = re.findall(r"<td>([^<]*)</td>", table)
    assert cells == [f"12.5{2 * DIGIT_WIDE}", "0.125", f"−3{POINT_WIDE}{3 * DIGIT_WIDE}", "1.5·10⁻⁹"]
    assert "<th scope='col'>loss</th><th scope='col' class='tdl-words'>fate</th>" in table
    assert table.count("<td class='tdl-words'>here</td>") == 4
    assert all(read_number(cell) == pytest.approx(value) for cell, value in zip(cells, values, strict=True))


def test_one_lane_needs_no_name_and_several_have_a_row_each() -> None:
    readings = [Reading(0, "loss", 1.0), Reading(1, "loss", 2.0), Reading(1, "speed", 3.0)]
    alone = readings_table(readings[:1], ["only"], COLOURS[:1])
    assert "only" not in alone
    assert ">lane</th>" not in alone
    table = readings_table(readings, ["first", "second"], COLOURS[:2])
    assert table.count("<tr>") == 3
    assert table.index("first") < table.index("second")
    assert COLOURS[1] in table
    assert "<td>1</td><td></td>" in table, "a lane without a quantity has an empty cell"


def test_names_and_quantities_are_escaped() -> None:
    hostile = "<img src=x onerror='alert(1)'>&\""
    readings = [Reading(lane, hostile, hostile) for lane in range(2)]
    table = readings_table(readings, [hostile, "b"], COLOURS[:2])
    assert "<img" not in table
    assert "onerror='" not in table
    assert table.count("&lt;img src=x onerror=&#x27;alert(1)&#x27;&gt;&amp;&quot;") == 4


# ---- marks ----


def rate(step: int, value: float = 0.5, lane: int = 0) -> Change:
    return Change(step=step, lane=lane, field="learning_rate", value=value)


def drawn(changes: list[Change], ends: tuple[int | None, ...] = (None, None), steps: int = 100) -> dict[str, Any]:
    return marks(changes, FIELDS, ends, COLOURS[: max(2, len(ends))], steps)


def test_nothing_to_mark_takes_old_marks_away() -> None:
    assert drawn([]) == {"shapes": [], "annotations": []}


def test_a_change_is_a_line_in_the_colour_of_its_lane_with_words() -> None:
    marked = drawn([rate(10, 0.123456, lane=1)])
    [shape], [note] = marked["shapes"], marked["annotations"]
    assert (shape["x0"], shape["x1"], shape["line"]["color"]) == (10, 10, COLOURS[1])
    assert (note["x"], note["text"], note["bordercolor"]) == (10, "η → 0.123456", COLOURS[1])


@pytest.mark.parametrize(("step", "side"), [(10, "left"), (59, "left"), (60, "right"), (100, "right")])
def test_words_stay_inside_the_figure(step: int, side: str) -> None:
    assert drawn([rate(step)])["annotations"][0]["xanchor"] == side


@pytest.mark.parametrize(
    ("changes", "left"),
    [
        ([rate(10), rate(11), rate(12, 0.9)], [(12, "η → 0.9")]),
        ([rate(10), rate(12), rate(14), rate(16, 0.9)], [(16, "η → 0.9")]),
        ([rate(10), rate(13, 0.9)], [(10, "η → 0.5"), (13, "η → 0.9")]),
        ([rate(10), rate(11, 0.9, lane=1)], [(10, "η → 0.5"), (11, "η → 0.9")]),
        (
            [rate(10), Change(step=11, lane=0, field="momentum", value=0.25)],
            [(10, "η → 0.5"), (11, "β → 0.25")],
        ),
    ],
)
def test_a_drag_is_one_mark_with_the_last_value(changes: list[Change], left: list[tuple[int, str]]) -> None:
    assert [(note["x"], note["text"]) for note in drawn(changes)["annotations"]] == left


def test_changes_of_a_short_run_merge_only_at_the_same_step() -> None:
    assert len(drawn([rate(1), rate(1, 0.9), rate(2)], steps=5)["shapes"]) == 2


@pytest.mark.parametrize("count", [MOST_MARKS, MOST_MARKS + 1, 1000])
def test_only_the_latest_are_drawn(count: int) -> None:
    marked = drawn([rate(10 * k) for k in range(count)], steps=100)
    assert [shape["x0"] for shape in marked["shapes"]] == [10 * k for k in range(count)][-MOST_MARKS:]
    assert len(marked["annotations"]) == MOST_MARKS


def test_notes_that_would_overlap_stand_one_over_the_other() -> None:
    notes = drawn([rate(0), rate(10), rate(13), rate(40), rate(99)])["annotations"]
    heights = sorted({note["y"] for note in notes})
    assert [heights.index(note["y"]) for note in notes] == [0, 1, 2, 0, 0]
    assert heights == pytest.approx([0, 0.09, 0.18])


def test_a_lane_that_diverged_is_said_so() -> None:
    notes = drawn([], ends=(None, 40))["annotations"]
    assert [(note["x"], note["text"], note["bordercolor"]) for note in notes] == [
        (40, "✕ diverged at step 40", COLOURS[1])
    ]


def test_sixty_four_lanes_of_a_sweep_are_not_marked_one_by_one() -> None:
    assert marks([], FIELDS, [5] * 64, COLOURS, 100)["annotations"] == []
