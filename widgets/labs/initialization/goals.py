"""What to try in the labs of lesson 4."""

from __future__ import annotations

import numpy as np

from widgets.view.goals import Attempt, Goal

RANDOM = ("normal", "LeCun", "Xavier", "Kaiming fan-in", "Kaiming fan-out", "orthogonal", "uniform", "signs")
DRAWS = 10  # of nets, of which the median decides: single ones differ by powers of ten


def _too_small(run: Attempt) -> bool:
    if not run.finished or run.steps < 300:
        return False
    units, loss, lanes = run.newest("distinct_units"), run["loss"], run.settings
    return any(
        lanes[lane].scheme in RANDOM
        and lanes[lane].learning_rate >= 0.1
        and (units[lane] == lanes[lane].width).all()
        and loss[-1, lane] > 0.85 * loss[0, lane]
        for lane in run.left
    )


def _few_different(run: Attempt) -> bool:
    if not run.finished:
        return False
    loss, lanes = run["loss"][-1], [(lane, run.settings[lane]) for lane in run.left]
    equal = [loss[lane] for lane, settings in lanes if settings.scheme == "constant"]
    different = [loss[lane] for lane, settings in lanes if settings.scheme in RANDOM and settings.width <= 6]
    return bool(equal and different) and min(different) < 0.8 * min(equal)


SYMMETRY = (
    Goal(
        "too_small",
        "Let all units differ, and still learn next to nothing in 300 steps or more.",
        _too_small,
        "To differ is not enough. The gradient of a layer is a product with the weights of the others: where they are "
        "tiny, so is it, until they have grown.",
    ),
    Goal(
        "few_different",
        "Let six different units a layer, or fewer, do better than as many equal ones.",
        _few_different,
        "Equal units get equal gradients and stay equal: however many there are, they count as one.",
    ),
)


def _kept(run: Attempt, quantity: str, first: int, last: int) -> np.ndarray:
    """The median over nets of how much is left between two layers, lane by lane: shape (K,)."""
    squares = np.maximum(run[quantity].astype(float), 1e-300)
    with np.errstate(invalid="ignore"):  # of two that are infinite nothing is known, and no goal is reached
        return np.median(squares[..., last] / squares[..., first], axis=0)


def _relu_signal(run: Attempt) -> bool:
    if len(run.history) < DRAWS or run.lanes.shared.depth < 50:
        return False
    kept = _kept(run, "activation_square", 1, -1)
    relu = [settings.activation == "relu" and not settings.residual for settings in run.settings]
    return bool(((kept > 0.05) & (kept < 20) & relu).any())


def _signal_without_gradient(run: Attempt) -> bool:
    if len(run.history) < DRAWS:
        return False
    signal = np.median(run["activation_square"][..., -1], axis=0)
    return bool(((signal > 0.03) & (_kept(run, "gradient_square", -1, 0) < 1e-8)).any())


VARIANCE = (
    Goal(
        "relu_signal",
        "Bring a signal through fifty ReLU layers without making it twenty times larger or smaller.",
        _relu_signal,
        "ReLU leaves half of the mean square. A variance of 2/fan-in, Kaiming's, makes up for it in every layer.",
    ),
    Goal(
        "signal_only",
        "Let the signal arrive at the last layer, and hardly any gradient at the first.",
        _signal_without_gradient,
        "Forward the size of the activations counts, to which biases add; backward only gain and slope do. Where the "
        "gain is small, or the slope ¼ at most, as the logistic's is, the gradient shrinks at every layer.",
    ),
)


def _coin_flips_ahead(run: Attempt) -> bool:
    if len(run.history) < DRAWS:
        return False
    arrives = np.median(run["activation_square"][..., -1], axis=0)
    same = ("gain", "activation", "residual", "bias_deviation", "input_scale")
    normal, flips = ([k for k, own in enumerate(run.settings) if own.scheme == name] for name in ("LeCun", "signs"))
    return any(
        all(getattr(run.settings[a], name) == getattr(run.settings[b], name) for name in same)
        and 10 * arrives[a] < arrives[b]
        for a in normal
        for b in flips
    )


def _cauchy_arrives(run: Attempt) -> bool:
    if len(run.history) < DRAWS or run.lanes.shared.depth < 50 or run.lanes.shared.width < 100:
        return False
    kept = _kept(run, "gradient_square", -1, 0)
    cauchy = [settings.scheme == "Cauchy" for settings in run.settings]
    return bool(((kept > 1e-3) & (kept < 1e3) & cauchy).any())


DISTRIBUTIONS = (
    Goal(
        "coin_flips_ahead",
        "Let coin flips end ten times above normal weights of the same gain.",
        _coin_flips_ahead,
        "That only the variance counts holds for sums of many terms. In a layer of a few units normal weights are now "
        "and then all small, coin flips never: fifty layers add up the difference.",
    ),
    Goal(
        "cauchy_arrives",
        "Bring Cauchy's gradient through 50 layers of 100 units, within a factor of 1000.",
        _cauchy_arrives,
        "A sum of n Cauchy numbers is as large as n of them, not √n: in wide layers they need a gain far below 1. And "
        "a little beside it the gradient is off again, by many powers of ten.",
    ),
)


def _stays_near(run: Attempt) -> bool:
    if len(run.history) < DRAWS or run.lanes.shared.depth < 50:
        return False
    first, last = run["angle"][0, :, 0], np.median(run["angle"][..., -1], axis=0)
    kept = (first > 0.5) & (first < 2) & (last > 0.3 * first) & (last < 3 * first)
    strong = [
        settings.activation == "tanh" and settings.bias_deviation >= 1 and not settings.residual
        for settings in run.settings
    ]
    return bool((kept & strong).any())


def _from_far(run: Attempt) -> bool:
    """Both begin far apart in angle and end within a quarter of each other, far from where either began."""
    if len(run.history) < DRAWS:
        return False
    first, last = run["angle"][0, :, 0], np.median(run["angle"][..., -1], axis=0)
    return any(
        first[a] < 5 and first[b] > 90 and min(last[a], last[b]) > 10 and abs(last[a] / last[b] - 1) < 0.25
        for a in range(len(first))
        for b in range(len(first))
    )


ANGLES = (
    Goal(
        "neither_order_nor_chaos",
        "With biases of σ = 1, let 1° end between 0.3° and 3° after fifty tanh layers.",
        _stays_near,
        "Between order, which closes every angle, and chaos, which opens it, lies the edge: there a small angle is "
        "multiplied by about 1 in each layer.",
    ),
    Goal(
        "forgotten",
        "Let two inputs 1° apart and two more than 90° apart end at one angle, above 10°.",
        _from_far,
        "In chaos the angle has one stable value between 0° and 180°, to which it is drawn from both sides.",
    ),
)


def _crossing(run: Attempt) -> float:
    """The smallest gain from which on the gradient arrives larger than it began; infinite where none does."""
    arrives = np.flatnonzero(_kept(run, "gradient_square", -1, 0) < 1)
    gains = [settings.gain for settings in run.settings]
    last = int(arrives.max()) if len(arrives) else -1
    return gains[last + 1] if last + 1 < len(gains) else float("inf")


EDGE = (
    Goal(
        "no_gain",
        "Find a setting in which no gain brings the gradient through fifty layers.",
        lambda run: run.finished and run.lanes.shared.depth >= 50 and _crossing(run) == float("inf"),
        "The gradient is multiplied by g² times the mean square slope in each layer. Where the slope is ¼ at most, no "
        "gain in this range makes that 1; and a larger gain makes the units saturate.",
    ),
    Goal(
        "larger_gain",
        "With tanh, move the gain at which the gradient arrives as it began beyond 1.6.",
        lambda run: (
            run.finished
            and run.settings[0].activation == "tanh"
            and run.lanes.shared.depth >= 50
            and 1.6 < _crossing(run) < float("inf")
        ),
        "What saturates units, such as biases or large inputs, takes slope away. A larger gain has to make up for it.",
    ),
)


def _values(run: Attempt, layers: int) -> np.ndarray:
    """Largest and smallest singular value, shape (2, K), once there are so many layers; before that zeros."""
    values = run["singular_values"]
    return values[-1].T[[0, -1]] if len(values) > layers else np.zeros((2, len(run.lanes)))


def _isometry(run: Attempt) -> bool:
    largest, smallest = _values(run, 20)
    return bool(((largest < 1.05) & (smallest > 0.95)).any())


def _sink_together(run: Attempt) -> bool:
    largest, smallest = _values(run, 100)
    return bool(((smallest > 0.5 * largest) & (largest > 0)).any())


JACOBIAN = (
    Goal(
        "isometry",
        "Keep all singular values within 5 % of 1 through twenty layers.",
        _isometry,
        "Orthogonal weights turn and do not stretch. What is left is the slope of the units, and that is 1 where their "
        "inputs are small.",
    ),
    Goal(
        "a_hundred",
        "After a hundred layers, have no singular value below half of the largest.",
        _sink_together,
        "Random matrices stretch some directions and shrink others, again in each layer. Orthogonal ones treat all "
        "alike, however many there are.",
    ),
)
