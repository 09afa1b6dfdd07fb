"""What lesson 7 says of its students, of luck and of winners is what its runs show."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from lessons.teacher_student.luck import WON, arrival, luck
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import WidthSweep, width_lanes
from tests.played import played
from tests.teacher_student.recoveries import two_layer_settings
from widgets.labs.teacher_student.questions import LuckiestWins
from widgets.labs.teacher_student.recovery import RecoveryView
from widgets.labs.teacher_student.students import StudentsView


@pytest.fixture(scope="module")
def overlaps(lucky_run):
    """Correlations at the start and at the end of sixteen students, (16, 50, 10) each: the lab's first preset."""
    return lucky_run.snapshot("initial_correlation_1"), lucky_run.snapshot("correlation_1")


@pytest.mark.sentence("l7_start")
def test_at_the_start_the_largest_correlation_of_a_column_is_far_from_nothing_and_from_one(overlaps):
    """48 students: measured 0.19 to 0.64."""
    largest = overlaps[0].amax(1)
    assert 0.1 < largest.min() < largest.max() < 0.7


@pytest.mark.sentence("l7_orange_cells")
def test_every_teacher_node_is_found_and_about_one_of_five_by_two_student_nodes(overlaps):
    """48 students: measured 10 to 14 cells, 12 on average."""
    found = (overlaps[1] > WON).sum(1)
    assert (found >= 1).all()
    assert 10 <= found.sum(1).min() <= found.sum(1).max() <= 14
    assert 0.08 < (found == 2).float().mean() < 0.33


@pytest.mark.sentence("l7_winner_takes_nearly_all")
def test_three_student_nodes_for_one_teacher_node_are_rare(overlaps):
    """480 teacher nodes: measured 387 with one winner, 93 with two, none with three."""
    found = (overlaps[1] > WON).sum(1)
    assert 0.67 < (found == 1).float().mean() < 0.92
    assert (found > 2).float().mean() < 0.03


@pytest.mark.sentence("l7_upper_half")
def test_most_winners_began_in_the_upper_half(overlaps):
    """Measured 70 to 100 % of a student's winners, 88 % on average; by chance one half."""
    place = (-overlaps[0].amax(2)).argsort(1).argsort(1)
    assert (place.gather(1, overlaps[1].argmax(1)) < 25).float().mean() > 0.75


@pytest.mark.sentence("l7_others_rise_little")
def test_who_does_not_win_rises_a_little_only(overlaps):
    """Measured by 0.04 to 0.21, the median of a student; the winners by more than 0.5."""
    start, now = (each.amax(2) for each in overlaps)
    has_won = torch.zeros_like(now, dtype=torch.bool).scatter(1, overlaps[1].argmax(1), True)
    for rise, won in zip(now - start, has_won, strict=True):
        assert rise[~won].median() < 0.3
        assert rise[won].median() > 0.4


@pytest.mark.sentence("l7_cloud")
def test_the_far_right_of_the_cloud_arrives_and_the_far_left_stays(overlaps):
    start, now = (each.amax(2) for each in overlaps)
    assert now[start > 0.45].median() > 0.99
    assert (now - start)[start < 0.1].median() < 0.1


@pytest.mark.sentence("l7_weight_cosine")
def test_the_worst_found_weights_are_within_eight_degrees(lucky_run):
    """48 students: measured 0.997 and more."""
    assert (lucky_run.last["weight_cosine"].amin(1) > 0.99).float().mean() > 0.9


@pytest.mark.sentence("l7_luckiest_wins")
def test_the_luckiest_wins_in_about_half_of_the_cases_and_one_of_three_in_four_of_five(overlaps):
    """Measured 54, 56 and 54 %, and 84, 82 and 82 % of 160 winners each."""
    seen = luck(*overlaps)
    assert 0.4 < seen.share_within(1) < 0.67
    assert 0.72 < seen.share_within(3) < 0.92
    assert seen.won_by_quintile[0] < 0.08
    assert 0.5 < seen.won_by_quintile[-1] < 0.72


@pytest.mark.sentence("l7_luckiest_wins")
def test_the_question_asks_for_the_number_that_the_text_gives(train_all):
    """Sixteen students after 1000 steps: measured 84 and 82 % (eight of them 91 %), and 84 % in the text's 2000."""
    question = LuckiestWins()
    lanes = question.lanes()
    assert 72 < question.outcome(train_all(question.experiment, lanes).history, lanes).truth < 92


@pytest.mark.sentence("l7_luck_is_a_tendency")
def test_from_small_weights_and_with_a_strong_top_layer_the_luckiest_wins_less_often(
    overlaps, small_weights_run, strong_top_run
):
    """Measured 31 and 35 % instead of 54 %."""
    usual = luck(*overlaps).share_within(1)
    for run in (small_weights_run, strong_top_run):
        share = luck(run.snapshot("initial_correlation_1"), run.snapshot("correlation_1")).share_within(1)
        assert 0.2 < share < min(0.48, usual - 0.05)


@pytest.mark.sentence("l7_width_is_a_lottery")
def test_one_seed_misses_nodes_at_the_teachers_own_width_and_finds_all_at_others():
    """The preset's own student; of the four seeds that follow none misses a node at its own width."""
    recovered = played(StudentsView, "1×, 2×, 5×, 10×", seeds=1, steps=1500, horizon=1500)["recovered"][0, -1, :, 0]
    assert recovered[0] < 9
    assert (recovered[1:] == 10).all()


@pytest.mark.sentence("l7_two_layers")
def test_the_second_layer_follows_the_first():
    """Five students: measured all ten of the first layer, nine or ten of the second, which arrives 50 to 375 later."""
    seen = played(StudentsView, "two hidden layers")
    assert (seen["recovered"][:, -1, 0] >= [9, 8]).all()
    mean = torch.from_numpy(seen["best_correlation"][:, :, 0].mean(-1))  # (seeds, T, layers)
    first, second = arrival(mean.permute(1, 0, 2)).unbind(1)
    assert (first < second).all()


@pytest.mark.sentence("l7_strong_first")
def test_strong_nodes_are_found_first_and_nearly_all_are_found():
    """Five students: measured 50 to 175 steps for the first three, 250 to 975 for the last three; 9 or 10 found."""
    seen = played(StudentsView, "strong nodes first")
    when = arrival(torch.from_numpy(seen["best_correlation"][:, :, 0, 0]).permute(1, 0, 2))
    assert (when[:, :3].amax(1) < when[:, -3:].amin(1)).all()
    assert (seen["recovered"][:, -1, 0, 0] >= 8).all()


@pytest.mark.sentence("l7_weak_not_in_time")
def test_with_strengths_of_one_over_i_most_nodes_are_not_found_in_time():
    """Five students: measured three or four of ten, the strongest ones, when the learning rate has fallen to 0."""
    seen = played(StudentsView, "strong nodes first", strength_decay=1.0, steps=2000, horizon=2000)
    found = seen["recovered"][:, -1, 0, 0]
    assert ((found >= 2) & (found <= 6)).all()
    assert (seen["best_correlation"][:, -1, 0, 0, -3:] < 0.95).all()


@pytest.mark.sentence("l7_too_few_examples")
def test_a_hundred_points_are_fitted_and_no_node_is_found():
    """Three students: measured 0.05 to 0.08 % left on the points, 97 to 101 % on others; ten nodes at a thousand."""
    seen = played(StudentsView, "too few examples")
    few, many = np.moveaxis(seen["recovered"][:, -1, :, 0], 1, 0)
    known, fresh = (np.moveaxis(seen[name][:, -1], 1, 0) for name in ("train_fvu", "fvu"))
    assert (known < 0.003).all()
    assert (few == 0).all()
    assert (fresh[0] > 0.8).all()
    assert (many >= 9).all()
    assert (fresh[1] < 0.01).all()


@pytest.mark.sentence("l7_two_times_is_fastest")
def test_students_twice_as_wide_find_most_nodes_in_the_first_three_hundred_steps():
    """Five of each width: measured 3.4 nodes after 200 steps, others 0.4 to 0.8; after 300 7.8, others 4.0 to 5.6."""
    recovered = played(RecoveryView, "four widths", seeds=1, steps=300)["recovered"][0, :, :, 0]
    found = recovered.reshape(len(recovered), 4, -1).mean(2)
    for step in (200, 300):
        assert found[step].argmax() == 1
        assert found[step, 1] > 1.1 * found[step, [0, 2, 3]].max()


@pytest.mark.sentence("l7_time_helps")
def test_at_the_teachers_own_width_more_steps_help_some_students_and_not_all(train_all):
    """Twenty-four seeds: measured 17 students with all nodes after 2000 steps, 21 after 5000."""
    common = {"measure_every": 1000}
    settings = [TeacherStudentSettings(steps=steps, horizon=steps, **common) for steps in (2000, 5000)]
    found = [train_all(WidthSweep(), width_lanes(each, (1.0,), seeds=24)) for each in settings]
    short, long = ((run.last["recovered"] == 10).all(1).sum().item() for run in found)
    assert short < long < 24
    assert long >= 16


@pytest.mark.sentence("l7_two_layers_by_width")
def test_with_two_layers_the_widest_has_found_fewer_nodes_at_equal_steps(train_all):
    """Two students: measured 5.5 and 0.0 nodes of the second layer after 800 steps, 9.5 and 3.5 after 2000."""
    settings = two_layer_settings(steps=800, horizon=2000, measure_every=400)
    recovered = train_all(WidthSweep(), width_lanes(settings, (2.0, 10.0), seeds=2)).last["recovered"][:, 1]
    assert recovered[:2].mean() > recovered[2:].mean() + 2
