"""What to try in the labs of lesson 7 on assumptions: what is chosen beforehand, or independent, or rarely fires."""

from __future__ import annotations

import numpy as np

from widgets.view.goals import Attempt, Goal

ENOUGH = 5000  # inputs of which a share of a hundredth is more than noise
AT_MINUS_TWO = (-2.05, -1.95)  # biases that are about −2


def _closest_pair(run: Attempt, lane: int) -> float:
    """Where one node fires, how often the closest pair's second one does, at a bias of about −2; nan until then."""
    settings, bias = run.settings[lane], run["bias"][:, lane]
    rows = np.flatnonzero((AT_MINUS_TWO[0] < bias) & (bias < AT_MINUS_TWO[1]))
    single = run["single"][rows[:1], lane]
    if not len(rows) or settings.inputs < ENOUGH or single[0] == 0:
        return np.nan
    return float(run["worst"][rows[0], lane] / single[0])


FIRING = (
    Goal(
        "a_close_pair",
        "In 20 dimensions or more, let the closest pair stay above a quarter at a bias of −2.",
        lambda run: any(
            settings.dimension >= 20 and _closest_pair(run, lane) > 0.25 for lane, settings in enumerate(run.settings)
        ),
        "The more nodes there are, the closer lie the closest two of them. That single nodes fire rarely is of no help "
        "to such a pair.",
    ),
    Goal(
        "no_close_pair",
        "With 30 nodes or more, bring even the closest pair below 0.15 at a bias of −2.",
        lambda run: any(
            settings.teacher_width >= 30 and _closest_pair(run, lane) < 0.15
            for lane, settings in enumerate(run.settings)
        ),
        "In many dimensions random directions are nearly at right angles, and nodes at right angles fire "
        "independently: there is room for all.",
    ),
)


def _all_positive(run: Attempt) -> bool:
    negative, accuracy = run["negative_share"][-1], run.newest("test_accuracy")
    return run.finished and any(
        settings.random_share == 0 and negative[lane, 1] == 0 and accuracy[lane] > 0.95
        for lane, settings in enumerate(run.settings)
    )


def _no_decay_needed(run: Attempt) -> bool:
    negative, accuracy = run["negative_share"][-1], run.newest("test_accuracy")
    return run.finished and any(
        settings.random_share == 0
        and settings.weight_decay <= 0.0005
        and settings.learning_rate >= 0.03
        and negative[lane, 1] <= 0.5
        and accuracy[lane] > 0.95
        for lane, settings in enumerate(run.settings)
    )


BIASES = (
    Goal(
        "all_positive",
        "With real labels and 95 % right, end without a negative bias in the second layer.",
        _all_positive,
        "Weight decay draws every bias back to zero, and what is left decides its sign. The net is as accurate: signs "
        "of biases say little about what it has found.",
    ),
    Goal(
        "without_decay",
        "With η ≥ 0.03, λ ≤ 0.0005 and 95 % right, let half of the second layer stay positive.",
        _no_decay_needed,
        "Biases begin at zero and move as far as steps add up. Without momentum or with few steps they have hardly "
        "left it when the net has learned: their sign tells of the training.",
    ),
)


def _many_random_features(run: Attempt) -> bool:
    left = run["fvu"][-1]
    return run.finished and any(
        settings.method == "random first layer" and left[lane] < 0.25 for lane, settings in enumerate(run.settings)
    )


def _greedy_as_random(run: Attempt) -> bool:
    """Beside random features of the same width, with steps enough for what comes after."""
    left, shared = run["fvu"][-1], run.lanes.shared
    greedy, features = (
        [lane for lane, own in enumerate(run.settings) if own.method == method]
        for method in ("greedy", "random first layer")
    )
    return (
        run.finished
        and shared.steps - shared.switch_at >= 1500
        and any(
            run.settings[a].overparameterization == run.settings[b].overparameterization and left[a] > 0.8 * left[b]
            for a in greedy
            for b in features
        )
    )


LAYERWISE = (
    Goal(
        "many_random_features",
        "With a random first layer, leave less than a quarter unexplained.",
        _many_random_features,
        "Random features are not what the teacher has, but many of them can stand in for it. What a trained node does "
        "alone takes a crowd of them.",
    ),
    Goal(
        "greedy_as_random",
        "With 1500 steps left after the switch, let greedy leave 80 % of what random leaves.",
        _greedy_as_random,
        "A greedy layer is fixed for good when the next one begins. What it has not learned by then no later layer "
        "makes up for, however long it trains.",
    ),
)


def _five_take_a_hundred(run: Attempt) -> bool:
    needed = run["needed"][-1]
    return any(settings.dimension <= 5 and needed[lane] >= 100 for lane, settings in enumerate(run.settings))


def _beyond_a_thousand(run: Attempt) -> bool:
    return bool(((run["nodes"][-1] >= 1000) & (run["unexplained"][-1] > 0.1)).any())


BOTTOM_UP = (
    Goal(
        "five_take_a_hundred",
        "Need a hundred random nodes or more for a single node of five inputs.",
        _five_take_a_hundred,
        "The less may be left, the higher are the degrees of the polynomials that must be there, and the more of them "
        "there are of each degree.",
    ),
    Goal(
        "beyond_a_thousand",
        "Find a single node that a thousand random ones do not explain to nine tenths.",
        _beyond_a_thousand,
        "It takes about as many as there are polynomials of degree 2 and less in the inputs, and their number grows "
        "with the square of the number of inputs.",
    ),
)


def _medians(run: Attempt) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Where the students were measured, the unexplained share as they are, and dealt out anew; medians, (T,) each."""
    steps = np.flatnonzero(run.history.measured("fvu"))
    return steps, *(np.median(run[name][steps], axis=1) for name in ("fvu", "dealt"))


def _independent_for_long(run: Attempt) -> bool:
    steps, left, dealt = _medians(run)
    return bool(((steps >= 40) & (left < 0.8) & (dealt < 1.5 * left)).any())


def _dealt_to_the_mean(run: Attempt) -> bool:
    _, left, dealt = _medians(run)
    return bool(((left < 0.01) & (dealt < 1.1)).any())


INDEPENDENCE = (
    Goal(
        "independent_for_long",
        "After 40 steps, with under 80 % left, let dealing out leave less than 1.5 times that.",
        _independent_for_long,
        "Weights come to depend on each other with each update that moves them, not with time. A small η moves them "
        "less in as many steps.",
    ),
    Goal(
        "dealt_to_the_mean",
        "Leave under 1 %, and under 1.1 when dealt out anew: about what the mean leaves.",
        _dealt_to_the_mean,
        "From small weights many nodes share each teacher node, and one of them counts for little. Dealt out, what "
        "they add nearly cancels, and the mean is left.",
    ),
)
