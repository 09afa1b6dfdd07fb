"""Lottery tickets: what the second training begins with, and when it matters."""

import copy

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.sweeps.sweep_task import final
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.lottery import TICKETS, Lottery, LotterySettings, largest, lottery_lanes
from lessons.teacher_student.nearest import median_nearest, node_correlation
from lessons.teacher_student.overlap import correlation
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import activations, draw_students, student_network
from lessons.teacher_student.task import Task
from tests.teacher_student.relu_forms import activation_correlation

SEEDS = 10
COSINES = torch.linspace(-1, 1, 9, dtype=torch.float64)
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


@pytest.mark.claim(87)
@pytest.mark.sentence("l7_ticket_overlap")
def test_winners_began_as_near_as_the_best_of_fifty_and_new_weights_as_the_best_of_ten():
    """Three times eight students, medians of 80: measured 0.36 to 0.37 and 0.26 to 0.27, by theory 0.372 and 0.248; of
    what new weights miss, 9 to 25 of 80, 0.21 to 0.24. A median's error is some 0.016, a deviation of 0.1 over
    sqrt(80) and a quarter more.
    """
    lanes, start = lottery_lanes(8, prune_at=1000, horizon=1000, steps=2000, measure_every=1000), None
    for measurement in Lottery().run(lanes):
        if measurement.step == 1001:
            start = measurement.snapshots["initial_correlation_1"]().amax(1).view(4, 80)
    found = measurement["best_correlation"].view(4, 80) > 0.99
    full, rewound, again, others = start.median(1).values.tolist()
    assert full == pytest.approx(median_nearest(50, 0.3, 20), abs=0.05)
    assert rewound == pytest.approx(0.365, abs=0.05)
    assert [again, others] == pytest.approx([median_nearest(10, 0.3, 20)] * 2, abs=0.06)
    assert rewound > again + 0.04
    both = torch.cat([start[2], start[3]]), torch.cat([found[2], found[3]])
    missed, there = both[0][~both[1]], both[0][both[1]]
    assert len(missed) >= 8
    assert missed.median() < there.median()


def test_the_nearest_of_random_nodes_is_what_theory_says():
    """Sixty students and teachers: a median of 600, and a bias of sampled correlations below 0.02."""
    torch.testing.assert_close(node_correlation(COSINES, 0.5), activation_correlation(COSINES), rtol=0, atol=1e-5)
    for width, share in ((1.0, 0.3), (5.0, 0.3), (5.0, 0.1)):
        common = {"overparameterization": width, "active_share": share}
        lanes = Lanes([TeacherStudentSettings(seed=seed, teacher_seed=seed, **common) for seed in range(60)])
        task = Task(lanes)
        (hidden,), _ = activations(student_network(lanes), draw_students(lanes), task.test_inputs)
        near = correlation(hidden, task.test_activations[0]).amax(1).median().item()
        assert near == pytest.approx(median_nearest(round(10 * width), share, 20), abs=0.035)


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
