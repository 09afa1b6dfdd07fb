"""Students find teacher nodes; who began near wins; the others fade out, and shaking them does nothing."""

import copy
import itertools

import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.luck import WON, arrival, luck
from lessons.teacher_student.overlap import unexplained
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes, node_shake_rise, scrambled, winners
from lessons.teacher_student.student import draw_students, student_network
from lessons.teacher_student.sweep import WidthSweep, students_sweep, width_lanes
from lessons.teacher_student.task import Task
from tests.teacher_student.recoveries import recoveries, two_layer_settings


def shaken_fvu(network, theta: torch.Tensor, task: Task, chosen: torch.Tensor, seeds: list[int]) -> torch.Tensor:
    """Return the unexplained fraction of variance after the chosen nodes were all shaken at once, shape (K,)."""
    return unexplained(network(scrambled(network, theta, chosen, seeds), task.test_inputs), task.test_targets)


@pytest.fixture(scope="module")
def found():
    """Students of a teacher with one hidden layer, by width."""
    base = TeacherStudentSettings(steps=1500, horizon=1500, measure_every=500)
    return swept(base, (1.0, 1.5, 5.0), seeds=16)


@pytest.fixture(scope="module")
def found_in_two_layers():
    base = two_layer_settings(steps=2000, horizon=2000, measure_every=500)
    return swept(base, (1.0, 2.0), seeds=5)


def swept(base, widths, seeds):
    sweep = students_sweep(width_lanes(base, widths, seeds), seeds)
    return {found.overparameterization: found for found in recoveries(sweep, sweep.run())}


@pytest.mark.claim(46)
@pytest.mark.claim(53)
@pytest.mark.sentence("l7_hidden_nodes")
def test_every_teacher_node_is_found_and_its_weights_are_recovered(lucky_run):
    """Five times over-parameterized, fresh Gaussian inputs, nodes that fire on 0.3 of them: measured 1.00 and 2e-5."""
    last = lucky_run.last
    assert (last["recovered"] == 10).float().mean() > 0.9
    assert (last["weight_cosine"] > 0.99).float().mean() > 0.98
    assert last["fvu"].median() < 2e-4


@pytest.mark.claim(46)
def test_best_correlation_rises_from_chance_to_one_in_one_layer_and_in_two(lucky_run, found_in_two_layers):
    assert (lucky_run.history["best_correlation"][0] < 0.9).all()
    assert lucky_run.last["best_correlation"].mean() > 0.998
    assert (found_in_two_layers[2.0].best_correlation.mean((0, 2)) > 0.97).all()


@pytest.mark.claim(46)
@pytest.mark.claim(45)
@pytest.mark.sentence("l7_spare_tickets")
@pytest.mark.sentence("l7_exact_size")
def test_the_teachers_own_width_is_not_the_best_and_more_is_not_always_better(found, found_in_two_layers):
    """At 1x some students miss nodes, but those that find all fit best; at 1.5x and 5x all do, if less exactly."""
    alls = {width: (result.recovered == 10).all(1).sum().item() for width, result in found.items()}
    assert alls[1.0] < alls[1.5]
    assert alls[1.5] >= 14
    assert found[1.0].fvu.max() > 0.02 > 0.002 > found[5.0].fvu.max()
    assert found[1.0].fvu.median() < 1e-5 < 3e-5 < found[5.0].fvu.median()
    two = {width: result.best_correlation.mean((0, 2)) for width, result in found_in_two_layers.items()}
    assert (two[1.0] < 0.93).all()
    assert (two[2.0] > two[1.0] + 0.05).all()


@pytest.mark.claim(46)
def test_strong_teacher_nodes_are_found_before_weak_ones(train_all):
    settings = [TeacherStudentSettings(strength_decay=1.0, seed=seed, steps=1000) for seed in range(4)]
    when = arrival(torch.from_numpy(train_all(TeacherStudent(), settings).history["best_correlation"][:, :, 0]))
    assert when[:, :3].float().median() * 2 < when[:, -3:].float().median()


@pytest.mark.claim(47)
def test_the_winner_began_near_far_more_often_than_by_chance(lucky_run):
    """160 winners: measured first in 54 % and among the first three in 84 %; by chance 2 % and 6 %."""
    seen = luck(lucky_run.snapshot("initial_correlation_1"), lucky_run.snapshot("correlation_1"))
    assert seen.share_within(1) > 0.4
    assert 0.7 < seen.share_within(3) < 1
    assert seen.rank_correlation.mean() > 0.7
    assert (seen.won_by_quintile.diff() > 0).all()
    assert seen.won_by_quintile[0] < 0.1 < 0.4 < seen.won_by_quintile[-1]


@pytest.mark.claim(47)
def test_luck_is_a_tendency_and_a_weaker_one_from_small_weights(lucky_run, small_weights_run):
    """The luckiest does not always win: measured 54 % of cases, and 35 % from weights a tenth as large."""
    shares = [
        luck(run.snapshot("initial_correlation_1"), run.snapshot("correlation_1")).share_within(1)
        for run in (lucky_run, small_weights_run)
    ]
    assert shares[1] < shares[0] < 0.8


@pytest.mark.claim(47)
@pytest.mark.sentence("l7_sooner")
def test_teacher_nodes_with_a_lucky_student_are_found_sooner(lucky_run):
    when = arrival(torch.from_numpy(lucky_run.history["best_correlation"][:, :, 0]))
    nearest = lucky_run.snapshot("initial_correlation_1").amax(1)
    places = torch.stack([each.flatten().argsort().argsort().double() for each in (nearest, when)])
    assert torch.corrcoef(places)[0, 1] < -0.3  # measured -0.50


def test_luck_by_hand():
    initial = torch.tensor([[[0.5, 0.1], [0.2, 0.6], [0.1, 0.0], [0.0, 0.2], [-0.2, 0.3]]])
    final = torch.tensor([[[0.2, 0.1], [1.0, 0.5], [0.1, 0.0], [0.0, 0.1], [-0.1, 0.95]]])
    seen = luck(initial, final)
    assert seen.winner.tolist() == [[1, 4]]
    assert seen.rank.tolist() == [[1, 1]]
    assert seen.won_by_quintile.tolist() == [0, 0, 1, 0, 1]
    assert seen.rank_correlation[0, 0] == pytest.approx(0.9)
    steps = torch.tensor([[0.1, 0.1], [0.95, 0.2], [0.5, 0.3]])[:, None]
    assert arrival(steps).tolist() == [[1, 3]]


@pytest.mark.claim(48)
def test_outgoing_weights_of_irrelevant_nodes_fall_although_nothing_decays_them(strong_top_run):
    """Measured 0.62 at the start; 0.038 and 0.58 at the end."""
    run = strong_top_run
    has_won = run.snapshot("correlation_1").amax(2) > WON
    outgoing = run.network.layers(run.theta)[-1][0].norm(dim=2)
    first = run.network.layers(run.last.state.initial_theta)[-1][0].norm(dim=2)
    assert outgoing[~has_won].mean() < 0.15 * first[~has_won].mean()
    assert outgoing[has_won].mean() > 0.5 * first[has_won].mean()
    assert run.snapshot("contribution_1")[~has_won].mean() < 0.05 * run.snapshot("contribution_1")[has_won].mean()


@pytest.mark.claim(48)
def test_shaking_all_irrelevant_nodes_moves_the_loss_less_than_shaking_one_winner(strong_top_run):
    """Of the targets' variance: measured 0.0004 for some 35 irrelevant nodes, 1.7 for all winners."""
    run, seeds = strong_top_run, list(range(8))
    has_won = run.snapshot("correlation_1").amax(2) > WON
    irrelevant, won = (shaken_fvu(run.network, run.theta, run.task, who, seeds) for who in (~has_won, has_won))
    assert ((~has_won).sum(1) > 25).all()
    assert irrelevant.max() < 0.01
    assert won.min() > 1
    assert run.snapshot("shake_rise")[has_won].mean() > 10 * irrelevant.max()


@pytest.mark.claim(47)
@pytest.mark.claim(48)
@pytest.mark.sentence("l7_small_weights_share")
def test_from_small_weights_there_is_no_single_winner_and_hardly_an_irrelevant_node(lucky_run, small_weights_run):
    """SET RIGHT "the winner takes all": that needs large initial weights. Measured 1.2 and 4.4 winners each."""
    usual, small = (run.snapshot("correlation_1").amax(2) > WON for run in (lucky_run, small_weights_run))
    assert usual.sum(1).float().mean() < 15
    assert small.sum(1).float().mean() > 35
    rises = lucky_run.snapshot("shake_rise")[usual].mean(), small_weights_run.snapshot("shake_rise")[small].mean()
    assert rises[0] > 4 * rises[1]


def test_shake_rise_of_each_node_is_what_shaking_it_alone_does(strong_top_run):
    run, seeds = strong_top_run, [0] * 8
    rises = node_shake_rise(run.network, run.theta, run.task)
    before = unexplained(run.network(run.theta, run.task.test_inputs), run.task.test_targets)
    for node in (0, 17, 49):
        chosen = (torch.arange(50) == node).expand(8, -1)
        alone = shaken_fvu(run.network, run.theta, run.task, chosen, seeds) - before
        torch.testing.assert_close(rises[:, node], alone, rtol=1e-3, atol=1e-6)


def test_in_two_layers_it_is_a_node_of_the_second_that_is_shaken():
    lanes = Lanes([TeacherStudentSettings(depth=2, overparameterization=1.0, top_scale=0.5)])
    network, task, theta = student_network(lanes), Task(lanes), draw_students(lanes)
    before = unexplained(network(theta, task.test_inputs), task.test_targets)
    alone = shaken_fvu(network, theta, task, torch.arange(10)[None] == 3, [0]) - before
    torch.testing.assert_close(node_shake_rise(network, theta, task)[:, 3], alone, rtol=1e-3, atol=1e-6)


def test_a_shaken_node_keeps_the_length_of_its_weights_and_the_others_keep_theirs(strong_top_run):
    run = strong_top_run
    chosen = torch.arange(50).expand(8, -1) < 3
    shaken = scrambled(run.network, run.theta, chosen, list(range(8)))
    (before, bias), (top, _) = run.network.layers(run.theta)
    (after, bias_after), (top_after, _) = run.network.layers(shaken)
    torch.testing.assert_close(after.norm(dim=1), before.norm(dim=1))
    assert torch.equal(after[:, :, 3:], before[:, :, 3:])
    assert not torch.equal(after[:, :, :3], before[:, :, :3])
    assert torch.equal(bias, bias_after)
    assert torch.equal(top, top_after)


@pytest.mark.claim(48)
def test_shaking_a_node_in_flight_shows_in_the_loss_if_it_matters_and_not_otherwise():
    settings = [TeacherStudentSettings(steps=1401, horizon=1500, measure_every=500)] * 3
    run = Run(TeacherStudent(), Lanes(settings))
    for measurement in run:
        if run.step == 1400:
            rise = measurement.snapshots["shake_rise"]()[0]
            run.change(1, "shaken_node", int(rise.argmax()) + 1)
            run.change(2, "shaken_node", int(rise.abs().argmin()) + 1)
    quiet, loud, same = measurement["loss"].tolist()
    assert loud > 10 * quiet
    assert same == pytest.approx(quiet, rel=0.05)


@pytest.mark.claim(48)
@pytest.mark.sentence("l7_shaken_in_flight")
def test_winners_and_irrelevant_nodes_are_shaken_by_what_they_are():
    kinds = ("none", "a winner", "an irrelevant node", "all irrelevant nodes", "all winners")
    settings = [TeacherStudentSettings(top_scale=1.0, steps=1401, horizon=1500, measure_every=200)] * len(kinds)
    run = Run(TeacherStudent(), Lanes(settings))
    for measurement in run:
        if measurement.step == 1400:
            for lane, kind in enumerate(kinds):
                run.change(lane, "shake", kind)
    none, winner, irrelevant, irrelevants, all_winners = measurement["loss"].tolist()
    assert max(irrelevant, irrelevants) < 20 * none
    assert winner > 100 * irrelevants
    assert all_winners > 2 * winner


def test_what_is_chosen_is_shaken_once_more_each_time_its_number_changes():
    run = Run(TeacherStudent(), Lanes([TeacherStudentSettings(shake="all winners", steps=8)] * 2))
    directions, asked = [], {3: 1, 6: 2}
    for measurement in run:
        weights = measurement.snapshots["student_weights"]()[:, :, :-1]
        directions.append(weights / weights.norm(dim=2, keepdim=True))
        if measurement.step in asked:
            run.change(0, "shake_again", asked[measurement.step])
    turned = torch.tensor(
        [(one * other).sum(2).min(1).values.tolist() for one, other in itertools.pairwise(directions)]
    )
    assert (turned[:, 1] > 0.9).all()  # its kind is as it was: nothing asks for a shake
    assert (turned[[3, 6], 0] < 0.7).all()
    assert (turned[[0, 1, 2, 4, 5, 7], 0] > 0.9).all()


def test_winners_are_the_nearest_to_teacher_nodes_that_exist_and_all_that_share_one():
    overlap = torch.tensor([[0.99, 0.2, 0.0], [0.1, 0.3, 0.0], [0.8, 0.1, 0.0], [0.95, 0.1, 0.0]])
    assert nearest_nodes(overlap).tolist() == [True, True, False, False]
    assert winners(overlap).tolist() == [True, True, False, True]


def test_the_trail_holds_what_was_measured_of_each_node_also_after_a_checkpoint():
    settings = TeacherStudentSettings(steps=60, measure_every=20)
    for measurement in TeacherStudent().run(Lanes([settings])):
        if measurement.step == 59:
            kept, checkpoint = measurement, copy.deepcopy(measurement.state)
    last = measurement
    assert last.snapshots["trail_step"]().tolist() == [[0, 20, 40, 60]]
    assert kept.snapshots["trail_step"]().tolist() == [[0, 20, 40]]
    now = last.snapshots["correlation_1"]().amax(2)
    torch.testing.assert_close(last.snapshots["trail_correlation"]()[:, -1, 0], now)
    torch.testing.assert_close(last.snapshots["trail_contribution"]()[:, -1, 0], last.snapshots["contribution_1"]())
    (again,) = TeacherStudent().resume(Lanes([settings]), "cpu", checkpoint)
    assert torch.equal(again.snapshots["trail_correlation"](), last.snapshots["trail_correlation"]())


def test_a_sweep_over_widths_measures_what_each_student_measures_and_follows_changes_in_flight():
    settings = [
        TeacherStudentSettings(overparameterization=width, seed=seed, steps=40, measure_every=20)
        for seed in range(2)
        for width in (2.0, 1.0)
    ]
    for experiment in (WidthSweep(), TeacherStudent()):
        run = Run(experiment, Lanes(settings))
        for measurement in run:
            if measurement.step == 10:
                run.change(2, "learning_rate", 0.01)
        if experiment.name == "width sweep":
            swept_loss, swept_fvu = measurement["loss"], measurement["fvu"]
    torch.testing.assert_close(swept_loss, measurement["loss"], rtol=1e-4, atol=1e-6)
    torch.testing.assert_close(swept_fvu, measurement["fvu"], rtol=1e-4, atol=1e-6)
