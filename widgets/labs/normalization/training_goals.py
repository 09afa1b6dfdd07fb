"""What to try with the nets of lesson 5 that are trained side by side."""

from __future__ import annotations

from itertools import product

import numpy as np

from lessons.core.other_seeds import of_other_seeds
from lessons.normalization.stability import largest_stable_rates
from widgets.labs.normalization.net_view import RECENT
from widgets.view.goals import Attempt, Goal


def _one_image_does(run: Attempt) -> bool:
    accuracy = run.newest("test_accuracy")
    return run.finished and any(
        settings.normalization not in ("none", "group") and settings.batch_size == 1 and accuracy[lane] > 0.6
        for lane, settings in enumerate(run.settings)
    )


def _averages_lag(run: Attempt) -> bool:
    return any(
        settings.normalization == "batch"
        and settings.batches == "shuffled"
        and settings.batch_size >= 64
        and run.of(lane, "mode_gap").max(initial=0.0) > 0.05
        for lane, settings in enumerate(run.settings)
    )


BATCHES = (
    Goal(
        "one_image_does",
        "With another norm than group norm, learn from one image a step: to above 60 %.",
        _one_image_does,
        "Layer and RMS norm take what they divide by from the image itself, weight norm from the weights. For none of "
        "them it matters who else is in the batch.",
    ),
    Goal(
        "averages_lag",
        "Let batch norm on shuffled batches of 64 do 5 points worse by its running averages.",
        _averages_lag,
        "Running averages follow the batches with a delay. In the first steps at a large η the net changes faster than "
        "they do.",
    ),
)


def _pairs(run: Attempt) -> list[tuple[int, int]]:
    """The lanes of a plain net into which no shift is injected, each with those of batch norm at its η."""
    plain = [k for k, own in enumerate(run.settings) if own.normalization == "none" and not own.injected]
    batch = [k for k, own in enumerate(run.settings) if own.normalization == "batch"]
    same = [(a, b) for a, b in product(plain, batch) if run.settings[a].learning_rate == run.settings[b].learning_rate]
    return [(a, b) for a, b in same if a in run.left and b in run.left]


def _recent(loss: np.ndarray) -> np.ndarray:
    return loss[-RECENT:].astype(float).mean(axis=0)


def _more_shift_and_ahead(run: Attempt) -> bool:
    """Shifts without that of the first step, which is many times what follows."""
    measured = run.history.measured("shift")
    if not run.finished or measured.sum() < 2:
        return False
    loss, shift = _recent(run["loss"]), run["shift"][measured][1:].mean(axis=(0, 2))
    return any(shift[b] > 5 * shift[a] and loss[b] < loss[a] for a, b in _pairs(run))


def _too_much_shift(run: Attempt) -> bool:
    if not run.finished:
        return False
    loss = _recent(run["loss"])
    return any(run.settings[b].injected > 0 and loss[b] > 1.2 * loss[a] for a, b in _pairs(run))


SHIFT = (
    Goal(
        "more_shift_and_ahead",
        "Give batch norm five times the plain net's shift, and let it still end lower.",
        _more_shift_and_ahead,
        "So less shift cannot be the reason that batch norm is ahead. Its loss is smoother: the gradient still points "
        "the right way after a longer step.",
    ),
    Goal(
        "too_much_shift",
        "Inject so much shift that batch norm ends above the plain net at its η.",
        _too_much_shift,
        "A factor and an offset that change at each step are noise on all that a layer passes on. Much of it does "
        "harm, as any noise does.",
    ),
)


def _draws_below(run: Attempt) -> list[tuple[int, int]]:
    """Of each pair at one η: how many draws there are, and in how many of them batch norm ends below the plain net."""
    others = of_other_seeds("loss")
    if not run.finished or run.steps < 200 or others not in run.history:
        return []
    with np.errstate(invalid="ignore", over="ignore"):
        loss = np.concatenate([_recent(run["loss"])[:, None], _recent(run[others])], axis=1)
    loss = np.where(np.isfinite(loss), loss, np.inf)
    plain = [k for k, own in enumerate(run.settings) if own.normalization == "none"]
    batch = [k for k, own in enumerate(run.settings) if own.normalization == "batch"]
    return [(loss.shape[1], int((loss[b] < loss[a]).sum())) for a, b in product(plain, batch) if _alike(run, a, b)]


def _alike(run: Attempt, a: int, b: int) -> bool:
    """Whether two lanes are at one learning rate and from one size of weights, and no shift is injected into either."""
    one, other = run.settings[a], run.settings[b]
    same = one.learning_rate == other.learning_rate and one.init_scale == other.init_scale
    return same and not (one.injected or other.injected)


def _in_each_draw(run: Attempt) -> bool:
    gentle = run.lanes.shared.depth <= 3 and max(settings.learning_rate for settings in run.settings) <= 0.8
    return gentle and any(draws == 5 == below for draws, below in _draws_below(run))


FIVE_DRAWS = (
    Goal(
        "in_each_draw",
        "With η ≤ 0.8, depth ≤ 3, 200 steps, let batch norm end below the plain net in each draw.",
        _in_each_draw,
        "Beyond its own limit the plain net fails, whatever is drawn. What holds in each draw is no luck.",
    ),
    Goal(
        "draw_decides",
        "In 200 steps, let the draw decide: batch norm ends below the plain net in some, not all.",
        lambda run: any(draws == 5 and 0 < below < 5 for draws, below in _draws_below(run)),
        "Near the plain net's limit some draws are past it, and others are not. Whoever looks at one of them may see "
        "either net win.",
    ),
)


def _guesses_the_contrast(run: Attempt) -> bool:
    """Whether batch norm does, beside another net that learns it: it can be learned at these settings."""
    if not run.finished or run.lanes.shared.task != "which contrast":
        return False
    error = run["train_error"][-100:].astype(float).mean(axis=0)
    batch = [error[lane] > 0.35 for lane in run.left if run.settings[lane].normalization == "batch"]
    return any(batch) and any(error[lane] < 0.1 for lane in run.left)


def _drowned(run: Attempt) -> bool:
    test, bright = run.newest("test_error"), run.newest("brightness_error")
    return run.finished and any(
        settings.normalization == "instance" and test[lane] < 0.2 and bright[lane] > 0.6
        for lane, settings in enumerate(run.settings)
    )


INSTANCE_NORM = (
    Goal(
        "guesses_the_contrast",
        "With the contrast as label, let batch norm guess, while another net learns it.",
        _guesses_the_contrast,
        "Of a single image batch norm takes that image's own mean and variance, as instance norm does: the contrast is "
        "divided out before anything can learn it.",
    ),
    Goal(
        "drowned",
        "Let even instance norm name most images wrongly when their brightness changes.",
        _drowned,
        "Inside a map an added constant is taken out with the mean. At its border a convolution sees zeros beyond: "
        "there it is no constant, and a large one drowns the image.",
    ),
)


def _momentum_takes_room(run: Attempt) -> bool:
    if not run.finished or run.settings[0].optimizer not in ("heavy ball", "Nesterov"):
        return False
    found = largest_stable_rates(run.lanes, run["loss"]).get("batch")
    return found is not None and found.well <= 1.5


def _small_batches_take_room(run: Attempt) -> bool:
    first = run.settings[0]
    small = first.batch_size <= 16 and first.optimizer == "gradient descent"
    if not (run.finished and small and run.steps >= 100):
        return False
    found = largest_stable_rates(run.lanes, run["loss"]).get("batch")
    return found is not None and found.largest <= 2


STABLE_RATES = (
    Goal(
        "momentum_takes_room",
        "With momentum, let batch norm train well up to an η of 1.5 at most.",
        _momentum_takes_room,
        "With momentum steps that agree add up, to 1/(1 − β) times one. So all limits come at a smaller η: part of the "
        "room is taken.",
    ),
    Goal(
        "small_batches_take_room",
        "In 100 steps of 16 images or fewer, let batch norm still learn up to an η of 2 at most.",
        _small_batches_take_room,
        "The fewer images, the more noise is in the gradient, and in the mean and variance that batch norm takes from "
        "them. Noise bears only shorter steps.",
    ),
)
