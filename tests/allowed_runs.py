"""Runs of an experiment within its bounds, the bounds themselves among them, for property-based tests."""

from __future__ import annotations

import math

import numpy as np
from hypothesis import strategies as st

from lessons.core.experiment import Experiment
from lessons.core.lanes import OWN, Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.settings import SettingField, Settings

STEPS = 12
# The largest that a test can afford a hundred times; `largest` reaches the bounds.
AFFORDABLE = {
    "steps": STEPS,
    "width": 24,
    "depth": 3,
    "train_size": 80,
    "batch_size": 90,
    "dimension": 12,
    "replicas": 8,
    "teacher_width": 9,
    "outputs": 7,
}
DATA = ("train_size", "batch_size", "replicas")
# What is measured beside the loss, and how often, does not change it.
SELDOM = ("measure_every", "sharpness_every", "spectrum_every")
BESIDE = ("follow_sharpness", "follow_shift")
# With it there is no script.
WITHOUT_SCRIPT = ("injected",)


@st.composite
def allowed_records(draw: st.DrawFn, experiment: Experiment) -> RunRecord:
    """A run of one lane, with up to four changes in flight."""
    fields = experiment.settings_type.fields()
    values = {name: draw(_values(field), label=name) for name, field in fields.items()}
    hot = sorted(name for name, field in fields.items() if field.hot and field.kind == "number")
    when = st.tuples(st.integers(0, values["steps"]), st.sampled_from(hot)) if hot else st.nothing()
    moves = sorted(draw(st.lists(when, max_size=4), label="changes")) if hot else []
    return record_of(
        experiment,
        experiment.settings_type.checked(values),
        [(step, name, draw(_values(fields[name]), label=name)) for step, name in moves],
    )


def largest(experiment: Experiment) -> list[Settings]:
    """The largest net (as wide as a slider makes it) on little data, and the most data in a small one; for one step."""
    fields = experiment.settings_type.fields()
    small = {name: min(fields[name].default, most) for name, most in AFFORDABLE.items() if name in fields}
    high = {name: fields[name].slider_high if name == "width" else fields[name].high for name in small}
    large = ({name: high[name] for name in small if (name in DATA) == data} for data in (False, True))
    return [experiment.settings_type.checked({**small, **each, "steps": 1}) for each in large]


def record_of(experiment: Experiment, settings: Settings, moves: list[tuple[int, str, float]]) -> RunRecord:
    """The record of a run of one lane with changes in flight: step, field and value of each."""
    changes = tuple(Change(step=step, lane=0, field=field, value=value) for step, field, value in moves)
    return Run(experiment, Lanes([settings])).record.model_copy(update={"changes": changes})


def neighbour(experiment: Experiment, record: RunRecord, by: float) -> RunRecord:
    """The same run with all its numbers a little different, by the factor 1 + `by`."""
    fields = experiment.settings_type.fields()

    def near(name: str, value: float) -> float:
        if fields[name].kind != "number":
            return value
        return min(value * (1 + by), fields[name].high) if value >= 0 else max(value * (1 + by), fields[name].low)

    settings = {name: near(name, value) for name, value in record.settings[0].items()}
    moved = (each.model_copy(update={"value": near(each.field, each.value)}) for each in record.changes)
    return record.model_copy(update={"settings": (settings,), "changes": tuple(moved)})


def losses(experiment: Experiment, record: RunRecord) -> np.ndarray:
    """The lab's losses of a run of one lane, shape (steps + 1,), in its own precision."""
    return np.concatenate([measured["loss"].numpy() for measured in Run.replay(experiment, record)])


def _values(field: SettingField) -> st.SearchStrategy:
    """The values of a field: its bounds, its default, what a slider gives, and anything between."""
    if field.kind == "choice":
        return st.sampled_from([choice for choice in field.choices if choice != OWN])
    if field.kind == "flag":
        return st.just(False) if field.name in BESIDE else st.booleans()
    if field.name in WITHOUT_SCRIPT:
        return st.just(field.default)
    if field.kind == "integer":
        return _whole_numbers(field)
    marks = sorted({field.low, field.high, field.default, field.slider_low, field.slider_high})
    return st.one_of(st.sampled_from(marks), _slider(field), st.floats(field.low, field.high))


def _whole_numbers(field: SettingField) -> st.SearchStrategy:
    if field.name in SELDOM:
        return st.just(field.high)
    high = min(field.high, AFFORDABLE.get(field.name, field.high))
    marks = sorted({field.low, field.low + 1, min(field.default, high), high})
    # Steps are few: what has a length of its own is to begin and to end within them.
    return st.one_of(st.sampled_from(marks), st.integers(field.low, min(high, field.low + 2 * STEPS)))


def _slider(field: SettingField) -> st.SearchStrategy:
    low, high = field.slider_low, field.slider_high
    if field.scale == "log":
        return st.floats(math.log(low), math.log(high)).map(lambda v: min(max(math.exp(v), low), high))
    if field.slider_step is None:
        return st.floats(low, high)
    count = round((high - low) / field.slider_step)
    return st.integers(0, count).map(lambda k: min(max(round(low + k * field.slider_step, 6), low), high))
