"""What to try in the labs of lesson 7."""

from __future__ import annotations

from widgets.view.goals import Attempt, Goal


def _misses_a_line(run: Attempt) -> bool:
    found = run.newest("recovered")[..., 0]
    return (
        run.finished
        and run.steps >= 1000
        and any(
            found[lane] < run.lanes.shared.teacher_width
            and settings.overparameterization >= 1
            and settings.data == "fresh"
            and run["fvu"][-1, lane] < 0.1
            for lane, settings in enumerate(run.settings)
        )
    )


def _eight(run: Attempt) -> bool:
    found = run.newest("recovered")[..., 0]
    return run.lanes.shared.teacher_width >= 8 and bool((found >= 8).any())


TWO_INPUTS = (
    Goal(
        "misses_a_line",
        "Let a student with as many nodes as its teacher, or more, miss a line of it.",
        _misses_a_line,
        "The more lines there are, the closer they lie: a student node slides onto the nearest, and another line is "
        "left without one.",
    ),
    Goal(
        "eight",
        "Let a student find all eight lines of a teacher with eight nodes.",
        _eight,
        "The more nodes a student has, the surer each teacher node is to have one near it at the start.",
    ),
)


def _all_of_as_many(run: Attempt) -> bool:
    found, width = run.newest("recovered"), run.lanes.shared.teacher_width
    return width >= 10 and any(
        (found[lane] == width).all() and settings.overparameterization <= 1
        for lane, settings in enumerate(run.settings)
    )


def _misses_some(run: Attempt) -> bool:
    """What is left of the variance is a node or more, and no node that is only late."""
    found, width, fvu = run.newest("recovered"), run.lanes.shared.teacher_width, run["fvu"]
    return run.finished and any(
        (found[lane] < width).any()
        and settings.overparameterization >= 1
        and settings.data == "fresh"
        and settings.init_scale <= 1
        and run.steps >= 1500
        and 0.01 < fvu[-1, lane] < 0.5
        for lane, settings in enumerate(run.settings)
    )


def _fits_and_finds_none(run: Attempt) -> bool:
    fitted, found = run.newest("train_fvu"), run.newest("recovered")
    return run.finished and any(
        settings.data == "fixed" and fitted[lane] < 0.01 and (found[lane] == 0).all()
        for lane, settings in enumerate(run.settings)
    )


STUDENTS = (
    Goal(
        "as_many",
        "Find all ten teacher nodes with ten student nodes.",
        _all_of_as_many,
        "It can be done: at 1× the solution is there already. It takes a seed with which each teacher node gets a "
        "student node of its own.",
    ),
    Goal(
        "misses_some",
        "Find a seed with which a student that is as wide as its teacher misses a node.",
        _misses_some,
        "Where two student nodes share a teacher node, another is left without one. More nodes at the start make that "
        "rare.",
    ),
    Goal(
        "fits_and_finds_none",
        "Fit every training point, and find no node of the teacher.",
        _fits_and_finds_none,
        "Many nets explain a few points. The teacher is found where there are more points than anything else could "
        "fit.",
    ),
)


def _found_all(run: Attempt, ticket: str) -> list[bool]:
    """Whether each student with such a ticket has found all teacher nodes."""
    found, width = run.newest("recovered"), run.lanes.shared.teacher_width
    lanes = [lane for lane, settings in enumerate(run.settings) if settings.ticket == ticket]
    return [bool((found[lane] == width).all()) for lane in lanes]


def _is_lottery(run: Attempt) -> bool:
    """Whether it is played to its end, with enough nodes, by more than a few students."""
    shape, first = run.lanes.shared, run.settings[0]
    enough = shape.teacher_width <= first.keep <= 5 * shape.teacher_width // 2
    return run.finished and enough and shape.prune_at >= 1000 and run.steps >= 2 * shape.prune_at


def _tickets_fail(run: Attempt) -> bool:
    pairs = zip(_found_all(run, "rewound"), _found_all(run, "full"), strict=True)
    return _is_lottery(run) and sum(whole and not ticket for ticket, whole in pairs) >= 2


def _new_weights_do(run: Attempt) -> bool:
    tickets = _found_all(run, "re-initialized")
    return _is_lottery(run) and len(tickets) >= 6 and all(tickets)


LOTTERY = (
    Goal(
        "tickets_fail",
        "Let two tickets or more miss a node that their full nets found, with their first weights.",
        _tickets_fail,
        "A ticket is a start near the teacher. From very small weights nodes have time to turn: where they begin "
        "counts for less, and so does a ticket.",
    ),
    Goal(
        "new_weights_do",
        "Let every ticket with new weights find all ten nodes, with 25 nodes kept or fewer.",
        _new_weights_do,
        "With nodes to spare there is a lucky one near each teacher node after any draw: then a ticket is its mask, "
        "and little more.",
    ),
)


def _memorizes(run: Attempt) -> bool:
    accuracy = run["train_accuracy"][-1]
    return run.lanes.shared.width <= 64 and any(
        settings.random_share == 1 and settings.train_size >= 300 and accuracy[lane] >= 0.995
        for lane, settings in enumerate(run.settings)
    )


def _generalizes(run: Attempt) -> bool:
    test = run["test_accuracy"][-1]
    return run.finished and any(
        settings.random_share >= 0.5 and test[lane] > 0.75 for lane, settings in enumerate(run.settings)
    )


MEMORY = (
    Goal(
        "memorizes",
        "Memorize 300 random labels with 64 hidden units or fewer.",
        _memorizes,
        "There are far more weights than labels: random ones are fitted too, only later. They say nothing about the "
        "next image.",
    ),
    Goal(
        "generalizes",
        "With half of the labels random, end above 75 % on the test images.",
        _generalizes,
        "What many images have in common moves the weights together and is learned first, a wrong label by itself and "
        "later. More images, and an early end, leave the wrong ones out.",
    ),
)
