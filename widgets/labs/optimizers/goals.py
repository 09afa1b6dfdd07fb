"""What to try in the labs of lesson 1."""

from __future__ import annotations

import numpy as np

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
        "At its best η and β heavy ball multiplies the distance by about 1 − 2/√κ a step, gradient descent by about "
        "1 − 2/κ.",
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
        "The heavy ball makes 1/(1 + β) of it, never less than half; the moving average (1 − β)/(1 + β), as it "
        "takes 1 − β of each gradient.",
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
