"""Predictions to make in lesson 3, and sentences that are often written, true or not."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.divergence.bowl import Bowl
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import BowlSettings, ParabolaSettings, TurnedBowlSettings
from lessons.divergence.sweep import learning_rate_sweep
from widgets.figure.colours import colours_of
from widgets.figure.frame import Frame
from widgets.figure.plots import grey, limit
from widgets.labs.divergence.net_questions import AdamEdge, AlwaysDiverges, SharpnessSketch, ThereAndBack
from widgets.quiz.answer_kinds import Choice, Number
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.view.lines import Line, One, Points
from widgets.view.panels import Panel

BOTTOM, TOP = 1e-12, 1e5


class _OnParabola(Question[ParabolaSettings]):
    """Distance to the minimum of a few descents on the parabola."""

    experiment = Parabola()
    ratios: ClassVar[tuple[float, ...]]

    def lanes(self) -> Lanes[ParabolaSettings]:
        settings = [ParabolaSettings(ratio=ratio, steps=30) for ratio in self.ratios]
        return Lanes(settings, [f"η = {ratio:g} ηₒₚₜ" for ratio in self.ratios])

    @property
    def panel(self) -> Panel[ParabolaSettings]:
        return Panel("Distance to the minimum", "step", "|x|", Line(_distance), legend=True, yaxis_type="log")


def _distance(frame: Frame[ParabolaSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return np.abs(frame.history["position"][steps, lane])


class StepFactor(_OnParabola):
    name = "step_factor"
    prompt = (
        "On the parabola, with η = 1.8 ηₒₚₜ: by what factor, without its sign, does each step multiply the distance to "
        "the minimum?"
    )
    answer = Number(low=0.0, high=2.0, step=0.05, tolerance=0.051)
    ratios = (1.8,)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        x = np.abs(history["position"][:, 0])
        factor = float((x[-1] / x[0]) ** (1 / (len(x) - 1)))
        return Outcome(
            factor,
            # holds: l3_q_step
            f"It is |1 − η/ηₒₚₜ|: here {factor:.3g}. η is far beyond ηₒₚₜ, and it still converges.",
            (
                Misreading(1.8, "1.8 is η over ηₒₚₜ; the factor is 1 minus that, here without its sign."),
                Misreading(0.2, "0.2 is how far 1.8 is from the limit 2; the factor is |1 − 1.8|."),
                Misreading(0.64, "0.64 is the factor of the loss, which goes with the square of the distance."),
            ),
        )


class DivergesAtTheLimit(_OnParabola):
    name = "diverges_at_the_limit"
    prompt = "Is this so for every such η?"
    statement = "Gradient descent on a parabola diverges if η ≥ 2 ηₒₚₜ."
    answer = Choice((HOLDS, FAILS))
    ratios = (2.0, 2.05)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        growth = np.abs(history["position"][-1] / history["position"][0])
        return Outcome(
            int(growth[0] <= 1 + 1e-9),
            # holds: l3_q_limit
            f"After 30 steps the distance was {growth[0]:.3g} times the first one at 2 ηₒₚₜ, and {growth[1]:.3g} "
            "times at 2.05 ηₒₚₜ. At equality it jumps from side to side for ever; it diverges strictly above.",
        )


class _Sweeps(Question[BowlSettings]):
    """The smallest learning rate at which the loss grows, measured by a sweep on the bowl for each of some settings."""

    experiment = Bowl()
    cases: ClassVar[dict[str, dict[str, Any]]]
    settings: ClassVar[type[BowlSettings]] = BowlSettings
    lowest, highest, rates = 0.5, 8.0, 97

    def lanes(self) -> Lanes[BowlSettings]:
        common = {"condition_number": 20.0, "steps": 120}
        each = [
            learning_rate_sweep(self.settings, {**common, **case}, self.lowest, self.highest, self.rates)
            for case in self.cases.values()
        ]
        return Lanes([settings for lanes in each for settings in lanes.settings])

    @property
    def panel(self) -> Panel[BowlSettings]:
        colours = colours_of([BowlSettings(**case) for case in self.cases.values()])
        dots = [
            One[BowlSettings](partial(self._losses, k), name, colour, mode="markers", marker={"size": 7 - 3 * k})
            for k, (name, colour) in enumerate(zip(self.cases, colours, strict=True))
        ]
        return Panel(
            "Loss now, for each learning rate",
            "η",
            "loss",
            *dots,
            One(self._start, "loss at the start", grey(0.9), make=limit),
            xaxis_type="log",
            xaxis_tickvals=[0.5, 1, 2, 4, 8],
            yaxis_type="log",
            yaxis_range=[np.log10(BOTTOM) - 0.5, np.log10(TOP) + 0.5],
            showlegend=len(dots) > 1,
        )

    def _losses(self, case: int, frame: Frame[BowlSettings]) -> Points:
        rows = self._rows(case)
        loss = np.nan_to_num(frame.history["loss"][-1][rows], nan=TOP)
        return frame.lanes.learning_rate.numpy()[rows], np.clip(loss, BOTTOM, TOP)

    def _start(self, frame: Frame[BowlSettings]) -> Points:
        return [self.lowest, self.highest], [float(frame.history["loss"][0, 0])] * 2

    def _rows(self, case: int) -> slice:
        return slice(case * self.rates, (case + 1) * self.rates)

    def limits(self, history: History, lanes: Lanes) -> list[float]:
        """Return for each case the smallest learning rate at which the loss ended above its start."""
        grown = ~(history["loss"][-1] <= history["loss"][0])
        rates = lanes.learning_rate.numpy()
        return [float(rates[rows][grown[rows]].min()) for rows in map(self._rows, range(len(self.cases)))]


class TurnedBowl(_Sweeps):
    name = "turned_bowl"
    prompt = "You turn a long valley from lying along an axis to lying across both axes. The largest stable η …"
    answer = Choice(("grows", "shrinks", "stays the same"))
    cases: ClassVar = {"0°": {"angle": 0.0}, "45°": {"angle": 45.0}}
    settings = TurnedBowlSettings

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        straight, turned = self.limits(history, lanes)
        same = abs(turned / straight - 1) < 0.05
        return Outcome(
            2 if same else int(turned < straight),
            # holds: l3_q_turned
            f"The loss grew from η = {straight:.3g} on at 0° and from {turned:.3g} on at 45°. What counts is the "
            "curvature along the eigen-directions, and they turn with the bowl.",
            (
                # given
                Misreading(
                    0, "At 45° both diagonal entries are 0.525, but neither is the curvature of an eigen-direction."
                ),
                Misreading(1, "Now both coordinates zigzag, but it is the same zigzag along the same steep direction."),
            ),
        )


class HeavyBallLimit(_Sweeps):
    name = "heavy_ball_limit"
    prompt = "λₘₐₓ is 1, so gradient descent diverges above η = 2. Where does heavy ball with β = 0.9?"
    answer = Number(low=0.0, high=6.0, step=0.1, tolerance=0.21)
    cases: ClassVar = {"heavy ball": {"optimizer": "heavy ball", "momentum": 0.9}}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        (limit,) = self.limits(history, lanes)
        return Outcome(
            limit,
            # holds: l3_q_heavy
            f"The smallest of these rates at which the loss grew is {limit:.3g}; in theory it is 2(1+β)/λₘₐₓ = 3.8. "
            "Momentum makes room for larger steps.",
            (
                Misreading(
                    0.2, "0.2 is 2(1−β), as if every step were ten times as long. Across a valley steps cancel."
                ),
                Misreading(1.4, "1.36 is Nesterov's limit: its look-ahead is less stable."),
                Misreading(2.0, "2 is the limit of gradient descent; with momentum, steps across the valley cancel."),
            ),
        )


class Plateau(_Sweeps):
    name = "plateau"
    prompt = "Heavy ball with β = 0.9 and λₘₐₓ = 1. Is this so, apart from its swinging?"
    statement = "From η = 0.5 up to the limit at 3.8, a larger learning rate makes the loss fall no faster."
    answer = Choice((HOLDS, FAILS))
    cases: ClassVar = {"heavy ball": {"optimizer": "heavy ball", "momentum": 0.9}}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        rates, loss = lanes.learning_rate.numpy(), history["loss"]
        low, high = (float(np.median(loss[-1][part])) for part in ((rates < 1), (rates > 1.8) & (rates < 3.6)))
        faster = (low / high) ** (0.5 / (len(loss) - 1)) > 1.01
        each, step = [(end / float(loss[0, 0])) ** (0.5 / (len(loss) - 1)) for end in (low, high)], 0.9**0.5
        return Outcome(
            int(faster),
            # holds: l3_q_plateau
            f"Each step multiplied the distance by {each[0]:.3g} for η between 0.5 and 1, by {each[1]:.3g} between 1.8 "
            f"and 3.6 (medians); √β is {step:.3g}. Once the ball swings along every direction, friction alone brings "
            "it to rest, and β sets the friction.",
        )


class DiagonalRule(_Sweeps):
    name = "diagonal_rule"
    prompt = "The valley lies at 45°, so both diagonal entries are 0.525, and 2/0.525 is 3.8. Is this so?"
    statement = "Gradient descent can diverge although η is below 2 divided by every diagonal entry of the Hessian."
    answer = Choice((HOLDS, FAILS))
    cases: ClassVar = {"45°": {"angle": 45.0}}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        (limit,) = self.limits(history, lanes)
        diagonal = (1 + 1 / 20) / 2
        return Outcome(
            int(limit > 0.95 * 2 / diagonal),
            # holds: l3_q_diagonal
            f"The loss grew from η = {limit:.3g} on, not from {2 / diagonal:.3g}: the limit is 2/λₘₐₓ, and an "
            "eigenvalue can be larger than every diagonal entry.",
        )


ALL: tuple[Question, ...] = (
    StepFactor(),
    DivergesAtTheLimit(),
    TurnedBowl(),
    DiagonalRule(),
    HeavyBallLimit(),
    Plateau(),
    SharpnessSketch(),
    ThereAndBack(),
    AlwaysDiverges(),
    AdamEdge(),
)
