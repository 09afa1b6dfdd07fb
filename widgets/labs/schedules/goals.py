"""What to try in the labs of lesson 2. Losses of noisy bowls are judged by their expected value: no luck decides."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from lessons.core.spread import SEEDS
from lessons.schedules.rate_range import usable_range
from lessons.schedules.spreads import SEEDS_A_LENGTH, WARMUP_LENGTHS
from widgets.view.goals import Attempt, Goal
from widgets.view.seed_cloud import quantile

SAME = ("learning_rate", "noise", "batch_size", "sharpness", "condition_number", "start", "optimizer")


def _low_floor(run: Attempt) -> bool:
    last = run["expected_loss"][-1]
    return run.finished and any(
        settings.schedule == "constant" and settings.noise / settings.batch_size**0.5 >= 1 and last[lane] < 0.05
        for lane, settings in enumerate(run.settings)
    )


def _begins_high(run: Attempt, lane: int) -> bool:
    """Whether a schedule begins at its η, as nearly as a hand draws; the built-in ones are taken as they are."""
    settings = run.settings[lane]
    return settings.schedule != "drawn" or bool(run["learning_rate"][0, lane] >= 0.8 * settings.learning_rate)


def _falls(run: Attempt, lane: int) -> bool:
    rate = run["learning_rate"][:, lane]
    return run.settings[lane].schedule != "drawn" or bool(rate[-1] < rate[0])


def _ends_lower(run: Attempt, higher: str, factor: float) -> bool:
    """Whether, of two lanes that differ in their schedule alone, one ends so many times lower."""
    if not run.finished:
        return False
    last = run["expected_loss"][-1]
    pairs = permutations(enumerate(run.settings), 2)
    return any(
        settings.schedule == higher
        and other.schedule != higher
        and _begins_high(run, at)
        and all(getattr(settings, name) == getattr(other, name) for name in SAME)
        and last[lane] > factor * last[at]
        for (lane, settings), (at, other) in pairs
    )


def _frozen(run: Attempt) -> bool:
    last = run["expected_loss"][-1]
    pairs = permutations(enumerate(run.settings), 2)
    return run.finished and any(
        settings.schedule != "constant"
        and _begins_high(run, lane)
        and _falls(run, lane)
        and other.schedule == "constant"
        and all(getattr(settings, name) == getattr(other, name) for name in SAME)
        and last[lane] > 1.25 * last[at]
        for (lane, settings), (at, other) in pairs
    )


NOISY = (
    Goal(
        "constant_and_low",
        "With the noise left as it is, let a constant η end below a loss of 0.05.",
        _low_floor,
        "The noise floor is nearly proportional to η. A small η has a low one, and takes longer to get there.",
    ),
    Goal(
        "beats_steps",
        "From the same η at the start, end a fifth or more below step decay.",
        lambda run: _ends_lower(run, "step decay", 1.25),
        "What counts is how small η is at the end, and that there were large steps for long enough before.",
    ),
    Goal(
        "too_early",
        "Let a falling schedule end clearly higher than the constant η that it began with.",
        _frozen,
        "Where η falls before the descent has arrived, it stops on its way: that is worse than a floor of noise.",
    ),
)


def _floors(run: Attempt) -> np.ndarray:
    return run["expected_loss"][-1]


def _lower_by_batches(run: Attempt) -> bool:
    rates = [settings.learning_rate for settings in run.settings]
    settings = run.settings[int(np.argmax(rates))]
    high = max(rates) * settings.sharpness >= 1.85 and settings.noise >= 1 and run.steps >= 100
    return run.finished and high and bool(_floors(run)[int(np.argmax(rates))] < 1)


def _higher_by_momentum(run: Attempt) -> bool:
    """Of the lowest η, where its loss has come to rest: before that it is what is left of the start."""
    settings, loss = run.settings[0], run["expected_loss"][:, 0]
    as_it_was = settings.noise <= 1 and settings.batch_size == 1 and settings.sharpness == 1
    rests = run.finished and run.steps >= 400 and loss[-1] > 0.95 * loss[3 * len(loss) // 4]
    return as_it_was and rests and settings.learning_rate < 0.0101 and bool(loss[-1] > 0.0175)


FLOOR = (
    Goal(
        "batches",
        "Bring the floor at η = 1.9 below 1, with the noise left as it is.",
        _lower_by_batches,
        "The floor is proportional to the variance of the noise, and the mean of a batch of B has a B-th of it.",
    ),
    Goal(
        "momentum",
        "Make the floor of η = 0.01 seven times as high, with noise and batches as they are.",
        _higher_by_momentum,
        "Momentum adds up the noise with the gradients: for small steps heavy ball at η has the floor of η/(1 − β).",
    ),
)


def _no_warmup(run: Attempt) -> bool:
    loss = run["loss"]
    return (
        run.finished
        and not run.changes
        and any(
            run.settings[lane].schedule == "constant"
            and run.settings[lane].learning_rate >= 0.3
            and loss[-1, lane] < 0.5 * loss[0, lane]
            for lane in run.left
        )
    )


def _too_short(run: Attempt) -> bool:
    return any(
        settings.schedule in ("warmup", "warmup + cosine")
        and settings.learning_rate <= 0.3
        and run.ends[lane] is not None
        for lane, settings in enumerate(run.settings)
    )


NET = (
    Goal(
        "no_warmup",
        "At η = 0.3 or more, let the constant lane learn from the first step on.",
        _no_warmup,
        "What makes it diverge is a sharpness above 2/η in the first steps. Smaller weights begin where the net is "
        "flatter.",
    ),
    Goal(
        "too_short",
        "Let a net diverge in spite of warmup, with η at 0.3 or less.",
        _too_short,
        "Warmup helps by giving time: the sharpness has to fall below 2/η while η rises. A few steps are too few.",
    ),
)


def _split(run: Attempt) -> bool:
    """Whether the twenty nets have parted: three or more are lost, and three or more are left."""
    return run.finished and 3 <= len(run.left) <= SEEDS - 3


SCHEDULE_SEEDS = (
    Goal(
        "warmup_splits",
        "With warmup, lose three or more of the twenty nets, and keep three or more.",
        lambda run: run.settings[0].schedule in ("warmup", "warmup + cosine") and _split(run),
        "While η rises the sharpness has to fall. Each draw takes its own time for that: near the shortest warmup that "
        "will do, it decides who comes through.",
    ),
    Goal(
        "start_splits",
        "At a constant η, lose three or more of the twenty, and keep three or more.",
        lambda run: run.settings[0].schedule == "constant" and _split(run),
        "Not far above its limit, ηλₘₐₓ = 2, a net still comes through; far above it diverges. Each draw begins with a "
        "λₘₐₓ of its own, and mostly the flatter ones stay.",
    ),
)


def _alive(run: Attempt) -> np.ndarray:
    """Which nets are left, bool, shape (lengths of the warmup, seeds)."""
    return np.array([end is None for end in run.ends]).reshape(len(WARMUP_LENGTHS), SEEDS_A_LENGTH)


def _all_at_a_high_rate(run: Attempt) -> bool:
    high = run.settings[0].learning_rate >= 0.6
    return run.finished and run.steps >= 100 and high and bool(_alive(run).all(1).any())


def _long_costs_little(run: Attempt) -> bool:
    if not run.finished or run.steps < 120:
        return False
    short, long = WARMUP_LENGTHS.index(30), WARMUP_LENGTHS.index(80)
    loss, alive = run["smoothed_loss"][-1].reshape(len(WARMUP_LENGTHS), SEEDS_A_LENGTH), _alive(run)
    middle = quantile(np.where(alive, loss, np.nan), 0.5)
    return bool(alive[[short, long]].all() and middle[long] < 1.08 * middle[short])


WARMUP_LENGTH = (
    Goal(
        "all_at_a_high_rate",
        "At η ≥ 0.6, let all sixteen nets of some length come through 100 steps.",
        _all_at_a_high_rate,
        "A net that begins with smaller weights is flatter: 2/λₘₐₓ is higher from the first step on, and η can rise "
        "farther.",
    ),
    Goal(
        "long_costs_little",
        "In 120 steps or more, let 80 of warmup end within 8 % of the median loss of 30.",
        _long_costs_little,
        "A longer warmup is mostly a delay. In a short run that is a large part of all steps; in a long one it is made "
        "up for.",
    ),
)


def _lowest(run: Attempt) -> np.ndarray:
    """At which share of the run the smoothed loss of each lane is lowest: shape (K,)."""
    return usable_range(run["learning_rate"], run["smoothed_loss"]).high_step / run.steps


def _stopped_early(run: Attempt) -> bool:
    rate = run["learning_rate"]
    return run.finished and any(_lowest(run)[lane] >= 0.9 and rate[-1, lane] > 2 * rate[0, lane] for lane in run.left)


def _ends_low(run: Attempt) -> bool:
    """The loss grows to more than twice its lowest: beyond what a smoothed one goes up and down by."""
    if not run.finished:
        return False
    loss = np.where(np.isfinite(run["smoothed_loss"]), run["smoothed_loss"], np.inf)
    highest = usable_range(run["learning_rate"], loss).high
    return any(
        settings.optimizer == "gradient descent" and highest[lane] < 0.1 and loss[-1, lane] > 2 * loss[:, lane].min()
        for lane, settings in enumerate(run.settings)
    )


RANGE_TEST = (
    Goal(
        "stopped_early",
        "End the rise so early that the loss is lowest in the last tenth of the run.",
        _stopped_early,
        "A test has found an upper end only where the loss grows again. While it still falls, what you read is where "
        "you stopped.",
    ),
    Goal(
        "ends_low",
        "With gradient descent, let the loss be lowest below η = 0.1, and double beyond.",
        _ends_low,
        "The range ends near 2/λₘₐₓ of that moment. Large initial weights begin where the net is sharp.",
    ),
)
