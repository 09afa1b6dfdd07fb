"""A run counts its steps, logs its changes, and its record replays it bit for bit."""

import itertools

import pytest
import torch

from lessons.core.experiment import Measurement
from lessons.core.lanes import Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.run import Checkpoints, Run
from lessons.core.settings import SettingError
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import BowlSettings, NetSettings, ParabolaSettings
from lessons.initialization.propagation import Propagation, PropagationSettings

NET = {"steps": 16, "width": 8, "train_size": 50, "sharpness_every": 4}
CASES = {
    "parabola": (Parabola(), [ParabolaSettings(steps=16, ratio=r) for r in (0.1, 1.9)], ("ratio", 0.29)),
    "bowl": (
        Bowl(),
        [BowlSettings(steps=16, optimizer=rule, learning_rate=0.1) for rule in ("heavy ball", "Nesterov")],
        ("learning_rate", 0.7 / 3),
    ),
    "net": (
        Net(),
        [NetSettings(optimizer=rule, **NET) for rule in ("gradient descent", "Adam")],
        ("learning_rate", 0.03),
    ),
}
SMALL_NET = {**NET, "steps": 100}
every_experiment = pytest.mark.parametrize(("experiment", "settings", "hot"), CASES.values(), ids=CASES)


def changed_run(experiment, settings, hot) -> tuple[list, RunRecord]:
    """Run to the end with one change before the first step and two in flight."""
    field, value = hot
    run = Run(experiment, Lanes(settings, ["a", "b"]))
    run.change(1, field, value)
    seen = []
    for measurement in run:
        seen.append(measurement)
        if run.step in (3, 7):
            run.change(0, field, value * run.step)
    return seen, run.record


def assert_same(first: list, second: list) -> None:
    assert [m.step for m in first] == [m.step for m in second]
    for one, other in zip(first, second, strict=True):
        assert one.values.keys() == other.values.keys()
        assert all(torch.equal(one[name], other[name]) for name in one.values)


@every_experiment
def test_record_survives_json_without_loss(experiment, settings, hot):
    _, record = changed_run(experiment, settings, hot)
    back = RunRecord.model_validate_json(record.model_dump_json())
    assert back == record
    assert back.model_dump_json() == record.model_dump_json()
    for one, other in zip(back.settings, record.settings, strict=True):
        assert {k: (type(v), v) for k, v in one.items()} == {k: (type(v), v) for k, v in other.items()}


@every_experiment
def test_replay_of_a_json_record_is_bit_exact_with_changes_in_flight(experiment, settings, hot):
    seen, record = changed_run(experiment, settings, hot)
    replayed = Run.replay(experiment, RunRecord.model_validate_json(record.model_dump_json()))
    assert_same(list(replayed), seen)
    assert replayed.record == record


@every_experiment
def test_changes_matter_and_act_from_the_next_update_on(experiment, settings, hot):
    """Otherwise the replay tests would prove nothing."""
    seen, record = changed_run(experiment, settings, hot)
    without = list(Run.replay(experiment, record.until(7)))
    assert_same(without[:8], seen[:8])
    assert not torch.equal(without[8]["loss"][0], seen[8]["loss"][0])
    assert torch.equal(without[8]["loss"][1], seen[8]["loss"][1])


def test_record_keeps_the_settings_the_run_started_with():
    _, record = changed_run(*CASES["bowl"])
    assert [s["learning_rate"] for s in record.settings] == [0.1, 0.1]
    assert [(c.step, c.lane, c.field) for c in record.changes] == [
        (0, 1, "learning_rate"),
        (3, 0, "learning_rate"),
        (7, 0, "learning_rate"),
    ]
    assert (record.experiment, record.names, record.device) == ("bowl", ("a", "b"), "cpu")


@pytest.mark.parametrize(("step", "kept"), [(0, []), (1, [0]), (3, [0]), (4, [0, 3]), (7, [0, 3]), (99, [0, 3, 7])])
def test_until_keeps_the_changes_made_before_a_step(step, kept):
    _, record = changed_run(*CASES["parabola"])
    shortened = record.until(step)
    assert [change.step for change in shortened.changes] == kept
    assert shortened.settings == record.settings
    assert len(record.changes) == 3


def test_rewind_and_fork_shares_the_past():
    """Replay up to step 5, then go another way: equal up to 5, different after."""
    experiment, settings, hot = CASES["bowl"]
    seen, record = changed_run(experiment, settings, hot)
    fork = Run.replay(experiment, record.until(5))
    past = list(itertools.islice(fork, 6))
    assert fork.step == 5
    assert_same(past, seen[:6])
    fork.change(0, "learning_rate", 0.01)
    assert not torch.equal(next(fork)["theta"][0], seen[6]["theta"][0])
    assert [change.step for change in fork.record.changes] == [0, 3, 5]


def test_step_counts_updates_from_zero():
    run = Run(Parabola(), Lanes([ParabolaSettings(steps=5)]))
    assert run.step == -1
    assert [(m.step, run.step) for m in run] == [(s, s) for s in range(6)]


@every_experiment
@pytest.mark.parametrize("steps", [0, 1, 9, 17])
def test_close_ends_the_run_at_any_step_and_twice(experiment, settings, hot, steps):
    run = Run(experiment, Lanes(settings))
    taken = list(itertools.islice(run, steps))
    run.close()
    run.close()
    assert list(run) == []
    assert run.step == steps - 1
    assert len(taken) == steps
    assert run.record.changes == ()


@pytest.mark.parametrize(("field", "value"), [("learning_rate", -1.0), ("sharpness", 2.0), ("speed", 1.0)])
def test_a_refused_change_is_not_logged(field, value):
    run = Run(Bowl(), Lanes([BowlSettings(steps=3)]))
    next(run)
    with pytest.raises(SettingError):
        run.change(0, field, value)
    assert run.record.changes == ()
    assert_same([next(run)], list(Bowl().run(Lanes([BowlSettings(steps=3)])))[1:2])


def test_a_record_with_a_bad_value_is_refused_at_replay():
    record = Run(Bowl(), Lanes([BowlSettings()])).record
    tampered = record.model_copy(update={"settings": ({**record.settings[0], "learning_rate": 1e9},)})
    with pytest.raises(SettingError, match="learning rate"):
        Run.replay(Bowl(), tampered)


@pytest.mark.parametrize(("step", "begins_after"), [(0, -1), (25, 0), (60, 50), (90, 75)])
def test_a_rewound_run_starts_at_a_checkpoint_and_repeats_itself_bit_exact(step, begins_after):
    settings = [NetSettings(**SMALL_NET, optimizer=rule, seed=k) for k, rule in enumerate(("heavy ball", "Adam"))]
    run = Run(Net(), Lanes(settings))
    first = []
    for measurement in itertools.islice(run, 96):
        first.append({name: value.clone() for name, value in measurement.values.items()})
        if measurement.step in (10, 50, 70):
            run.change(0, "learning_rate", 0.5 / (measurement.step + 1))
    again = run.rewound(step)
    assert again.step == begins_after
    for measurement in itertools.takewhile(lambda m: m.step <= step, again):
        for name, value in measurement.values.items():
            assert torch.equal(value, first[measurement.step][name]), (measurement.step, name)
    assert measurement.step == step
    assert again.record == run.record.until(step)


def test_a_rewound_run_takes_further_changes_and_can_be_rewound_again():
    run = Run(Net(), Lanes([NetSettings(**SMALL_NET)]))
    losses = [float(m["loss"]) for m in itertools.islice(run, 80)]
    changed = run.rewound(60, [Change(step=60, lane=0, field="learning_rate", value=0.001)])
    once = {m.step: float(m["loss"]) for m in itertools.islice(changed, 20)}
    assert once[60] == losses[60]
    assert once[61] != losses[61]
    twice = {m.step: float(m["loss"]) for m in itertools.islice(changed.rewound(64), 15)}
    assert [twice[step] for step in range(60, 65)] == [once[step] for step in range(60, 65)]


def test_an_experiment_without_states_is_rewound_from_its_start():
    run = Run(Propagation(), Lanes([PropagationSettings(steps=60, width=4)]))
    list(itertools.islice(run, 60))
    again = run.rewound(50)
    assert again.step == -1
    with pytest.raises(NotImplementedError, match="can only begin"):
        next(Propagation().resume(run.lanes, "cpu", None))


def test_checkpoints_stay_few_and_evenly_spread():
    checkpoints = Checkpoints()
    for step in range(20_001):
        checkpoints.keep(Measurement(step, {}, state=[step]))
    assert len(checkpoints._states) <= Checkpoints.MOST
    for step in (1, 300, 7777, 20_000):
        at, state = checkpoints.before(step)
        assert 0 < step - at <= 20_000 / Checkpoints.MOST * 2
        assert state == [at]
    assert checkpoints.before(0) is None
    assert checkpoints.until(5000).before(20_000)[0] <= 5000
