"""A step that takes long is made in parts: with the same numbers, and with nothing left between two of them.

How long a part takes is counted, not timed: in gradients, of which a Hessian-vector product is one.
"""

import functools
import itertools

import pytest
import torch

from lessons.core.backpropagation import DenseLoss, HessianProduct
from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.core.layer_passes import LayeredHessian, LayeredLoss
from lessons.core.parts import StepsInParts
from lessons.core.record import RunRecord
from lessons.core.run import Run
from lessons.core.training import LongTraining, TrainingExperiment
from lessons.normalization.network import NormalizedNetwork
from tests.core.test_experiment_contract import (
    EXPERIMENTS,
    assert_same,
    baseline,
    every_training,
    hot_fields,
    lanes_of,
    other_value,
    own,
    variety,
)

MEASURED = 3  # SMALL's sharpness_every: at the steps that it divides a measurement takes long
LONG = [c for c in EXPERIMENTS if issubclass(c, TrainingExperiment) and issubclass(c.training, LongTraining)]
every_long = pytest.mark.parametrize("cls", LONG, ids=lambda cls: cls.name)


def long_lanes(cls) -> Lanes:
    """Those of the contract's tests, with all that takes long."""
    return lanes_of(variety(cls, measure_every=MEASURED, follow_sharpness=True))


@functools.cache
def whole_steps(cls) -> list[Measurement]:
    """What the tests compare with; trained once."""
    return list(cls().run(long_lanes(cls)))


def to_the_middle_of(run: Run, step: int, parts: int = 3) -> list[Measurement]:
    """Make what comes before a step, and some parts of it."""
    seen = []
    while run.step < step - 1:
        seen.append(next(run))
    for _ in range(parts):
        assert run.part() is None
        assert (run.step, run.partway) == (step - 1, True)
    return seen


def test_trainings_that_measure_sharpness_do_so_in_parts():
    assert {"net", "scheduled net", "deep net", "normalized net", "periodic"} <= {cls.name for cls in LONG}


@every_training
def test_part_by_part_the_numbers_are_those_of_whole_steps(cls):
    run, seen = Run(cls(), lanes_of(variety(cls))), []
    while len(seen) < len(baseline(cls)):
        measurement = run.part()
        assert run.partway == (measurement is None)
        seen += [] if measurement is None else [measurement]
    assert_same(seen, baseline(cls))
    with pytest.raises(StopIteration):
        run.part()


@every_long
def test_who_asks_for_a_step_that_is_half_made_gets_it_whole(cls):
    run = Run(cls(), long_lanes(cls))
    seen = to_the_middle_of(run, 2 * MEASURED)
    seen += itertools.islice(run, 3)
    assert not run.partway
    assert_same(seen, whole_steps(cls)[: 2 * MEASURED + 3])


@every_long
@pytest.mark.parametrize("parts", [1, 3])
def test_a_change_in_the_middle_of_a_step_is_for_the_next_update_and_replays_bit_exact(cls, parts):
    """It is logged at the step that is being measured, whose numbers do not see it."""
    at = 2 * MEASURED
    run = Run(cls(), long_lanes(cls))
    seen = to_the_middle_of(run, at, parts)
    for field in hot_fields(cls):
        for lane, settings in enumerate(list(run.lanes.settings)):
            run.change(lane, field, other_value(cls.settings_type.fields()[field], getattr(settings, field)))
    seen += run
    assert {change.step for change in run.changes} == {at}
    assert_same(seen[: at + 1], whole_steps(cls)[: at + 1])
    assert not torch.equal(seen[at + 1]["loss"], whole_steps(cls)[at + 1]["loss"])
    assert_same(list(Run.replay(cls(), RunRecord.model_validate_json(run.record.model_dump_json()), own)), seen)


@every_long
def test_a_change_in_the_middle_of_the_first_measurement_is_one_at_the_start(cls):
    run = Run(cls(), long_lanes(cls))
    to_the_middle_of(run, 0)
    field = hot_fields(cls)[0]
    run.change(0, field, other_value(cls.settings_type.fields()[field], getattr(run.lanes.settings[0], field)))
    assert [change.step for change in run.changes] == [0]
    seen = list(itertools.islice(run, 4))
    assert_same(seen[:1], whole_steps(cls)[:1])
    assert_same(list(itertools.islice(Run.replay(cls(), run.record, own), 4)), seen)


@every_long
def test_who_goes_back_or_ends_in_the_middle_of_a_step_drops_it(cls):
    run = Run(cls(), long_lanes(cls))
    to_the_middle_of(run, 2 * MEASURED)
    again = run.rewound(MEASURED)
    assert (again.step, again.partway) == (0, False)
    run.close()
    assert list(run) == []
    assert_same(list(again), whole_steps(cls)[1:])


@every_long
def test_a_part_takes_about_as_many_gradients_as_a_step_at_which_nothing_else_is_measured(cls, monkeypatch):
    """At most twice as many: one of them computes what all products share. A sharpness takes many in all."""
    taken = [0]

    def count(owner, name):
        computed = getattr(owner, name)

        def counted(*args, **kwargs):
            taken[0] += 1
            return computed(*args, **kwargs)

        monkeypatch.setattr(owner, name, counted)

    count(torch.autograd, "grad")
    count(DenseLoss, "loss_and_gradient")
    count(LayeredLoss, "outputs_loss_and_gradient")
    count(NormalizedNetwork, "loss_and_gradient")
    for product in (HessianProduct, LayeredHessian):
        count(product, "__init__")
        count(product, "__call__")
    run, steps = Run(cls(), long_lanes(cls)), {}
    while run.step < 2 * MEASURED:
        taken[0], step = 0, run.step + 1
        run.part()
        steps.setdefault(step, []).append(taken[0])
    plain = max(steps[1])  # where nets train one after the other, that of one of them
    assert max(max(parts) for parts in steps.values()) <= 2 * plain
    if "sharpness_every" in cls.settings_type.fields():
        assert sum(steps[0]) > 20 * plain
        assert sum(steps[MEASURED]) > 5 * plain


def test_lanes_that_are_kept_follow_when_they_are_told_to():
    cls = LONG[0]
    lanes = lanes_of(variety(cls))
    kept, field = lanes.kept(), "learning_rate"
    before = lanes.learning_rate.clone()
    lanes.change(1, field, 0.5)
    assert torch.equal(kept.learning_rate, before)
    assert kept.values(field) == tuple(before.tolist())
    kept.follow(lanes)
    assert torch.equal(kept.learning_rate, lanes.learning_rate)
    assert kept.settings == lanes.settings
    assert isinstance(kept, Lanes)


def test_steps_in_parts_are_a_generator():
    ended = []

    def parts():
        try:
            for number in range(3):
                yield None
                yield number
        finally:
            ended.append(True)

    assert list(StepsInParts(parts())) == [0, 1, 2]
    steps = StepsInParts(parts())
    assert [steps.part(), next(steps), steps.part(), steps.part()] == [None, 0, None, 1]
    steps.close()
    steps.close()
    assert len(ended) == 2
    assert list(steps) == []
