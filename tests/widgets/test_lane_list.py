"""Lanes as the person sees them: each operation gives another list, and leaves the one it was given."""

from collections.abc import Callable

import pytest

from lessons.core.settings import SettingError
from lessons.divergence.settings import BowlSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.lab.lane_list import LaneList
from widgets.view.controls import MOST_LANES, Preset

THREE = Preset(
    "three", "", ({"learning_rate": 0.1}, {"learning_rate": 0.2}, {"learning_rate": 0.3}), ("one", "two", "three")
)


@pytest.fixture
def three() -> LaneList:
    return LaneList.of(BowlSettings, THREE)


def state(lanes: LaneList) -> tuple:
    return lanes.lanes, lanes.selected


def test_the_lanes_of_a_preset(three: LaneList) -> None:
    assert len(three) == 3
    assert three.names == ["one", "two", "three"]
    assert three.colours == list(LANE_COLOURS[:3])
    assert [s.learning_rate for s in three.settings] == [0.1, 0.2, 0.3]
    assert three.selected == 0


def test_lanes_without_names_are_numbered() -> None:
    lanes = LaneList.of(BowlSettings, Preset("", "", ({"steps": 7}, {"steps": 7, "momentum": 0.5})))
    assert lanes.names == ["lane 1", "lane 2"]
    assert [(s.momentum, s.steps) for s in lanes.settings] == [(0.9, 7), (0.5, 7)]


def test_colours_are_all_different() -> None:
    assert len(set(LANE_COLOURS)) == MOST_LANES == 12


def test_a_value_goes_to_one_lane(three: LaneList) -> None:
    changed = three.with_value(1, "learning_rate", 0.9)
    assert [s.learning_rate for s in changed.settings] == [0.1, 0.9, 0.3]
    assert (changed.colours, changed.selected) == (three.colours, three.selected)
    assert changed.names == ["one", "η = 0.9", "three"]  # the preset's name told of the old value


def test_a_name_that_a_person_gave_stays_when_a_value_changes(three: LaneList) -> None:
    assert three.rename(1, "mine").with_value(1, "learning_rate", 0.9).names == ["one", "mine", "three"]


@pytest.mark.parametrize("lane", range(3))
@pytest.mark.parametrize(("field", "value"), [("steps", 12), ("dimension", 4), ("angle", 5.0)])
def test_a_shared_value_goes_to_all(three: LaneList, lane: int, field: str, value: float) -> None:
    changed = three.with_value(lane, field, value)
    assert [getattr(s, field) for s in changed.settings] == [value] * 3
    assert [s.learning_rate for s in changed.settings] == [0.1, 0.2, 0.3]


def test_select_and_values_keep_the_selection(three: LaneList) -> None:
    chosen = three.select(2).with_value(0, "momentum", 0.5).rename(0, "x")
    assert chosen.selected == 2


def test_add_copies_the_selected_lane_and_selects_the_copy(three: LaneList) -> None:
    added = three.select(1).add()
    assert added.settings[3] == three.settings[1]
    assert (added.names[3], added.colours[3], added.selected) == ("lane 4", LANE_COLOURS[3], 3)


def test_add_up_to_the_most_with_names_and_colours_of_their_own(three: LaneList) -> None:
    lanes = three
    while len(lanes) < MOST_LANES:
        lanes = lanes.add()
    assert len(set(lanes.names)) == len(set(lanes.colours)) == MOST_LANES
    with pytest.raises(SettingError, match="at most 12 lanes"):
        lanes.add()


@pytest.mark.parametrize(
    ("selected", "removed", "expected"), [(0, 0, 0), (0, 2, 0), (1, 0, 0), (1, 1, 1), (2, 0, 1), (2, 1, 1), (2, 2, 1)]
)
def test_remove_keeps_colours_and_the_selection(three: LaneList, selected: int, removed: int, expected: int) -> None:
    left = three.select(selected).remove(removed)
    kept = [k for k in range(3) if k != removed]
    assert left.names == [three.names[k] for k in kept]
    assert left.colours == [three.colours[k] for k in kept]
    assert left.selected == expected


def test_a_colour_and_a_number_that_were_given_back_are_used_again(three: LaneList) -> None:
    again = three.add().remove(0).add()
    assert again.colours == [*LANE_COLOURS[1:4], LANE_COLOURS[0]]
    assert again.names == ["two", "three", "lane 4", "lane 5"]


@pytest.mark.parametrize(
    ("name", "kept"), [("new", "new"), ("  a \n b\t", "a b"), ("", "two"), (" \n ", "two"), ("<b>x</b>", "<b>x</b>")]
)
def test_rename(three: LaneList, name: str, kept: str) -> None:
    assert three.rename(1, name).names == ["one", kept, "three"]


ERRORS: dict[str, tuple[Callable[[LaneList], LaneList], str]] = {
    "select 3": (lambda lanes: lanes.select(3), "There is no lane 4; there are 3."),
    "select -1": (lambda lanes: lanes.select(-1), "There is no lane 0; there are 3."),
    "remove 3": (lambda lanes: lanes.remove(3), "There is no lane 4"),
    "remove -1": (lambda lanes: lanes.remove(-1), "There is no lane 0"),
    "rename 9": (lambda lanes: lanes.rename(9, "x"), "There is no lane 10"),
    "set in lane 3": (lambda lanes: lanes.with_value(3, "angle", 1.0), "There is no lane 4"),
    "too large": (lambda lanes: lanes.with_value(0, "angle", 999.0), "rotation φ must be .* from -180 to 180, not 999"),
    "no number": (lambda lanes: lanes.with_value(0, "angle", "x"), "rotation φ must be .*, not 'x'"),
    "unknown": (lambda lanes: lanes.with_value(0, "colour", 1), "no setting named 'colour'"),
    "dunder": (lambda lanes: lanes.with_value(0, "__class__", 1), "no setting named '__class__'"),
    "the last one": (lambda lanes: lanes.remove(0).remove(0).remove(0), "The last lane stays"),
    "a huge lane": (lambda lanes: lanes.select(10**5000), "There is no lane"),
}


@pytest.mark.parametrize("case", ERRORS)
def test_what_is_not_allowed_is_refused_and_changes_nothing(three: LaneList, case: str) -> None:
    operation, words = ERRORS[case]
    before = state(three)
    with pytest.raises(SettingError, match=words) as refusal:
        operation(three)
    assert len(str(refusal.value)) < 200
    assert state(three) == before


@pytest.mark.parametrize(
    "operation",
    [
        lambda lanes: lanes.select(1),
        lambda lanes: lanes.with_value(0, "steps", 5),
        lambda lanes: lanes.add(),
        lambda lanes: lanes.remove(0),
        lambda lanes: lanes.rename(0, "x"),
    ],
)
def test_operations_leave_the_list_they_were_given(three: LaneList, operation: Callable[[LaneList], LaneList]) -> None:
    before = state(three)
    assert state(operation(three)) != before
    assert state(three) == before
