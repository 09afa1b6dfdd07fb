"""A learner's own rule: it runs as its equation says, and whatever it does wrong is a sentence in its lane alone."""

import itertools
import sys
import time

import pytest
import torch

from lessons.core.guard import GuardedError, guarded
from lessons.core.lanes import OWN, Lanes
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.run import Run
from lessons.core.settings import SettingError
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.settings import BowlSettings, NetSettings


def heavy_ball(gradient, state, learning_rate, momentum):
    state["v"] = momentum * state.get("v", 0.0) + gradient
    return -learning_rate * state["v"]


def endless(gradient, state, learning_rate, momentum):
    while True:
        pass


def late(gradient, state, learning_rate, momentum):
    state["calls"] = state.get("calls", 0) + 1
    if state["calls"] > 5:
        raise RuntimeError("I was too greedy")
    return -learning_rate * gradient


WRONG = {
    "raises": (late, "with RuntimeError: I was too greedy."),
    "no tensor": (lambda *_: 0.1, "it returned a float"),
    "wrong shape": (lambda gradient, *_: gradient[:1], "it returned (1,)"),
    "nothing": (lambda *_: None, "it returned a NoneType"),
    "too few arguments": (lambda gradient: gradient, "TypeError"),
    "ends the process": (lambda *_: sys.exit(3), "SystemExit: 3."),
    "recursion": (lambda *arguments: WRONG["recursion"][0](*arguments), "RecursionError"),
}


@pytest.mark.parametrize(
    ("experiment", "settings"), [(Bowl(), BowlSettings), (Net(), NetSettings)], ids=["bowl", "net"]
)
def test_a_rule_of_ones_own_runs_as_the_same_rule_of_ours(experiment, settings):
    common = {"steps": 30, "learning_rate": 0.05, **({"width": 8, "train_size": 30} if settings is NetSettings else {})}
    lanes = [settings(optimizer=rule, **common) for rule in ("gradient descent", OWN, "heavy ball")]
    losses = torch.stack([m["loss"] for m in Run(experiment, Lanes(lanes, own=heavy_ball))])
    torch.testing.assert_close(losses[:, 1], losses[:, 2])
    assert not torch.allclose(losses[:, 0], losses[:, 1])


@pytest.mark.parametrize(("function", "words"), WRONG.values(), ids=WRONG)
def test_what_goes_wrong_is_a_sentence_in_its_lane_alone(function, words):
    lanes = [BowlSettings(optimizer=rule, steps=20) for rule in ("Nesterov", OWN, "heavy ball")]
    alone = list(Run(Bowl(), Lanes(lanes[::2])))
    seen = list(Run(Bowl(), Lanes(lanes, own=function)))
    [(lane, sentence)] = seen[-1].failures.items()
    assert lane == 1
    assert words in sentence
    assert sentence.startswith("Your function")
    assert sentence.endswith(".")
    assert torch.isnan(seen[-1]["loss"][1])
    for one, other in zip(alone, seen, strict=True):
        torch.testing.assert_close(one["loss"], other["loss"][::2], rtol=0, atol=0)


def test_an_endless_loop_is_ended_and_its_rule_is_not_asked_again():
    optimizer = LaneOptimizer([OWN], endless)
    h = Hyperparameters(torch.ones(1, 1), torch.ones(1, 1))
    begun = time.perf_counter()
    for _ in range(20):
        update = optimizer.update(torch.ones(1, 3), h)
    assert 0.9 < time.perf_counter() - begun < 12, "ten times as long on a processor that serves others"
    assert torch.isnan(update).all()
    assert optimizer.failures == {0: "Your function took longer than 1 s and was stopped."}


def test_it_cannot_change_the_training_behind_its_back():
    def greedy(gradient, state, learning_rate, momentum):
        gradient.zero_()
        return gradient

    given = torch.ones(1, 3)
    LaneOptimizer([OWN], greedy).update(given, Hyperparameters(torch.ones(1, 1), torch.ones(1, 1)))
    assert torch.equal(given, torch.ones(1, 3))


def test_each_lane_has_a_state_of_its_own_also_after_a_rewind():
    lanes = [NetSettings(optimizer=OWN, steps=70, width=4, train_size=20, learning_rate=rate) for rate in (0.01, 0.1)]
    run = Run(Net(), Lanes(lanes, own=heavy_ball))
    losses = {m.step: m["loss"] for m in itertools.islice(run, 66)}
    again = run.rewound(60)
    assert again.step == 50
    for measurement in itertools.islice(again, 10):
        assert torch.equal(measurement["loss"], losses[measurement.step])


def test_without_a_function_nobody_runs_it():
    with pytest.raises(SettingError, match="No function of your own"):
        Lanes([BowlSettings(optimizer=OWN)])


def test_the_guard_leaves_no_trace_function_behind():
    before = sys.gettrace()
    assert guarded(lambda a, b: a + b, 1, 2) == 3
    with pytest.raises(GuardedError, match="ZeroDivisionError"):
        guarded(lambda: 1 / 0)
    assert sys.gettrace() is before


def test_waiting_is_not_working():
    """So a lane of one's own does not end because others train on the same processor."""

    def patient():
        for _ in range(3):
            time.sleep(0.1)
        return 7

    assert guarded(patient, seconds=0.1) == 7


def test_a_hard_to_stop_loop_is_stopped():
    def stubborn():
        while True:
            try:
                time.sleep(0.001)
            except Exception:
                continue

    with pytest.raises(GuardedError, match=r"longer than 0\.1 s"):
        guarded(stubborn, seconds=0.1)
