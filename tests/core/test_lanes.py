"""Lanes stack settings, insist on shared fields, and change only what may change."""

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError
from lessons.divergence.settings import BowlSettings, NetSettings


@pytest.fixture
def lanes() -> Lanes:
    """Three lanes that differ in learning rate and optimizer."""
    rules = {"gradient descent": 0.1, "heavy ball": 0.2, "Nesterov": 0.3}
    return Lanes([BowlSettings(optimizer=rule, learning_rate=rate) for rule, rate in rules.items()])


def snapshot(lanes: Lanes) -> tuple:
    return list(lanes.settings), lanes.learning_rate.tolist(), lanes.momentum.tolist()


def test_numbers_are_stacked_as_float64(lanes):
    assert len(lanes) == 3
    assert torch.equal(lanes.learning_rate, torch.tensor([0.1, 0.2, 0.3], dtype=torch.float64))
    assert lanes.steps.dtype == torch.float64
    assert lanes.steps.tolist() == [100, 100, 100]


def test_largest_seed_is_stacked_exactly():
    assert int(Lanes([NetSettings(seed=2**31 - 1)]).seed[0]) == 2**31 - 1


def test_choices_and_shared_fields_are_read_as_values(lanes):
    assert lanes.values("optimizer") == ("gradient descent", "heavy ball", "Nesterov")
    assert lanes.shared.dimension == 2


@pytest.mark.parametrize("name", ["optimizer", "speed", "_stacked_"])
def test_what_is_no_number_is_no_attribute(lanes, name):
    with pytest.raises(AttributeError, match=name):
        getattr(lanes, name)


def test_names_are_given_or_counted(lanes):
    assert lanes.names == ["lane 1", "lane 2", "lane 3"]
    assert Lanes(lanes.settings, ["a", "b", "c"]).names == ["a", "b", "c"]


def test_no_lane_is_refused():
    with pytest.raises(SettingError, match="at least one lane"):
        Lanes([])


@pytest.mark.parametrize(("field", "values"), [("dimension", (2, 3)), ("steps", (10, 20))])
def test_disagreement_in_a_shared_field_is_refused(field, values):
    with pytest.raises(SettingError, match="must be the same in all lanes"):
        Lanes([BowlSettings(**{field: value}) for value in values])


def test_disagreement_in_a_shared_choice_is_refused():
    with pytest.raises(SettingError, match="loss must be the same in all lanes"):
        Lanes([NetSettings(loss="squared error"), NetSettings(loss="cross-entropy")])


def test_change_of_a_hot_field_reaches_one_lane_only(lanes):
    lanes.change(1, "learning_rate", 0.75)
    assert lanes.learning_rate.tolist() == [0.1, 0.75, 0.3]
    assert lanes.values("learning_rate") == (0.1, 0.75, 0.3)
    assert lanes.settings[1].optimizer == "heavy ball"


def test_a_change_does_not_reach_back_into_the_list_given():
    given = [BowlSettings(), BowlSettings()]
    Lanes(given).change(0, "learning_rate", 0.25)
    assert given[0].learning_rate == BowlSettings().learning_rate


@pytest.mark.parametrize(
    ("field", "value", "message"),
    [
        ("sharpness", 2.0, "cannot change during a run"),
        ("optimizer", "Nesterov", "cannot change during a run"),
        ("steps", 50, "cannot change during a run"),
        ("speed", 2.0, "There is no setting named 'speed'"),
        ("learning_rate", 1e9, "learning rate η must be .*, not 1000000000"),
        ("learning_rate", float("nan"), "learning rate η must be .*, not nan"),
        ("learning_rate", "0.2", "learning rate η must be .*, not '0.2'"),
        ("learning_rate", True, "learning rate η must be .*, not True"),
    ],
)
def test_a_refused_change_leaves_the_lanes_as_they_were(lanes, field, value, message):
    before = snapshot(lanes)
    with pytest.raises(SettingError, match=message):
        lanes.change(1, field, value)
    assert snapshot(lanes) == before
