"""What to try in the labs of lesson 1 that train on data: nets, clouds of nets, classifiers of two Gaussians."""

from __future__ import annotations

from lessons.core.spread import SEEDS
from lessons.optimizers.proxy import fresh_points
from lessons.optimizers.spreads import CLASSIFIERS, OUTLIER_DISTANCES
from lessons.optimizers.theory import bayes_error
from widgets.view.goals import Attempt, Goal
from widgets.view.seed_cloud import quantile

RESTS = 50  # steps without a move, after which a rule has come to rest
SETTLED = 20  # steps after which the squared error's boundary is where it ends; before that no outlier has moved it


def _but(run: Attempt, lane: int, *fields: str) -> dict[str, object]:
    """The settings of a lane without some of them, to tell whether two lanes differ in these alone."""
    return run.settings[lane].model_dump(exclude=set(fields))


def _by_rates_alone(run: Attempt) -> bool:
    if not run.finished:
        return False
    loss, lanes = run.newest("train_loss"), [(lane, run.settings[lane].optimizer) for lane in run.left]
    return any(
        loss[plain] < 0.8 * loss[adam]
        and _but(run, plain, "optimizer", "learning_rate") == _but(run, adam, "optimizer", "learning_rate")
        for plain, name in lanes
        for adam, other in lanes
        if (name, other) == ("gradient descent", "Adam")
    )


def _quickprop_fits(run: Attempt) -> bool:
    accuracy = run.newest("train_accuracy")
    return run.lanes.shared.data == "digits" and any(
        run.settings[lane].optimizer == "Quickprop" and run.settings[lane].learning_rate > 0 and accuracy[lane] == 1
        for lane in run.left
    )


def _fits_noise(run: Attempt) -> bool:
    train, test = run.newest("train_accuracy"), run.newest("test_accuracy")
    return any(train[lane] == 1 and test[lane] < 0.8 for lane in run.left)


CLASSIFIER = (
    Goal(
        "by_rates_alone",
        "By learning rates alone, let gradient descent end lower than Adam.",
        _by_rates_alone,
        "A learning rate that does not suit it costs an optimizer more than its rule gains. Compare methods where each "
        "has an η of its own.",
    ),
    Goal(
        "quickprop_fits",
        "On the digits, let Quickprop fit every training image.",
        _quickprop_fits,
        "Quickprop reads a curvature from two gradients. From two batches it mostly reads their noise; from all images "
        "at each step it reads the loss.",
    ),
    Goal(
        "fits_noise",
        "Fit all training points, and be wrong on over a fifth of the test points.",
        _fits_noise,
        "The loss asks for the training points alone. Few and noisy ones leave room for many boundaries, and the net "
        "takes one that fits their noise, too.",
    ),
)


def _bands(run: Attempt) -> list[tuple[float, float]]:
    """From where to where the training losses of each cloud reach, without the two lowest and the two highest."""
    losses = run.newest("train_loss").reshape(-1, SEEDS)
    return [(float(quantile(cloud[None], 0.1)[0]), float(quantile(cloud[None], 0.9)[0])) for cloud in losses]


def _parted_by_rate(run: Attempt) -> bool:
    if not run.finished:
        return False
    bands = _bands(run)
    return any(
        high < low and _but(run, SEEDS * at, "learning_rate") == _but(run, SEEDS * other, "learning_rate")
        for at, (_, high) in enumerate(bands)
        for other, (low, _) in enumerate(bands)
    )


def _draw_decides(run: Attempt) -> bool:
    accuracy = run.newest("test_accuracy").reshape(-1, SEEDS)
    return run.finished and bool(((accuracy > 0.95).any(1) & (accuracy < 0.55).any(1)).any())


CLASSIFIER_SEEDS = (
    Goal(
        "parted_by_rate",
        "With one optimizer in two lanes, part their bands of the loss by η alone.",
        _parted_by_rate,
        "Bands that do not overlap differ by more than the draw. Here η parts an optimizer from itself; heavy ball and "
        "Nesterov's method, both at 0.1, were not parted.",
    ),
    Goal(
        "draw_decides",
        "In one lane, end with a net above 95 % test accuracy and one below 55 %.",
        _draw_decides,
        "Where η is nearly too large, some draws of weights and batches come through and others do not. One run would "
        "have told you either.",
    ),
)


def _near_the_best(run: Attempt) -> bool:
    if not run.finished or run.lanes.shared.separation != 2:
        return False
    excess = run["fresh_error"][-1] - bayes_error(run.lanes.shared.separation)
    return len({run.settings[lane].method for lane in run.left if excess[lane] < 0.005}) >= 5


def _comes_to_rest(run: Attempt) -> bool:
    weights, wrong = run["weights"][-RESTS - 1 :], run["train_error"][-1]
    return len(weights) > RESTS and any(
        run.settings[lane].method == "perceptron"
        and run.settings[lane].learning_rate > 0
        and wrong[lane] == 0
        and bool((weights[:, lane] == weights[-1, lane]).all())
        for lane in run.left
    )


def _outlier_pulls(run: Attempt) -> bool:
    moved, lanes = run["moved"][-1], [(lane, run.settings[lane].method) for lane in run.left]
    return (
        run.finished
        and any(moved[lane] > 0.12 for lane, method in lanes if method == "squared error")
        and any(moved[lane] < 0.04 for lane, method in lanes if method == "MLP")
    )


PROXY = (
    Goal(
        "near_the_best",
        "At d = 2, bring five classifiers within 0.005 of the best possible error.",
        _near_the_best,
        "With few points each loss follows the accidents of the draw. With many, the minima of all of them come close "
        "to the best line, as these two classes mirror each other.",
    ),
    Goal(
        "comes_to_rest",
        "Let the perceptron's rule come to rest.",
        _comes_to_rest,
        "It moves only while a point is on the wrong side. Where a line can part the training points it finds one, and "
        "stops at the first, not at the best.",
    ),
    Goal(
        "outlier_pulls",
        "Let an outlier move the squared error by over 12 %, the MLP by under 4 %.",
        _outlier_pulls,
        "The squared error counts the square of the distance, and far out its pull has a long lever. The units of the "
        "MLP saturate: how far out the point lies hardly counts.",
    ),
)


def _farthest_shift(run: Attempt, method: str) -> float:
    """The share of fresh points that change sides of a linear classifier when the farthest outlier comes in."""
    rows = 1 + len(OUTLIER_DISTANCES)  # without an outlier, then with one, nearer and farther
    weights = run["weights"][-1, CLASSIFIERS.index(method) * rows :][:rows]
    points = fresh_points(run.settings[0].separation)[0].numpy()
    without, with_it = (points @ each[:2] + each[2] > 0 for each in (weights[0], weights[-1]))
    return float((without != with_it).mean())


OUTLIER = (
    Goal(
        "far_apart",
        "Let the farthest outlier move the squared error past under 5 % of points.",
        lambda run: run.finished and run.steps >= SETTLED and _farthest_shift(run, "squared error") < 0.05,
        "Where the classes lie far apart, few points lie near the boundary, and it passes few of them when it moves.",
    ),
    Goal(
        "few_points",
        "Let the farthest outlier move the logistic loss past over 15 % of points.",
        lambda run: run.finished and _farthest_shift(run, "logistic") > 0.15,
        "Its pull is bounded, but it is one of N: among few points one weighs more.",
    ),
)
