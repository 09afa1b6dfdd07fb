"""All layers at once against one after the other."""

import copy

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.layerwise import Layerwise, LayerwiseSettings
from lessons.teacher_student.settings import TeacherStudentSettings

METHODS = ("end to end", "greedy", "random first layer")
SEEDS = 3


@pytest.fixture(scope="module")
def by_method(train_all):
    common = {"steps": 2000, "horizon": 2000, "switch_at": 1000, "measure_every": 1000}
    settings = [LayerwiseSettings(method=method, seed=seed, **common) for method in METHODS for seed in range(SEEDS)]
    return train_all(Layerwise(), settings)


@pytest.mark.claim(52)
@pytest.mark.sentence("l7_end_to_end_is_best")
def test_end_to_end_is_best_then_greedy_then_a_random_first_layer(by_method):
    """Measured over four seeds and 3000 steps: 0.0003 (0.0001 to 0.004), 0.08 and 0.67 of the variance unexplained."""
    joint, greedy, random = by_method.last["fvu"].view(3, SEEDS)
    assert joint.max() < 0.02
    assert greedy.min() > 5 * joint.max()
    assert random.min() > 3 * greedy.max()
    assert random.min() > 0.5


@pytest.mark.claim(52)
@pytest.mark.sentence("l7_from_above")
def test_without_what_comes_from_above_the_first_layer_does_not_find_the_teachers_nodes(by_method):
    joint, greedy, random = by_method.last["best_correlation"].view(3, SEEDS, 2, 10)[:, :, 0].mean((1, 2))
    assert joint > 0.98
    assert greedy < 0.95
    assert random < greedy - 0.2


def test_end_to_end_is_teacher_student(train_all):
    common = {"steps": 30, "measure_every": 10, "horizon": 30}
    one = train_all(Layerwise(), [LayerwiseSettings(**common)]).history
    shape = {"depth": 2, "outputs": 20, "overparameterization": 2.0, "init_scale": 0.5, "top_scale": 0.5}
    other = train_all(TeacherStudent(), [TeacherStudentSettings(**common, **shape)]).history
    torch.testing.assert_close(one["loss"], other["loss"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(one["fvu"], other["fvu"], rtol=1e-4, atol=1e-6, equal_nan=True)


def test_each_method_moves_what_it_says_and_nothing_else():
    lanes = Lanes([LayerwiseSettings(method=method, steps=20, switch_at=10) for method in METHODS])
    thetas = [m.state.theta.detach().clone() for m in Layerwise().run(lanes)]
    first = 21 * 20  # weights and biases
    readout = thetas[0].shape[1] - 20 * 20
    early, late = ((b - a).abs() > 0 for a, b in ((thetas[0], thetas[10]), (thetas[11], thetas[20])))
    parts = [(0, first), (first, readout), (readout, None)]  # first layer, rest of the student, readout
    moved = [[[bool(when[k, a:b].any()) for a, b in parts] for when in (early, late)] for k in range(3)]
    assert moved[0] == [[True, True, False], [True, True, False]]
    assert moved[1] == [[True, False, True], [False, True, False]]
    assert moved[2] == [[False, True, False], [False, True, False]]


def test_it_goes_on_from_a_state():
    settings = [LayerwiseSettings(method=method, steps=30, switch_at=12, measure_every=7) for method in METHODS]
    seen, kept = [], {}
    for measurement in Layerwise().run(Lanes(settings)):
        seen.append(measurement)
        if measurement.step in (5, 11, 12, 20):
            kept[measurement.step] = copy.deepcopy(measurement.state)
    for state in kept.values():
        for measurement in Layerwise().resume(Lanes(settings), "cpu", state):
            for name, value in measurement.values.items():
                assert torch.equal(value, seen[measurement.step][name])
        assert measurement.step == 30
