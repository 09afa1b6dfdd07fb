"""What to try in the labs of lesson 3."""

from __future__ import annotations

import numpy as np

from lessons.core.rules.stability import limit_factor
from widgets.view.goals import Attempt, Goal
from widgets.view.seed_cloud import quantile


def _factors(run: Attempt, lane: int) -> np.ndarray:
    """By what each step multiplied the distance, while that is a distance at all: shape (N,)."""
    x = run.of(lane, "position")
    x = x[np.abs(x) > 1e-9]
    return x[1:] / x[:-1]


def _first_step_arrives(run: Attempt) -> bool:
    x = run["position"]
    return len(x) > 1 and bool((np.abs(x[1]) < 1e-9 * np.abs(x[0])).any())


def _every_factor(run: Attempt, factor: float, steps: int) -> bool:
    found = [_factors(run, lane) for lane in range(len(run.lanes))]
    return any(len(each) >= steps and bool(np.allclose(each, factor, rtol=1e-3)) for each in found)


PARABOLA = (
    Goal(
        "first_step",
        "Arrive at the minimum with the very first step.",
        _first_step_arrives,
        "At η = ηₒₚₜ = 1/λ a step is as long as the way to the minimum: 1 − ηλ, which multiplies the distance, is 0.",
    ),
    Goal(
        "halves",
        "Let every step land on the other side, at half the distance.",
        lambda run: _every_factor(run, -0.5, 5),
        "Each step multiplies x by 1 − η/ηₒₚₜ. At η = 1.5 ηₒₚₜ that is −½: it changes sides and halves.",
    ),
    Goal(
        "neither",
        "Neither arrive nor diverge: keep the distance the same for 30 steps.",
        lambda run: _every_factor(run, -1.0, 30),
        "At η = 2 ηₒₚₜ the factor 1 − η/ηₒₚₜ is −1. This is the limit between arriving and diverging.",
    ),
)


def _grown(run: Attempt, lane: int) -> np.ndarray:
    """The distance along each eigen-direction beside that of the start, the sharpest first: shape (D,)."""
    amplitude = np.abs(run.of(lane, "amplitude"))
    if len(amplitude) <= 20:
        return np.ones(amplitude.shape[1])
    return amplitude[-1] / np.where(amplitude[0] > 0, amplitude[0], np.nan)


def _one_direction_diverges(run: Attempt) -> bool:
    grown = [_grown(run, lane) for lane in range(len(run.lanes))]
    return any(each[0] > 5 and each[-1] < 0.5 for each in grown)


def _equally_fast(run: Attempt) -> bool:
    for lane in run.left:
        settings, grown = run.settings[lane], _grown(run, lane)
        if (
            settings.optimizer == "gradient descent"
            and settings.condition_number >= 10
            and 0 < grown.min() <= grown.max() < 0.9
        ):
            sharp, flat = np.log(grown[[0, -1]])
            if abs(sharp / flat - 1) < 0.15:
                return True
    return False


def _momentum_converges(run: Attempt) -> bool:
    return run.finished and any(
        run.settings[lane].learning_rate * run.settings[lane].sharpness > 2.2
        and run["loss"][-1, lane] < 1e-2 * run["loss"][0, lane]
        for lane in run.left
    )


BOWL = (
    Goal(
        "one_direction",
        "Let the path diverge along one eigen-direction while it converges along the other.",
        _one_direction_diverges,
        "Each direction has a limit of its own, 2/λᵢ. Only the sharpest one is past it, and that is enough to diverge.",
    ),
    Goal(
        "equally_fast",
        "With κ at 10 or more, let gradient descent shrink both directions equally fast.",
        _equally_fast,
        "At η = 2/(λₘₐₓ + λₘᵢₙ), |1 − ηλ| is the same at both ends of the spectrum. No η is better for the slower one.",
    ),
    Goal(
        "past_the_limit",
        "Converge at an η at which gradient descent would diverge.",
        _momentum_converges,
        "Momentum moves the limit: to 2(1 + β)/λₘₐₓ for the heavy ball, where gradient descent has 2/λₘₐₓ.",
    ),
)


def _starts_above(run: Attempt) -> bool:
    """From 1.2 times the limit on: what is nearer may as well be the noise of the measured sharpness."""
    if run.changes or not run.finished:
        return False
    loss, first = run["loss"], run["sharpness"][0]
    return any(
        run.settings[lane].optimizer == "gradient descent"
        and run.settings[lane].learning_rate * first[lane] > 1.2 * 2
        and loss[-1, lane] < 0.5 * loss[0, lane]
        for lane in run.left
    )


def _pushed_down(run: Attempt) -> bool:
    """By a fifth within the run, after a change that raised the learning rate; half of it would be no surprise."""
    for change in run.changes:
        if change.field != "learning_rate" or change.lane not in run.left or change.step < 50:
            continue
        sharpness = run["sharpness"][:, change.lane]
        before, after = sharpness[change.step - 50 : change.step + 1], sharpness[change.step :]
        if len(after) > 50 and np.nanmin(after) < 0.8 * np.nanmax(before):
            return bool(run.settings[change.lane].learning_rate * np.nanmax(before) > 2)
    return False


NET = (
    Goal(
        "starts_above",
        "Begin with η well above 2/λₘₐₓ, and still halve the loss instead of diverging.",
        _starts_above,
        "Past its limit a bowl diverges; a net may be thrown to a place where λₘₐₓ is low enough for its η.",
    ),
    Goal(
        "pushed_down",
        "Raise η while a net trains, and so push its sharpness down by a fifth.",
        _pushed_down,
        "The sharpness follows the limit 2/η down as it followed it up: where η is too large for it, steps grow until "
        "the net is where it is flatter.",
    ),
)


def _rates(run: Attempt) -> np.ndarray:
    """The learning rates of a sweep, from the lowest on: shape (K,)."""
    return np.array([settings.learning_rate for settings in run.settings])


def _deep(run: Attempt) -> bool:
    first, within = run.settings[0], run["loss"][:101]
    return (
        first.optimizer == "heavy ball"
        and first.condition_number >= 8
        and bool(np.nanmin(within) < 1e-30 * within[0, 0])
    )


def _none_diverges(run: Attempt) -> bool:
    loss = run["loss"]
    return (
        run.finished and run.settings[0].sharpness >= 1 and _rates(run)[-1] >= 10 and bool((loss[-1] < loss[0]).all())
    )


def _next_to_the_limit(run: Attempt) -> bool:
    first, loss = run.settings[0], run["loss"][-1]
    if not run.finished or first.optimizer != "gradient descent":
        return False
    lowest = _rates(run)[np.where(np.isfinite(loss), loss, np.inf).argmin()]
    return bool(0.9 <= lowest * first.sharpness / 2 < 1)


BOWL_SWEEP = (
    Goal(
        "deep",
        "At κ ≥ 8, bring heavy ball's lowest loss down by 30 decades in 100 steps.",
        _deep,
        "At its best β, ((√κ − 1)/(√κ + 1))², heavy ball beats gradient descent by far. More momentum only makes every "
        "direction swing, at √β a step.",
    ),
    Goal(
        "none_diverges",
        "At λₘₐₓ ≥ 1, let none of the 64 losses grow, with η up to 10 or more.",
        _none_diverges,
        "The moving average takes only 1 − β of each gradient. Its limit, 2(1 + β)/((1 − β)λₘₐₓ), lies far out where β "
        "is close to 1.",
    ),
    Goal(
        "next_to_the_limit",
        "Let gradient descent's lowest loss lie within a tenth of its limit.",
        _next_to_the_limit,
        "In the long run 2/(λₘₐₓ + λₘᵢₙ) is the best. The longer the valley, the smaller λₘᵢₙ, and the closer it is to "
        "2/λₘₐₓ.",
    ),
)


def _all_flatter(run: Attempt) -> bool:
    first, last = run["sharpness"][0], run.newest("sharpness")
    plain = run.settings[0].optimizer == "gradient descent"
    return run.finished and plain and len(run.left) == len(run.lanes) and bool((last < first).all())


def _at_the_limit_of_heavy_ball(run: Attempt) -> bool:
    first, factor = run.settings[0], limit_factor(run.lanes)
    if not run.finished or first.optimizer != "heavy ball" or first.momentum < 0.3 or not first.learning_rate:
        return False
    middle = quantile(run.newest("sharpness")[None], 0.5)[0]
    return factor is not None and bool(abs(middle * first.learning_rate / factor - 1) < 0.1)


NET_SEEDS = (
    Goal(
        "all_flatter",
        "With gradient descent, let all twenty nets end flatter than they began.",
        _all_flatter,
        "Where a net begins is luck, where it ends is 2/η. With η so large that all begin above that, all have to come "
        "down.",
    ),
    Goal(
        "limit_of_heavy_ball",
        "With heavy ball, β ≥ 0.3, end with the median λₘₐₓ within 10 % of its limit.",
        _at_the_limit_of_heavy_ball,
        "The limit of heavy ball is 2(1 + β)/η, above 2/η: the nets climb farther before it holds them.",
    ),
)


def _over_the_limit(run: Attempt) -> np.ndarray:
    """The learning rates of a sweep over nets of one start, as multiples of the limit there; NaN without a limit."""
    factor = limit_factor(run.lanes)
    return _rates(run) * run["sharpness"][0] / (np.nan if factor is None else factor)


def _all_learn(run: Attempt) -> bool:
    loss = run["loss"]
    return run.finished and bool(_over_the_limit(run)[-1] >= 1.4 and (loss[-1] < loss[0]).all())


def _halves_far_above(run: Attempt) -> bool:
    loss, over = run["loss"], _over_the_limit(run)
    return run.finished and any(loss[-1, lane] < 0.5 * loss[0, lane] and over[lane] >= 6 for lane in run.left)


NET_SWEEP = (
    Goal(
        "all_learn",
        "Go beyond 1.4 times the limit at the start, and let all 64 nets learn.",
        _all_learn,
        "Above its limit a net does not follow the bowl that it began in: it is thrown to where λₘₐₓ is low enough for "
        "its η.",
    ),
    Goal(
        "halves_far_above",
        "Halve a net's loss at six times the limit at the start, or more.",
        _halves_far_above,
        "A sharp start has a low limit, and the net far to come down: it is thrown to where 2/λₘₐₓ is above its η. How "
        "large an η it bears, the start does not tell.",
    ),
)
