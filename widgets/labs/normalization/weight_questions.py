"""A question of lesson 5 about normalized weights."""

from __future__ import annotations

from typing import ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.normalizers import NormalizationName
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import Panel

DEPTH = 3
EXACT, ABOUT_ONE = 1.01, 1.3


def _stretch(frame: Frame[NormalizedNetSettings], lane: int) -> Points:
    return np.arange(1, DEPTH + 1), frame.history.snapshot("stretch")[lane]


class OnePowerIteration(Question[NormalizedNetSettings]):
    name = "one_power_iteration"
    prompt = (
        "Spectral norm divides a layer's weights by their largest singular value, and follows that by one power "
        "iteration a step while the weights move. After 200 steps, how far does a hidden layer stretch the direction "
        "that it stretches most?"
    )
    options = (
        "Not at all: its largest singular value is 1",
        "A little: it is between 1 and 1.3",
        "About as far as without: two or three times",
    )
    answer = Choice(options)
    experiment = NormalizedNet()
    methods = ("normalization",)
    kinds: ClassVar[tuple[NormalizationName, ...]] = ("none", "weight", "spectral")
    panel: ClassVar[Panel[NormalizedNetSettings]] = Panel(
        "Largest singular value of each hidden layer's weights, as they are used",
        "hidden layer",
        "σₘₐₓ",
        Curve(_stretch, mode="lines+markers"),
        One(lambda _: ([1, DEPTH], [1, 1]), "1", "#888", fixed=True, make=limit),
        legend=True,
        xaxis_dtick=1,
        yaxis_rangemode="tozero",
    )

    def lanes(self) -> Lanes[NormalizedNetSettings]:
        common = {"loss": "cross-entropy", "width": 16, "depth": DEPTH, "steps": 200, "follow_shift": False}
        settings = [NormalizedNetSettings.checked({**common, "normalization": kind}) for kind in self.kinds]
        return Lanes(settings, self.kinds)

    def outcome(self, history: History, lanes: Lanes[NormalizedNetSettings]) -> Outcome:
        none, weight, spectral = history.snapshot("stretch").astype(float)
        most = spectral.max()
        return Outcome(
            0 if most < EXACT else 1 if most < ABOUT_ONE else 2,
            f"It is {_listed(spectral)} in the three hidden layers: the weights move on while one iteration follows "
            f"them, so what it divides by is a little too small. It is {_listed(none)} without normalization and "
            f"{_listed(weight)} with weight norm, which holds the length of each unit's weights and not what a layer "
            "stretches.",  # holds: l5_stretch
            (
                Misreading(0, "It would be 1 if the iteration had settled; but the weights change at each step."),
                Misreading(2, "That is so without it, and with weight norm."),
            ),
        )


def _listed(values: np.ndarray) -> str:
    *first, last = (f"{value:.3g}" for value in values)
    return f"{', '.join(first)} and {last}"


ALL: tuple[Question, ...] = (OnePowerIteration(),)
