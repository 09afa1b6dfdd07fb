"""Other seeds beside a lane: the lane's numbers are what they are alone, and each other seed's are its own."""

import itertools

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.other_seeds import MOST_OTHERS, SEEDS, WithOtherSeeds, of_other_seeds, other_seeds_of
from lessons.core.record import RunRecord
from lessons.core.run import Run
from tests.core.test_experiment_contract import (
    EXPERIMENTS,
    STEPS,
    TOLERANCE,
    assert_same,
    hot_fields,
    lanes_of,
    measure,
    other_value,
    own,
    small,
    variety,
)

WITH_OTHERS = [cls for cls in EXPERIMENTS if issubclass(cls, WithOtherSeeds)]
every_such = pytest.mark.parametrize("cls", WITH_OTHERS, ids=lambda cls: cls.name)
OTHERS = 2
LARGEST_SEED = SEEDS - 1


def with_others(cls, **values):
    return variety(cls, other_seeds=OTHERS, **values)


def test_there_are_such_experiments_and_their_setting_ends_at_what_figures_have_room_for():
    assert {"normalized net", "injected net"} <= {cls.name for cls in WITH_OTHERS}
    assert all(cls.settings_type.fields()["other_seeds"].high == MOST_OTHERS for cls in WITH_OTHERS)
    assert all(cls.settings_type.fields()["other_seeds"].default == 0 for cls in WITH_OTHERS)


@every_such
def test_a_lane_has_the_same_numbers_bit_for_bit_whether_others_train_beside_it_or_not(cls):
    for alone, beside in zip(measure(cls, variety(cls)), measure(cls, with_others(cls)), strict=True):
        assert set(beside.values) - set(alone.values) == {
            of_other_seeds(name) for name in cls.behind if name in alone.values
        }
        for name, value in alone.values.items():
            torch.testing.assert_close(beside[name], value, rtol=0, atol=0, equal_nan=True)


@every_such
def test_other_seeds_have_the_numbers_that_they_have_as_lanes_bit_for_bit(cls):
    settings = with_others(cls)
    as_lanes = measure(cls, other_seeds_of(lanes_of(settings), cls.spared).settings)
    for beside, lanes in zip(measure(cls, settings), as_lanes, strict=True):
        for name in (each for each in cls.behind if each in lanes.values):
            behind = beside[of_other_seeds(name)]
            assert behind.shape == (len(settings), OTHERS)
            torch.testing.assert_close(behind.flatten(), lanes[name], rtol=0, atol=0, equal_nan=True)


@every_such
def test_another_seed_has_the_numbers_of_a_lane_that_is_alone_up_to_rounding(cls):
    """Batched products may sum in another order."""
    settings = small(cls, other_seeds=OTHERS)
    for ahead in range(OTHERS):
        alone = measure(cls, [settings.model_copy(update={"seed": 1 + ahead, "other_seeds": 0})])
        for beside, each in zip(measure(cls, [settings]), alone, strict=True):
            behind = beside[of_other_seeds("loss")][:, ahead]
            relative, absolute = TOLERANCE[behind.dtype]
            torch.testing.assert_close(behind, each["loss"], rtol=relative, atol=absolute)


@every_such
def test_they_differ_from_the_lane_in_the_seed_and_in_what_is_spared_alone_and_begin_again_after_the_largest(cls):
    settings = [small(cls, seed=seed, other_seeds=OTHERS) for seed in (7, LARGEST_SEED)]
    others = other_seeds_of(Lanes(settings), cls.spared)
    assert others.values("seed") == (8, 9, 0, 1)
    for other, lane in zip(others.settings, [settings[0]] * 2 + [settings[1]] * 2, strict=True):
        same = {"seed": lane.seed, "other_seeds": OTHERS, **{name: getattr(lane, name) for name in cls.spared}}
        assert other.model_copy(update=same) == lane


def changed(cls, field, settings) -> Run:
    run = Run(cls(), lanes_of(settings))
    for _ in range(7):
        next(run)
    for lane, each in enumerate(list(run.lanes.settings)):
        run.change(lane, field, other_value(cls.settings_type.fields()[field], getattr(each, field)))
    return run


@pytest.mark.parametrize(
    ("cls", "field"), [pytest.param(c, f, id=f"{c.name}-{f}") for c in WITH_OTHERS for f in hot_fields(c)]
)
def test_a_change_in_flight_reaches_the_other_seeds_of_its_lane(cls, field):
    settings = with_others(cls)
    others = other_seeds_of(lanes_of(settings), cls.spared).settings
    for beside, as_lanes in zip(changed(cls, field, settings), changed(cls, field, others), strict=True):
        behind = beside[of_other_seeds("loss")].flatten()
        torch.testing.assert_close(behind, as_lanes["loss"], rtol=0, atol=0, equal_nan=True)


@every_such
def test_a_record_replays_and_a_run_is_rewound_with_the_same_other_seeds(cls):
    run, seen = Run(cls(), lanes_of(with_others(cls))), []
    run._checkpoints._every = 5
    for measurement in run:
        seen.append(measurement)
        if run.step == 6:
            for field in hot_fields(cls):
                for lane, each in enumerate(list(run.lanes.settings)):
                    run.change(lane, field, other_value(cls.settings_type.fields()[field], getattr(each, field)))
    assert_same(list(Run.replay(cls(), RunRecord.model_validate_json(run.record.model_dump_json()), own)), seen)
    for step, begins_after in ((4, 0), (9, 5), (STEPS, 15)):
        again = run.rewound(step)
        assert again.step == begins_after
        assert_same(list(itertools.islice(again, step - begins_after)), seen[begins_after + 1 : step + 1])


@every_such
def test_made_part_by_part_it_has_the_same_numbers(cls):
    run, made = Run(cls(), lanes_of(with_others(cls))), []
    while len(made) < STEPS + 1:
        measured = run.part()
        made += [measured] if measured is not None else []
    assert_same(made, measure(cls, with_others(cls)))
