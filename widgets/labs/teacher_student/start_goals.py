"""What to try in the labs of lesson 7 on first weights: luck, one start, one error, and what moves a node."""

from __future__ import annotations

import numpy as np

from lessons.teacher_student.luck import WON
from lessons.teacher_student.same_error import first_below
from widgets.view.goals import Attempt, Goal


def _luckiest_far_sooner(run: Attempt) -> bool:
    """The median arrival of the luckiest fifth of all teacher nodes, against that of the unluckiest."""
    steps = np.flatnonzero(run.history.measured("best_correlation"))
    best = run["best_correlation"][steps, :, 0].reshape(len(steps), -1)
    won = best > WON
    when = np.where(won.any(axis=0), steps[won.argmax(axis=0)], np.inf)
    fifths = np.array_split(np.argsort(best[0]), 5)
    unluckiest, luckiest = float(np.median(when[fifths[0]])), float(np.median(when[fifths[-1]]))
    return bool(np.isfinite(unluckiest) and unluckiest > 4 * max(luckiest, 1.0))


def _strength_decides(run: Attempt) -> bool:
    found = run.newest("best_correlation")[:, 0] > 0.99
    width = run.lanes.shared.teacher_width
    enough = run.finished and width >= 10 and run.steps >= 1500
    return enough and bool(found[:, 0].all() and not found[:, width // 2 : width].any())


LUCK = (
    Goal(
        "luckiest_far_sooner",
        "Let the luckiest fifth of teacher nodes be found four times as soon as the unluckiest.",
        _luckiest_far_sooner,
        "In few dimensions some student nodes begin almost where a teacher node is. In many all begin far away, the "
        "luckiest too.",
    ),
    Goal(
        "strength_decides",
        "In 1500 steps let all find the strongest of ten teacher nodes, and none the weaker half.",
        _strength_decides,
        "A teacher node pulls as strongly as it counts. Luck decides among equals; a weak one is not looked for until "
        "the strong ones are explained.",
    ),
)


def _one_but_not_another(run: Attempt) -> bool:
    found, width = run.newest("recovered")[:, 0], run.lanes.shared.teacher_width
    return run.finished and run.steps >= 1500 and bool(found.max() == width and found.min() <= width - 3)


def _twenty_for_sixteen(run: Attempt) -> bool:
    found, width = run.newest("recovered")[:, 0], run.lanes.shared.teacher_width
    nodes = round(run.settings[0].overparameterization * width)
    return len(found) >= 16 and width >= 10 and nodes <= 20 and bool((found == width).all())


ONE_START = (
    Goal(
        "one_but_not_another",
        "In 1500 steps let a start find all of one teacher, and miss three nodes of another.",
        _one_but_not_another,
        "With no nodes to spare each teacher is a lottery of its own: the same first weights lie well for one and "
        "badly for another. No start is good in itself.",
    ),
    Goal(
        "twenty_for_sixteen",
        "Let a start of twenty nodes find all ten nodes of each of sixteen teachers.",
        _twenty_for_sixteen,
        "Random weights hold no structure, but twice as many nodes as are needed have one near enough to each node of "
        "whatever teacher comes.",
    ),
)


def _crossings(run: Attempt) -> np.ndarray:
    """What each net leaves on fresh inputs where it has come to one training error; nan where it has not."""
    steps = np.flatnonzero(run.history.measured("fvu"))
    return first_below(run["train_fvu"][steps], run["fvu"][steps])


def _start_matters_little(run: Attempt) -> bool:
    if run.settings[0].train_size > 500:
        return False
    found = _crossings(run)
    return not np.isnan(found).any() and bool(found.max() < 2 * found.min())


SAME_ERROR = (
    Goal(
        "start_matters_little",
        "With 500 points or fewer, let all nets cross the line within a factor of two.",
        _start_matters_little,
        "The more points there are, the fewer nets fit them that are not the teacher: less and less is left for the "
        "first weights to choose.",
    ),
    Goal(
        "worse_than_the_mean",
        "Let a net that leaves 2 % on its points be worse than the mean on fresh inputs.",
        lambda run: bool((_crossings(run) > 1).any()),
        "Few points can be fitted in many ways. From large first weights the net passes through them and is anywhere "
        "in between.",
    ),
)


def _nearness(run: Attempt, lane: int) -> tuple[float, np.ndarray] | None:
    """Which share of the nodes is luckier than the chosen one, and its nearness to a teacher node over time, (T,).

    None while the run is on its way back to a past step.
    """
    try:
        trail = run.history.snapshot("trail_correlation")[lane, :, 0, : _students(run, lane)]
    except KeyError:
        return None
    order = np.argsort(-trail[0], kind="stable")
    luckier = min(run.settings[lane].node, len(order)) - 1
    return luckier / len(order), trail[:, order[luckier]]


def _students(run: Attempt, lane: int) -> int:
    return max(1, round(run.settings[lane].overparameterization * run.lanes.shared.teacher_width))


def _from_the_lower_half(run: Attempt) -> bool:
    found = [_nearness(run, lane) for lane in range(len(run.lanes))] if run.finished else []
    return any(each is not None and each[0] >= 0.5 and each[1][-1] > 0.95 for each in found)


def _no_colleagues(run: Attempt) -> bool:
    if not run.finished or run.steps < 1000 or run.lanes.shared.teacher_width < 10:
        return False
    alone = [_nearness(run, lane) for lane in range(len(run.lanes)) if _students(run, lane) == 1]
    return any(each is not None and each[1][-1] < 0.9 for each in alone)


PULLS = (
    Goal(
        "from_the_lower_half",
        "Let a node from the lower half, by luck, become a teacher node (above 0.95).",
        _from_the_lower_half,
        "From small weights nodes have time to turn before they count for anything. The late ones come to share a "
        "teacher node with others.",
    ),
    Goal(
        "no_colleagues",
        "Give a node no colleagues: in 1000 steps it becomes none of ten teacher nodes.",
        _no_colleagues,
        "All ten pull at it, and nobody takes away what pulls elsewhere. So it comes to rest between them, and is like "
        "several and equal to none.",
    ),
)


def _left_around(run: Attempt, kind: str) -> list[tuple[float, np.ndarray, np.ndarray]]:
    """Of each time that such nodes were shaken: what was unexplained before and afterwards, and nodes found afterwards.

    Afterwards is at all measurements since, the first of which may be some steps later; there is one at least.
    """
    steps = np.flatnonzero(run.history.measured("fvu"))
    found = []
    for change in run.changes:
        before, after = steps[steps <= change.step], steps[steps > change.step]
        if change.field == "shake" and change.value == kind and len(before) and len(after):
            left = run["fvu"][:, change.lane]
            found.append((float(left[before[-1]]), left[after], run["recovered"][after, change.lane, -1]))
    return found


def _not_missed(run: Attempt) -> bool:
    return any(
        before < 1e-3 and len(after) >= 5 and bool((after[:5] < 1e-3).all())
        for before, after, _ in _left_around(run, "all irrelevant nodes")
    )


def _found_again(run: Attempt) -> bool:
    return any(
        before < 0.01 and after.max() > 0.1 and bool((found[after.argmax() :] == run.lanes.shared.teacher_width).any())
        for before, after, found in _left_around(run, "all winners")
    )


SHAKEN = (
    Goal(
        "not_missed",
        "Shake all irrelevant nodes at once, and leave under 0.1 % unexplained all the same.",
        _not_missed,
        "What they add to the output has faded: their outgoing weights are all but zero, and it does not matter what "
        "comes into them.",
    ),
    Goal(
        "found_again",
        "Shake all winners of a student that has learned, and let it find all nodes again.",
        _found_again,
        "The outgoing weights were not touched, and the data is the same: what the teacher has is missing again, and "
        "pulls as it did at the start.",
    ),
)
