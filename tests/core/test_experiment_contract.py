"""What every experiment of every lesson owes its caller; new experiments are found by themselves."""

import functools
import importlib
import inspect
import itertools
import pickle
import pkgutil
import random

import numpy as np
import pytest
import torch

import lessons
from lessons.core.experiment import Experiment, Measurement
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingField, Settings
from lessons.core.training import TrainingExperiment

STEPS = 20
# Keeps the runs short; fields that an experiment does not have are left out.
SMALL = {
    "steps": STEPS,
    "learning_rate": 0.02,
    "dimension": 3,
    "width": 6,
    "depth": 1,
    "train_size": 40,
    "sharpness_every": 3,
}
INTERVALS = {"measure_every": 4, "sharpness_every": 3}
STEP_SIZES = ("learning_rate", "ratio")
TOLERANCE = {torch.float32: (1e-4, 1e-5), torch.float64: (1e-10, 1e-12)}  # relative, absolute


def experiments() -> list[type[Experiment]]:
    """Every concrete experiment in the lessons package."""
    for module in pkgutil.walk_packages(lessons.__path__, "lessons."):
        importlib.import_module(module.name)
    found, open_ends = set(), [Experiment]
    while open_ends:
        subclasses = open_ends.pop().__subclasses__()
        open_ends += subclasses
        found |= {cls for cls in subclasses if cls.__module__.startswith("lessons.") and not inspect.isabstract(cls)}
    return sorted(found, key=lambda cls: cls.name)


def step_size(cls: type[Experiment]) -> str | None:
    """The hot field that makes the experiment diverge."""
    fields = cls.settings_type.fields()
    return next((name for name in STEP_SIZES if name in fields and fields[name].hot), None)


def hot_fields(cls: type[Experiment]) -> list[str]:
    return [name for name, field in cls.settings_type.fields().items() if field.hot]


EXPERIMENTS = experiments()
every_experiment = pytest.mark.parametrize("cls", EXPERIMENTS, ids=lambda cls: cls.name)
every_training = pytest.mark.parametrize(
    "cls", [cls for cls in EXPERIMENTS if issubclass(cls, TrainingExperiment)], ids=lambda cls: cls.name
)
every_hot_field = pytest.mark.parametrize(
    ("cls", "field"), [pytest.param(c, f, id=f"{c.name}-{f}") for c in EXPERIMENTS for f in hot_fields(c)]
)
every_diverging = pytest.mark.parametrize("cls", [c for c in EXPERIMENTS if step_size(c)], ids=lambda cls: cls.name)


def small(cls: type[Experiment], **values) -> Settings:
    names = cls.settings_type.fields()
    return cls.settings_type.checked({k: v for k, v in {**SMALL, **values}.items() if k in names})


def own(gradient, state, learning_rate, momentum):
    """A learner's rule: heavy ball."""
    state["velocity"] = momentum * state.get("velocity", 0.0) + gradient
    return -learning_rate * state["velocity"]


def lanes_of(settings) -> Lanes:
    return Lanes(settings, own=own)


def other_value(field: SettingField, value):
    """Another allowed value near the given one."""
    if field.kind == "flag":
        return not value
    if field.kind == "choice":
        return next(choice for choice in field.choices if choice != value)
    if field.kind == "integer":
        return value + 1 if value < field.high else value - 1
    return 0.75 * value if field.low <= 0.75 * value != value else (field.low + value) / 2


def variety(cls: type[Experiment], **values) -> list[Settings]:
    """Small settings, then the same with each field in turn set to other values, as far as lanes may differ."""
    base = small(cls, **values)
    lanes = [base]
    for name, field in cls.settings_type.fields().items():
        if field.shared:
            continue
        present = getattr(base, name)
        others = [c for c in field.choices if c != present] or [other_value(field, present)]
        lanes += [base.with_value(name, value) for value in others]
    return lanes


def measure(cls: type[Experiment], settings: list[Settings]) -> list[Measurement]:
    return list(cls().run(lanes_of(settings)))


@functools.cache
def baseline(cls: type[Experiment]) -> list[Measurement]:
    """What the tests compare with; trained once."""
    return measure(cls, variety(cls))


def assert_same(first: list[Measurement], second: list[Measurement]) -> None:
    """Bit for bit, where nan equals nan."""
    assert [m.step for m in first] == [m.step for m in second]
    for one, other in zip(first, second, strict=True):
        assert one.values.keys() == other.values.keys()
        for name, value in one.values.items():
            torch.testing.assert_close(value, other[name], rtol=0, atol=0, equal_nan=True)


def random_states() -> bytes:
    return pickle.dumps((torch.get_rng_state().numpy(), np.random.get_state(), random.getstate()))


def test_the_experiments_are_found_and_their_names_differ():
    names = [cls.name for cls in EXPERIMENTS]
    assert {"parabola", "bowl", "net"} <= set(names)
    assert len(set(names)) == len(names)
    assert {"parabola", "bowl", "net"} <= {cls.name for cls in EXPERIMENTS if step_size(cls)}


@every_experiment
def test_it_declares_title_settings_and_sources(cls):
    assert cls.title
    assert issubclass(cls.settings_type, Settings)
    assert cls.settings_type.fields()["steps"].shared
    assert cls.references
    assert all(any(character.isdigit() for character in reference) for reference in cls.references), "a year is missing"


@every_experiment
def test_it_yields_the_start_and_then_each_step(cls):
    assert [m.step for m in baseline(cls)] == list(range(STEPS + 1))


@every_experiment
def test_values_are_detached_with_the_lane_first_and_keep_shape_and_type(cls):
    settings, measured = variety(cls), baseline(cls)
    forms = {name: (value.shape, value.dtype) for name, value in measured[0].values.items()}
    assert "loss" in forms
    for measurement in measured:
        for name, value in measurement.values.items():
            assert (value.shape, value.dtype) == forms[name]
            assert len(value) == len(settings)
            assert not value.requires_grad
            assert value.grad_fn is None


@every_experiment
def test_the_start_is_finite_and_differs_from_the_end(cls):
    measured = baseline(cls)
    assert all(value.isfinite().all() for value in measured[0].values.values())
    assert not torch.equal(measured[0]["loss"], measured[-1]["loss"])


@every_experiment
def test_what_is_not_measured_at_a_step_is_missing_there_and_measured_when_its_interval_says_so(cls):
    """Each quantity at every step, or at those that one of the intervals divides; finite where the lane is."""
    history = History()
    history.extend(measure(cls, variety(cls, **INTERVALS)))
    steps, intervals = np.arange(STEPS + 1), set(INTERVALS) & set(cls.settings_type.fields())
    allowed = [steps % INTERVALS[name] == 0 for name in sorted(intervals)]
    alive = np.isfinite(history["loss"]).all(0)
    occasional = [name for name in history if not history.measured(name).all()]
    for name in occasional:
        measured, values = history.measured(name), history[name]
        assert any((measured == each).all() for each in allowed), name
        assert np.isnan(values[~measured]).all()
        assert np.isfinite(values[measured][:, alive]).all()
    assert bool(occasional) == bool(intervals)


@every_experiment
def test_what_was_yielded_is_not_changed_later(cls):
    held, copies = [], []
    for measurement in cls().run(lanes_of(variety(cls))):
        held.append(measurement)
        copies.append(Measurement(measurement.step, {n: v.clone() for n, v in measurement.values.items()}))
    assert_same(held, copies)


@every_experiment
def test_a_second_run_is_bit_exact(cls):
    assert_same(baseline(cls), measure(cls, variety(cls)))


@every_experiment
def test_it_holds_no_state_between_runs(cls):
    """Two runs of one instance, advanced in turn, do not disturb each other."""
    experiment, expected = cls(), baseline(cls)
    first, second = experiment.run(lanes_of(variety(cls))), experiment.run(lanes_of(variety(cls)))
    next(second)
    pairs = list(zip(first, second, strict=False))
    assert_same([one for one, _ in pairs], expected[:STEPS])
    assert_same([other for _, other in pairs], expected[1:])


@every_experiment
def test_global_random_states_are_left_alone_and_do_not_matter_and_nothing_is_printed(cls, capfd):
    expected = baseline(cls)
    capfd.readouterr()
    with torch.random.fork_rng():
        torch.manual_seed(987654321)
        before = random_states()
        assert_same(measure(cls, variety(cls)), expected)
        assert random_states() == before
    assert capfd.readouterr() == ("", "")


@every_experiment
def test_it_can_be_closed_at_any_step(cls):
    for taken in (0, 1, 2, STEPS // 2, STEPS, STEPS + 1):
        measurements = cls().run(lanes_of(variety(cls)))
        assert len(list(itertools.islice(measurements, taken))) == taken
        measurements.close()
        assert list(measurements) == []


@every_experiment
def test_a_shorter_run_is_the_start_of_a_longer_one(cls):
    longer = baseline(cls)
    assert_same(measure(cls, variety(cls, steps=STEPS // 2)), longer[: STEPS // 2 + 1])


@every_experiment
def test_lanes_together_equal_lanes_apart(cls):
    """Up to rounding: batched products may sum in another order."""
    settings = variety(cls)
    together = baseline(cls)
    for lane, own in enumerate(settings):
        for one, other in zip(measure(cls, [own]), together, strict=True):
            for name, value in one.values.items():
                relative, absolute = TOLERANCE[value.dtype]
                torch.testing.assert_close(value[0], other[name][lane], rtol=relative, atol=absolute)


@every_diverging
@pytest.mark.parametrize("position", [0, 1, -1])
def test_a_diverged_lane_leaves_its_neighbours_bit_exact(cls, position):
    """The lane runs to infinity, and some steps beyond; the others never notice."""
    settings = [*variety(cls, steps=400), small(cls, steps=400)]  # not each variant can diverge: the last is the first
    spoilt = list(settings)
    spoilt[position] = settings[position].with_value(step_size(cls), cls.settings_type.fields()[step_size(cls)].high)
    others = [lane for lane in range(len(settings)) if lane != position % len(settings)]
    beyond = 0
    for clean, hurt in zip(cls().run(lanes_of(settings)), cls().run(lanes_of(spoilt)), strict=True):
        assert all(torch.equal(value[others], hurt[name][others]) for name, value in clean.values.items())
        beyond += not hurt["loss"][position].isfinite()
        if beyond == 10:
            break
    assert beyond == 10


def changed_run(cls: type[Experiment], field: str, at: int) -> tuple[list[Measurement], RunRecord]:
    """Change the field in every lane once `at` updates have been made."""
    run, seen = Run(cls(), lanes_of(variety(cls))), []
    for measurement in run:
        seen.append(measurement)
        if run.step == at:
            for lane, own in enumerate(list(run.lanes.settings)):
                run.change(lane, field, other_value(cls.settings_type.fields()[field], getattr(own, field)))
    return seen, run.record


@every_hot_field
def test_a_hot_change_in_flight_acts_from_the_next_step_is_logged_and_replays_bit_exact(cls, field):
    at, unchanged = 6, baseline(cls)
    seen, record = changed_run(cls, field, at)
    assert [(c.step, c.lane, c.field) for c in record.changes] == [(at, k, field) for k in range(len(variety(cls)))]
    assert_same(seen[: at + 1], unchanged[: at + 1])
    assert not torch.equal(seen[at + 1]["loss"], unchanged[at + 1]["loss"])
    assert_same(list(Run.replay(cls(), RunRecord.model_validate_json(record.model_dump_json()), own)), seen)


@every_training
def test_it_goes_on_from_a_copy_of_its_state_with_the_same_numbers(cls):
    """Before and after hot changes; the copies are made while the run goes on."""
    run, seen = Run(cls(), lanes_of(variety(cls))), []
    run._checkpoints._every = 5
    for measurement in run:
        seen.append(measurement)
        if run.step == 6:
            for field in hot_fields(cls):
                for lane, own in enumerate(list(run.lanes.settings)):
                    run.change(lane, field, other_value(cls.settings_type.fields()[field], getattr(own, field)))
    for step, begins_after in ((4, 0), (9, 5), (STEPS, 15)):
        again = run.rewound(step)
        assert again.step == begins_after
        assert_same(list(itertools.islice(again, step - begins_after)), seen[begins_after + 1 : step + 1])
        assert again.record == run.record.until(step)


@every_experiment
def test_equal_lanes_stay_equal(cls):
    """Sixty-four copies of one lane draw the same numbers and take the same path."""
    loss = torch.stack([m["loss"] for m in measure(cls, [small(cls)] * 64)])
    relative, absolute = TOLERANCE[loss.dtype]
    torch.testing.assert_close(loss, loss[:, :1].expand_as(loss), rtol=relative, atol=absolute)
