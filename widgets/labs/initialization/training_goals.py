"""What to try with the nets of lesson 4 that are trained."""

from __future__ import annotations

import numpy as np

from widgets.view.goals import Attempt, Goal

NOTHING = 0.15  # accuracy of a net that has learned nothing: guessing gets a tenth right, or little more


def _right_deviation(run: Attempt) -> bool:
    if not run.finished or run.lanes.shared.depth < 50:
        return False
    accuracy = run.newest("test_accuracy")
    return any(run.settings[lane].scheme == "normal" and accuracy[lane] > 0.25 for lane in run.left)


def _wrong_gain(run: Attempt) -> bool:
    """At the learning rate of the opening or more, and as long: no other reason to learn nothing."""
    if not run.finished or run.lanes.shared.depth < 50 or run.steps < 200:
        return False
    accuracy = run.newest("test_accuracy")
    return any(
        settings.scheme == "orthogonal"
        and settings.activation == "tanh"
        and settings.gain != 1
        and settings.learning_rate >= 0.03
        and accuracy[lane] < NOTHING
        for lane, settings in ((lane, run.settings[lane]) for lane in run.left)
    )


SCHEMES = (
    Goal(
        "right_deviation",
        "Find a σ with which fifty layers name a quarter of the test images rightly.",
        _right_deviation,
        "Each layer multiplies a small signal by about σ√n. With 32 units σ = 0.18 makes that 1: below it fifty layers "
        "lose signal and gradient, above it units saturate.",
    ),
    Goal(
        "wrong_gain",
        "Let orthogonal weights learn nothing in fifty tanh layers, by their gain.",
        _wrong_gain,
        "Orthogonal weights treat all directions alike, and a gain multiplies all of them in each layer. Too small, "
        "and they fade; too large, and the units saturate.",
    ),
)


def _flat_end(run: Attempt) -> bool:
    if not _is_followed(run):
        return False
    sharpness, loss = run.newest("sharpness"), run["loss"][-1]
    return any(sharpness[lane] < 5.5 and loss[lane] < 0.02 for lane in run.left)


def _keeps_away(run: Attempt) -> bool:
    if not _is_followed(run):
        return False
    highest, loss = np.nanmax(run["sharpness"], axis=0), run["loss"][-1]
    return any(
        settings.optimizer == "gradient descent" and highest[lane] * settings.learning_rate < 1 and loss[lane] < 0.12
        for lane, settings in ((lane, run.settings[lane]) for lane in run.left)
    )


def _is_followed(run: Attempt) -> bool:
    """Whether it has come to its end, under squared error, with the sharpness measured."""
    return run.finished and run.lanes.shared.loss == "squared error" and "sharpness" in run.history


SPECTRUM = (
    Goal(
        "flat_end",
        "With squared error, end at a λₘₐₓ below 5.5 and a loss below 0.02.",
        _flat_end,
        "A net gets sharper until its limit 2/η holds it: η sets where it ends. But only a start that is flat enough "
        "survives a large η.",
    ),
    Goal(
        "keeps_away",
        "With squared error, learn to below 0.12, with λₘₐₓ never above half of 2/η.",
        _keeps_away,
        "A small η has its limit far off. Nothing holds the curvature there, and it stays near that of the first "
        "weights, or climbs slowly.",
    ),
)
