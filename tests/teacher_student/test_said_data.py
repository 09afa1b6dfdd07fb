"""What lesson 7 says of labels, structure, width and layers is what its labs show."""

from __future__ import annotations

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.run import Run
from tests.played import Played, played
from widgets.labs.teacher_student.data_questions import HeatReversed
from widgets.labs.teacher_student.descent import DescentView
from widgets.labs.teacher_student.firing import FiringView
from widgets.labs.teacher_student.layers import LayersView
from widgets.labs.teacher_student.memory import MemoryView
from widgets.labs.teacher_student.structure import StructureView

NUMBERS = ("effective_nodes", "train_fvu", "fvu")


@pytest.mark.sentence("l7_ten_units")
def test_ten_hidden_units_do_not_memorize_three_hundred_random_labels():
    """Five seeds: measured 34 to 54 %."""
    assert (played(MemoryView, "ten hidden units")["train_accuracy"][:, -1] < 0.8).all()


@pytest.mark.sentence("l7_thousand_labels")
def test_a_thousand_random_labels_take_more_than_three_times_as_many_steps_as_real_ones():
    """Five seeds: measured 57 to 86 steps, and 281 or more."""
    real, random = np.moveaxis(played(MemoryView, "more images", seeds=2, steps=240)["train_accuracy"], 2, 0)
    for own, other in zip(real, random, strict=True):
        assert own.max() == 1
        assert (other[: 3 * int((own == 1).argmax())] < 1).all()


@pytest.mark.sentence("l7_thousand_points")
def test_of_a_thousand_points_the_large_teacher_is_understood_and_noise_is_not_fitted():
    """Two students of each kind: measured 51 and 53 nodes; 0.003 left on fresh points; 0.4 left of shuffled answers."""
    last = ends(played(StructureView, "1000 points", seeds=1, students=1))
    assert 35 < last["effective_nodes"][1] < 70
    assert last["fvu"][1] < 0.02
    assert last["train_fvu"][2] > 0.2


@pytest.mark.sentence("l7_large_weights")
def test_from_large_weights_many_nodes_stay_in_use_whatever_the_data():
    """Two students of each kind: measured 38 to 86 nodes in use; 0.25 to 2.7 left on fresh points."""
    last = ends(played(StructureView, "large initial weights", seeds=1, students=1))
    assert (last["effective_nodes"] > 25).all()
    assert (last["fvu"] > 0.1).all()


def ends(seen: Played) -> dict[str, np.ndarray]:
    """What was measured of each lane at the end, (K,) each."""
    last = {name: seen[name][0, -1] for name in NUMBERS}
    return {name: each.reshape(len(each), -1)[:, 0] for name, each in last.items()}


@pytest.mark.sentence("l7_peak_moves")
def test_the_peak_moves_with_the_number_of_examples():
    """Three draws: measured 0.65 to 0.90 at a width of 78 and 0.44 to 0.48 at 156."""
    few, many = (played(DescentView, preset, seeds=3) for preset in ("75 examples", "a fifth of the labels random"))
    width = few["width"][0, :, 0]
    at_75, at_150 = (int(np.abs(width - size).argmin()) for size in (75, 150))
    few, many = (seen["test_error"][:, :, 0].mean(0) for seen in (few, many))
    assert few[at_75] > many[at_75] + 0.1
    assert few[at_150] < many[at_150] - 0.1


@pytest.mark.sentence("l7_second_descent")
def test_with_much_noise_the_second_descent_comes_down_to_the_first_dip_and_with_less_below_it():
    """Three draws, means: measured 0.42 and 0.42 with 40 % of the labels random, 0.29 and 0.23 with 20 %."""
    seen = played(DescentView, "how much noise?", seeds=3)
    width, errors = seen["width"][0, :, 0], seen["test_error"].mean(0)
    for error, low, high in zip(errors.T[1:], (0.5, 0.85), (0.9, 1.2), strict=True):
        peak = int(np.where((width > 50) & (width < 450), error, 0).argmax())
        assert low < error[-1] / error[:peak].min() < high


@pytest.mark.sentence("l7_wider_layers")
def test_in_a_wider_student_the_greedy_and_the_random_first_layer_leave_less_and_stay_behind():
    wide = played(LayersView, "a wider student", seeds=2)["fvu"][:, -1]
    usual = played(LayersView, "three ways", seeds=2)["fvu"][:, -1]
    assert (wide[:, 1:] < usual[:, 1:]).all()
    assert (wide[:, 0] < wide[:, 1]).all()
    assert (wide[:, 1] < wide[:, 2]).all()


@pytest.mark.sentence("l7_longer_greedy")
def test_twice_as_many_greedy_steps_mend_little():
    longer = played(LayersView, "greedy, twice as long", seeds=2)
    usual = played(LayersView, "three ways", seeds=2)
    assert (longer["fvu"][:, -1, 0] > 0.4 * usual.of("greedy", "fvu")[:, -1]).all()
    assert (longer["best_correlation"][:, -1, 0, 0].mean(1) < 0.95).all()


@pytest.mark.sentence("l7_greedy_leaves")
def test_greedy_training_leaves_some_percent_and_end_to_end_hardly_anything():
    """Seven seeds: measured 0.0001 to 0.004, 0.08 to 0.09 and 0.61 to 0.68."""
    usual = played(LayersView, "three ways", seeds=2)
    together, greedy, random = (usual.of(name, "fvu")[:, -1] for name in usual.names)
    assert (together < 0.01).all()
    assert ((greedy > 0.05) & (greedy < 0.13)).all()
    assert (random > 0.5).all()


@pytest.mark.sentence("l7_heat_reversed")
def test_structure_is_made_where_the_data_have_it():
    """Seed 0."""
    question = HeatReversed()
    lanes, history = question.lanes(), History()
    history.extend(list(Run(question.experiment, lanes)))
    assert history["recovered"][-1, 0, 0] >= 4
    assert history["recovered"][-1, 1, 0] == 0
    assert history["effective_nodes"][-1, 1, 0] > 1.5 * history["effective_nodes"][-1, 0, 0]


@pytest.mark.sentence("l7_pairs_fall_faster")
def test_pairs_fall_faster_than_single_nodes():
    seen = played(FiringView, "slow motion", seeds=1)
    share = (seen["joint"] / seen["single"])[0, :, 0]
    assert (np.diff(share[::10]) < 0).all()
    assert share[-1] < 0.2 * share[0]
