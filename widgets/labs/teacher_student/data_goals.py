"""What to try in the labs of lesson 7 on width and data: how many nodes it takes, and how many are used."""

from __future__ import annotations

import numpy as np

from lessons.teacher_student.width import peak_row
from widgets.view.goals import Attempt, Goal


def _moved_peak(run: Attempt) -> bool:
    for lane in range(len(run.lanes)):
        width = run["width"][:, lane]
        row = peak_row(width, run["test_error"][:, lane], run.lanes.shared.train_size)
        if row is not None and width[row] >= 300:
            return True
    return False


def _no_peak_in_noise(run: Attempt) -> bool:
    return run.finished and any(
        settings.random_share >= 0.5 and width[-1] >= 1000 and error[(width >= 50) & (width <= 1000)].max() < 0.5
        for settings, width, error in zip(run.settings, run["width"].T, run["test_error"].T, strict=True)
    )


DESCENT = (
    Goal(
        "moved_peak",
        "Move the peak of the test error to a width of 300 units or more.",
        _moved_peak,
        "The peak is where the net can just fit its images: where it has about as many units as there are images. More "
        "images move it to the right.",
    ),
    Goal(
        "no_peak_in_noise",
        "With half of the labels random, keep the error below a half from 50 to 1000 units.",
        _no_peak_in_noise,
        "The peak comes of weights that grow huge to fit noise exactly. A penalty on their length forbids that, at the "
        "price of not fitting every label.",
    ),
)


def _share_that_finds_all(run: Attempt) -> dict[float, float]:
    """Of each width, the share of students that have found all nodes; the narrowest first."""
    found = (run.newest("recovered") == run.lanes.shared.teacher_width).all(axis=1)
    own = np.array([settings.overparameterization for settings in run.settings])
    return {width: float(found[own == width].mean()) for width in sorted(set(own.tolist()))}


def _narrow_ahead(run: Attempt) -> bool:
    if not run.finished:
        return False
    narrowest, *_, widest = _share_that_finds_all(run).values()
    return narrowest > widest


def _spare_nodes_decide(run: Attempt) -> bool:
    if not run.finished or run.settings[0].data != "fresh" or run.steps < 2000:
        return False
    share = _share_that_finds_all(run)
    return share.get(1.0, 1.0) <= 0.4 and share.get(2.0, 0.0) == 1.0


RECOVERY = (
    Goal(
        "spare_nodes_decide",
        "In 2000 steps of fresh data, let all at 2× find all nodes, and two in five at 1× at most.",
        _spare_nodes_decide,
        "With no node to spare each teacher node must get one of its own. The more of them there are, the rarer is a "
        "draw in which all do; twice as many nodes make it safe.",
    ),
    Goal(
        "narrow_ahead",
        "Let the narrowest students find all nodes more often than the widest.",
        _narrow_ahead,
        "A few fixed points can be fitted in many ways, and the more nodes there are the more ways are not the "
        "teacher's. Spare nodes help to find it where the data allows nothing else.",
    ),
)


def _used_by_widest(run: Attempt) -> dict[str, tuple[float, float]]:
    """Of the widest students from large and from small weights: share of their nodes in use, and unexplained share.

    Both are medians.
    """
    used, left = run.newest("used_nodes")[:, 0], run.newest("fvu")
    nodes = np.array([round(own.overparameterization * run.lanes.shared.teacher_width) for own in run.settings])
    large = np.array([own.init_scale >= 0.5 for own in run.settings])
    groups = {"large": (nodes == nodes.max()) & large, "small": (nodes == nodes.max()) & ~large}
    return {
        name: (float(np.median(used[own] / nodes[own])), float(np.median(left[own]))) for name, own in groups.items()
    }


def _all_in_use(run: Attempt) -> bool:
    if not run.finished or run.settings[0].data != "fresh":
        return False
    share, left = _used_by_widest(run)["large"]
    return share >= 0.9 and left < 0.1


def _some_fade(run: Attempt) -> bool:
    if not run.finished:
        return False
    share, left = _used_by_widest(run)["small"]
    return share <= 0.7 and left < 0.01


FEWEST = (
    Goal(
        "all_in_use",
        "On fresh data, let the widest from large weights explain 90 % and use 90 % of their nodes.",
        _all_in_use,
        "Nothing asks for few nodes. What lost fades as the training goes on: at a small η it has not faded yet when "
        "the teacher is nearly known.",
    ),
    Goal(
        "some_fade",
        "From small weights, let the widest leave under 1 % and use 70 % of their nodes or fewer.",
        _some_fade,
        "Nodes that share the work need not stay: with longer steps, by η or momentum, more of them fade in as many "
        "steps.",
    ),
)


def _large_teacher_known(run: Attempt) -> bool:
    if not run.finished or run.settings[0].train_size > 800:
        return False
    _, large, _ = _medians(run, "fvu")
    return large < 0.05


def _noise_finds_no_room(run: Attempt) -> bool:
    if not run.finished or run.settings[0].train_size > 300 or run.steps < 1500:
        return False
    fitted, fresh = _medians(run, "train_fvu"), _medians(run, "fvu")
    return fitted[2] > 0.2 and fresh[0] < 0.01


def _medians(run: Attempt, quantity: str) -> list[float]:
    """Of students of the small teacher, of the large one, and of shuffled targets."""
    return [float(np.median(own)) for own in np.split(run.newest(quantity), 3)]


STRUCTURE = (
    Goal(
        "large_teacher_known",
        "With 800 points or fewer, leave under 5 % of the large teacher on fresh points.",
        _large_teacher_known,
        "Its fifty nodes are structure, too: with more points there is less and less that fits them beside the "
        "teacher. Shuffled targets get no better.",
    ),
    Goal(
        "noise_finds_no_room",
        "In 1500 steps on 300 points, leave a fifth on shuffled ones, and 1 % of the small teacher.",
        _noise_finds_no_room,
        "Noise has no short form: each point takes room of its own, and a narrow net has little. The small teacher "
        "fits into five nodes.",
    ),
)
