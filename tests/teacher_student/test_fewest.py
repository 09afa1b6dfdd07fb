"""Claim 89: how many nodes a student uses for a teacher of five is decided by its first weights, and is not five."""

import numpy as np
import pytest
import torch

from lessons.teacher_student.overlap import used_number
from lessons.teacher_student.spreads import FEWEST, FEWEST_WIDTHS, STARTS, FewestSettings
from lessons.teacher_student.sweep import WidthSweep
from tests.teacher_student.conftest import trained

pytestmark = pytest.mark.claim(89)


def ends(**changes) -> dict[str, np.ndarray]:
    """What is measured at the end, (starts, widths, students): large first weights, and small ones."""
    lanes = FEWEST.lanes([FewestSettings(measure_every=1500, **changes)], ["teacher"])
    history = trained(WidthSweep(), lanes).history
    shape = (len(STARTS), len(FEWEST_WIDTHS), -1)
    names = ("used_nodes", "effective_nodes", "recovered", "fvu")
    return {name: history.newest(name).reshape(shape) for name in names}


@pytest.fixture(scope="module")
def found():
    return ends(students=4)


@pytest.mark.sentence("l7_fewest_nodes")
def test_few_nodes_are_used_from_large_first_weights_and_nearly_all_from_small_ones(found):
    """Six students: measured 5 to 17 of up to a hundred nodes, medians 5 to 10; 85 to 99 of a hundred."""
    large, small = found["used_nodes"]
    assert (found["fvu"][:, 1:] < 0.003).all()
    assert np.median(large, axis=1).max() <= 13
    assert (large >= 5)[1:].all()
    assert np.median(large[3:]) > 5
    every = 5 * np.array(FEWEST_WIDTHS)
    assert (np.median(small, axis=1) >= 0.85 * every).all()


@pytest.mark.sentence("l7_fewest_in_effect")
def test_in_effect_there_are_five_from_large_first_weights_and_ten_from_small_ones(found):
    """Six students: measured 4.6 to 5.1, and 7 to 17 where there are fifty nodes or a hundred."""
    large, small = found["effective_nodes"]
    assert np.median(large[1:], axis=1) == pytest.approx(5, abs=0.4)
    assert 7 < np.median(small[3:]) < 17


@pytest.mark.sentence("l7_fewest_with_time")
def test_with_time_large_first_weights_fade_to_nearly_the_fewest():
    """Three students: measured 5 to 7; from small first weights 69 to 81 of a hundred."""
    large, small = ends(steps=6000, horizon=6000, students=2)["used_nodes"]
    assert np.median(large, axis=1).max() <= 8
    assert (small[-1] > 50).all()


@pytest.mark.sentence("l7_fewest_points")
def test_of_few_points_wide_students_with_large_first_weights_use_all_nodes():
    """Three students: measured 100 of a hundred, and 0 of five nodes found."""
    last = ends(data="fixed")
    assert (last["used_nodes"][0, -1] > 90).all()
    assert (last["recovered"][0, -1] <= 2).all()


def test_a_node_is_used_if_it_adds_a_hundredth_of_the_largest():
    added = torch.tensor([[1.0, 0.5, 0.011, 0.009, 0.0], [0.02, 0.0, 0.0, 0.0, 0.0]])
    assert used_number(added).tolist() == [3, 1]
