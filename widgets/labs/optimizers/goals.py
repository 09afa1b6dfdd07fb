"""What to try in the labs of lesson 1 that run on surfaces; `data_goals.py` has those that train on data."""

from __future__ import annotations

from itertools import permutations

import numpy as np

from lessons.optimizers.condition import TOLERANCE
from lessons.optimizers.spreads import MEMORIES, TUNED
from widgets.view.goals import Attempt, Goal


def _arrives(run: Attempt) -> bool:
    return any(
        settings.optimizer == "heavy ball"
        and settings.surface == "quadratic"
        and settings.condition_number >= 1000
        and settings.steps <= 200
        and run["loss"][-1, lane] < 1e-6
        for lane, settings in enumerate(run.settings)
    )


def _too_much_momentum(run: Attempt) -> bool:
    """The heavy ball above gradient descent, and its momentum is to blame: along every direction it swings."""
    if not run.finished:
        return False
    loss, lanes = run["loss"], [(lane, run.settings[lane]) for lane in run.left]
    balls = [lane for lane in lanes if lane[1].optimizer == "heavy ball"]
    plain = [lane for lane in lanes if lane[1].optimizer == "gradient descent"]
    return any(
        ball.surface == "quadratic"
        and ball.learning_rate / ball.condition_number >= (1 - ball.momentum**0.5) ** 2
        and loss[-1, lane] > loss[-1, at]
        for lane, ball in balls
        for at, descent in plain
    )


RACE = (
    Goal(
        "long_valley",
        "At κ = 1000, bring heavy ball below a loss of 10⁻⁶ within 200 steps.",
        _arrives,
        "At its best η and β heavy ball multiplies the distance by about 1 − 2/√κ a step, gradient descent by about 1 "
        "− 2/κ.",
    ),
    Goal(
        "too_much",
        "Give heavy ball so much momentum that gradient descent ends lower.",
        _too_much_momentum,
        "With β past its best value every direction swings, and is multiplied by √β a step, whatever its curvature.",
    ),
)


def _gain(run: Attempt, gradient: str) -> np.ndarray:
    lanes = [lane for lane, settings in enumerate(run.settings) if settings.gradient == gradient]
    return run["gain"][-1, lanes]


GAIN = (
    Goal(
        "twenty",
        "Bring the gain of a constant gradient above 20.",
        lambda run: bool((_gain(run, "constant") > 20).any()),
        "What is remembered adds up to 1 + β + β² + … = 1/(1 − β), once there have been about 1/(1 − β) steps.",
    ),
    Goal(
        "a_tenth",
        "Shrink an alternating gradient to less than a tenth of a plain step.",
        lambda run: run.finished and bool((_gain(run, "alternating") < 0.1).any()),
        "The heavy ball makes 1/(1 + β) of it, never less than half; the moving average (1 − β)/(1 + β), as it takes 1 "
        "− β of each gradient.",
    ),
)


def _all_escape(run: Attempt, optimizer: str, within: int) -> bool:
    """Whether all starts of a method have got away from the saddle point, in fewer steps than the run has."""
    lanes = [lane for lane, settings in enumerate(run.settings) if settings.optimizer == optimizer]
    return run.finished and bool((run["escape_time"][-1, lanes] < min(within, run.steps)).all())


SADDLE = (
    Goal(
        "newton_leaves",
        "Let Newton's method get away from the saddle point, from all eleven starts.",
        lambda run: run.steps >= 100 and _all_escape(run, "Newton", run.steps),
        "Newton's method divides by each eigenvalue: along a negative one it walks uphill. With δ above its size all "
        "divisors are positive.",
    ),
    Goal(
        "a_hundred",
        "Get gradient descent away from all eleven starts within 100 steps.",
        lambda run: run.steps >= 150 and _all_escape(run, "gradient descent", 100),
        "Downhill the distance is multiplied by 1 + η|λ| a step: ten times nearer costs ln 10 / ln(1 + η|λ|) steps "
        "more.",
    ),
)


def _iterations(run: Attempt, method: str) -> np.ndarray:
    """Until which step each valley took a method, the shortest valley first; NaN of those that are not there yet."""
    lanes = [lane for lane, settings in enumerate(run.settings) if settings.method == method]
    needed, error = run["iterations"][-1, lanes], run["error"][-1, lanes]
    return np.where((error <= TOLERANCE) | (needed < len(run.history) - 1), needed, np.nan)


def _within_a_budget(run: Attempt) -> bool:
    plain, ball = (np.isfinite(_iterations(run, method)) for method in TUNED)
    return run.finished and bool(ball.all()) and int(plain.sum()) <= 8


def _thirty_times(run: Attempt) -> bool:
    plain, ball = (_iterations(run, method) for method in TUNED)
    return bool((plain >= 30 * ball).any())


CONDITION = (
    Goal(
        "within_a_budget",
        "Let heavy ball arrive in all 13 valleys, gradient descent in at most eight.",
        _within_a_budget,
        "Gradient descent's steps grow with κ, heavy ball's with its root: what takes one through the longest valley "
        "takes the other through short ones only.",
    ),
    Goal(
        "thirty_times",
        "Find a valley where gradient descent takes 30 times heavy ball's steps.",
        _thirty_times,
        "The ratio of the two grows with √κ: momentum gains the more, the longer the valley.",
    ),
)


def _valley_arrivals(run: Attempt) -> list[tuple[np.ndarray, np.ndarray]]:
    """Of each valley the memories, and until which step each of them took; infinite of those not there yet."""
    needed, error = run["iterations"][-1], run["error"][-1]
    there = (error <= TOLERANCE) | (needed < len(run.history) - 1)
    memory = np.array([1 / (1 - settings.momentum) for settings in run.settings])
    return list(zip(memory.reshape(-1, MEMORIES), np.where(there, needed, np.inf).reshape(-1, MEMORIES), strict=True))


def _long_memory(run: Attempt) -> bool:
    return any(np.isfinite(needed).any() and memory[needed.argmin()] > 12 for memory, needed in _valley_arrivals(run))


def _only_in_between(run: Attempt) -> bool:
    there = np.isfinite(_valley_arrivals(run)[-1][1])
    return run.finished and bool(there.any()) and not there[0] and not there[-1]


MEMORY = (
    Goal(
        "long_memory",
        "Find a valley whose fastest memory is longer than twelve steps.",
        _long_memory,
        "The fastest memory is about √κ/4 + ½. It takes four times as long a valley to double it.",
    ),
    Goal(
        "only_in_between",
        "In the longest valley, let only memories of middling length arrive.",
        _only_in_between,
        "With too little memory it creeps along the flat direction; with too much every direction swings, and dies "
        "down slowly. Either takes more steps than there are.",
    ),
)


def _arrival(run: Attempt, lane: int) -> int | None:
    """From which step on the loss stays below 10⁻⁴ of the first; None if it does not."""
    above = np.flatnonzero(~(run["share"][:, lane] <= 1e-4))
    return None if above[-1] == len(run.history) - 1 else int(above[-1]) + 1


def _turned_unnoticed(run: Attempt) -> bool:
    """By two lanes of Adam that differ in the angle alone."""
    if not run.finished:
        return False
    adam = [lane for lane in run.left if run.settings[lane].optimizer == "Adam"]
    for axes, turned in permutations(adam, 2):
        first, other = run.settings[axes], run.settings[turned]
        along, across = _arrival(run, axes), _arrival(run, turned)
        if (
            first.angle == 0
            and 45 <= abs(other.angle) <= 135
            and first.with_value("angle", other.angle) == other
            and along is not None
            and across is not None
            and across <= 1.05 * along
        ):
            return True
    return False


def _same_path(run: Attempt) -> bool:
    plain = [lane for lane in run.left if run.settings[lane].optimizer == "gradient descent"]
    own, share = run["own"], run["share"][-1]
    return any(
        run.settings[b].loss_scale >= 10 * run.settings[a].loss_scale
        and max(share[a], share[b]) < 0.1
        and np.abs(own[:, a] - own[:, b]).max() < 1e-3
        for a, b in permutations(plain, 2)
    )


VALLEY = (
    Goal(
        "same_path",
        "Multiply a lane's loss by ten or more; let gradient descent keep its path.",
        _same_path,
        "c times the loss has c times the gradient: with η/c each step is what it was. Only the product of η and the "
        "curvature counts.",
    ),
    Goal(
        "turned_unnoticed",
        "Turn the valley by 45° to 135°; let Adam be as fast as along the axes.",
        _turned_unnoticed,
        "Adam has a scale for each coordinate. Turned by 90° the valley lies along the axes again: the coordinates "
        "have only changed places.",
    ),
)
