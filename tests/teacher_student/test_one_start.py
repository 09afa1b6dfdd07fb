"""Claim 85: the same first weights become the nodes of whoever teaches; no node is born to win."""

import pytest
import torch

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.one_start import common_by_chance, crossed_correlation, in_common, won_so_far
from lessons.teacher_student.overlap import correlation
from lessons.teacher_student.shaking import nearest_nodes
from lessons.teacher_student.spreads import ONE_START, OneStartSettings
from tests.teacher_student.conftest import Trained, trained

pytestmark = pytest.mark.claim(85)
STARTS, TEACHERS = 3, 16


@pytest.fixture(scope="module")
def boxes() -> list[Trained]:
    """Three starts with sixteen teachers each."""
    return [started(seed=seed) for seed in range(STARTS)]


def started(**changes) -> Trained:
    settings = OneStartSettings(teachers=TEACHERS, measure_every=1500, **changes)
    return trained(TeacherStudent(), ONE_START.lanes([settings], ["one start"]))


def won_of(box: Trained) -> torch.Tensor:
    """Who is nearest to a teacher node at the end, (teachers, m)."""
    return nearest_nodes(box.snapshot("correlation_1"))


@pytest.mark.sentence("l7_two_structures")
def test_winners_for_two_teachers_have_about_as_many_in_common_as_by_chance(boxes):
    """Eight starts: measured 2.1 to 2.8 on average over 120 pairs, 2 by chance; a single pair 0 to 7."""
    for box in boxes:
        common = in_common(won_of(box)).float()
        assert 1.7 < common.mean() < 3.4
        assert common.max() < 9


@pytest.mark.sentence("l7_own_teacher_alone")
def test_each_training_finds_its_own_teacher_and_comes_no_nearer_to_the_other(boxes):
    """Eight starts: own nodes 0.987 and more, the worst of ten; the other's nodes 0.35 to 0.44 before and after."""
    for box in boxes:
        assert (box.last["recovered"][:, 0] >= 8).all()
        first, own, given = (box.snapshot(f"{name}_weights")[:2] for name in ("first", "student", "teacher"))
        assert torch.equal(first[0], first[1])
        nearest = crossed_correlation(torch.cat([first[:1], own]), given).amax(2).mean(2)  # (start, A, B) by (A, B)
        assert (nearest[[1, 2], [0, 1]] > 0.97).all()
        assert nearest[[1, 2], [1, 0]].tolist() == pytest.approx(nearest[0, [1, 0]].tolist(), abs=0.12)


@pytest.mark.sentence("l7_every_node_wins")
def test_with_teachers_enough_nearly_every_node_is_one_of_theirs_once(boxes):
    """Eight starts: measured 35 to 42 of fifty with eight teachers, by chance 41.6; 44 to 49 with sixteen."""
    for box in boxes:
        measured, chance = won_so_far(won_of(box))
        assert 30 <= measured[7] <= 46
        assert measured[15] >= 40
        assert chance[[7, 15]].tolist() == pytest.approx([41.6, 48.6], abs=1)
    measured, _ = won_so_far(won_of(started(overparameterization=2.0)))
    assert measured[3] >= 15  # of twenty; measured 17 to 20
    assert measured[7] >= 18


def test_chance_is_hypergeometric_and_its_nodes_add_up():
    shares = common_by_chance(50, 10)
    assert shares.sum().item() == pytest.approx(1)
    assert (shares * torch.arange(11)).sum().item() == pytest.approx(2)
    generator = torch.Generator().manual_seed(0)
    drawn = torch.rand(2000, 2, 50, generator=generator).argsort(2) < 10
    seen = torch.stack([in_common(pair)[0] for pair in drawn]).bincount(minlength=11) / 2000
    torch.testing.assert_close(seen.double(), shares, rtol=0, atol=0.05)  # four standard errors: 4 sqrt(1/4 / 2000)
    measured, chance = zip(*(won_so_far(pair) for pair in drawn), strict=True)
    assert chance[0].tolist() == pytest.approx([10, 18])
    assert torch.stack(measured).double().mean(0).tolist() == pytest.approx([10, 18], abs=0.12)


def test_crossed_correlation_with_ones_own_teacher_is_what_is_measured():
    box = started(steps=3, horizon=3)
    crossed = crossed_correlation(box.snapshot("student_weights"), box.snapshot("teacher_weights"))
    assert crossed.shape == (TEACHERS, TEACHERS, 50, 10)
    own = crossed[torch.arange(TEACHERS), torch.arange(TEACHERS)]
    torch.testing.assert_close(own, box.snapshot("correlation_1"), rtol=1e-3, atol=1e-5)
    (inputs,), layers = [box.task.test_inputs], box.network.layers(box.theta)
    by_hand = correlation(torch.relu(inputs @ layers[0][0][:1] + layers[0][1][:1]), box.task.test_activations[0][3:4])
    torch.testing.assert_close(crossed[0, 3], by_hand[0], rtol=1e-3, atol=1e-5)
