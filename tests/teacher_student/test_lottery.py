"""Lottery tickets: what the second training begins with, and when it matters."""

import copy

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.sweeps.sweep_task import final
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.lottery import TICKETS, Lottery, LotterySettings, largest, lottery_lanes
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import student_network

SEEDS = 10
PAIRS = [
    *(("full", 10), ("rewound", 10), ("re-initialized", 10), ("random nodes", 10)),
    *(("rewound", 15), ("re-initialized", 15), ("random nodes", 15)),
    *(("rewound", 8), ("re-initialized", 8), ("random nodes", 8)),
]
SHORT = {"prune_at": 30, "horizon": 30, "steps": 61}


@pytest.fixture(scope="module")
def fvu():
    """Unexplained variance at the end: (ticket, nodes kept) -> one number for each of ten seeds."""
    common = {"prune_at": 1300, "horizon": 1300, "steps": 2601, "measure_every": 1300}
    lanes = [
        LotterySettings(ticket=ticket, keep=keep, seed=seed, **common)
        for ticket, keep in PAIRS
        for seed in range(SEEDS)
    ]
    held = Lanes(lanes)
    fvu = final(held, Lottery().run(held), ["fvu"])["fvu"]
    return dict(zip(PAIRS, fvu.view(-1, SEEDS), strict=True))


@pytest.mark.claim(49)
def test_lucky_nodes_with_their_first_weights_train_as_well_as_all_nodes(fvu):
    """Ten of fifty nodes kept; a training has succeeded below 1e-3: measured in 23 of 24 seeds."""
    assert (fvu["rewound", 10] < 1e-3).float().mean() >= 0.8
    assert (fvu["full", 10] < 1e-3).float().mean() >= 0.9


@pytest.mark.claim(49)
@pytest.mark.sentence("l7_ticket_is_the_mask")
def test_other_weights_or_other_nodes_do_worse(fvu):
    """Measured 67 and 54 % success in 24 seeds: half of them do well, so look at shares, not at a single case."""
    for ticket in ("re-initialized", "random nodes"):
        assert fvu[ticket, 10].mean() > 2 * fvu["rewound", 10].mean()
        assert 0.1 <= (fvu[ticket, 10] < 1e-3).float().mean() <= 0.8


@pytest.mark.claim(49)
@pytest.mark.sentence("l7_keep_15")
def test_with_fifteen_nodes_kept_there_is_no_effect(fvu):
    """SET RIGHT: whether a ticket matters depends on the setting. Any fifteen nodes find a teacher's ten."""
    for ticket in ("rewound", "re-initialized", "random nodes"):
        assert (fvu[ticket, 15] < 1e-3).float().mean() >= 0.9


@pytest.mark.sentence("l7_keep_8")
def test_eight_nodes_do_not_learn_a_teacher_of_ten_whatever_they_begin_with(fvu):
    """Two teacher nodes are left over; the full net learns all ten."""
    for ticket in ("rewound", "re-initialized", "random nodes"):
        assert (fvu[ticket, 8] > 5e-3).all()
    assert (fvu["full", 10] < 1e-3).float().mean() >= 0.9


@pytest.mark.sentence("l7_ticket_ends_lower")
def test_a_ticket_that_learns_ends_far_below_the_full_net(fvu):
    """Nothing superfluous is left that would have to fade."""
    assert fvu["rewound", 10].median() < 1e-3 * fvu["full", 10].median()


def test_the_second_training_begins_with_what_the_ticket_says():
    lanes = lottery_lanes(2, **SHORT)
    network, first, starts = student_network(lanes), None, None
    for measurement in Lottery().run(lanes):
        theta = measurement.state.theta.detach().clone()
        if measurement.step == 0:
            first = theta
        if measurement.step == 30:
            score = measurement.snapshots["contribution_1"]()
        if measurement.step == 31:
            starts = theta
    tops = dict(zip(TICKETS, network.layers(starts)[0][0].view(4, 2, 20, 50), strict=True))
    was = network.layers(first)[0][0][:2]
    best = largest(score[:2], torch.tensor([10, 10]))
    kept = {ticket: tops[ticket].abs().sum(1) > 0 for ticket in TICKETS}
    assert torch.equal(tops["full"], was)
    assert torch.equal(kept["rewound"], best)
    assert torch.equal(tops["rewound"], was * best[:, None])
    assert torch.equal(kept["re-initialized"], best)
    assert not torch.isclose(tops["re-initialized"], was)[best[:, None].expand_as(was)].any()
    assert (kept["random nodes"].sum(1) == 10).all()
    assert not torch.equal(kept["random nodes"], best)
    assert torch.equal(tops["random nodes"], was * kept["random nodes"][:, None])


def test_the_first_training_is_that_of_teacher_student_and_the_full_ticket_repeats_its_start(train_all):
    common = {"horizon": 30, "measure_every": 5}
    both = train_all(Lottery(), [LotterySettings(ticket="full", prune_at=30, steps=61, **common)]).history
    once = train_all(TeacherStudent(), [TeacherStudentSettings(steps=30, **common)]).history
    torch.testing.assert_close(both["loss"][:31], once["loss"])
    torch.testing.assert_close(both["fvu"][31], once["fvu"][0])


@pytest.mark.parametrize("at", [29, 30, 31, 40])
def test_it_goes_on_from_a_state_before_and_after_pruning(at):
    lanes, seen, kept = lottery_lanes(1, **SHORT), [], None
    for measurement in Lottery().run(lanes):
        seen.append(measurement)
        if measurement.step == at:
            kept = copy.deepcopy(measurement.state)
    for measurement in Lottery().resume(lanes, "cpu", kept):
        for name, value in measurement.values.items():
            assert torch.equal(value, seen[measurement.step][name]), (measurement.step, name)
    assert measurement.step == 61
