"""Predictions to make in lesson 6, and sentences that are often written, true or not."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.periodic.phases import recorded_onsets
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.successive import SuccessiveMinima
from lessons.periodic.theory import delta_limits
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, limit
from widgets.labs.periodic.conv_questions import SmallerBatches
from widgets.labs.periodic.over_step import OverStep
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question, sampled
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import One, Points
from widgets.view.panels import Panel

FIRST, SECOND, THIRD = LANE_COLOURS[:3]
FAST = {"learning_rate": 1.0, "weight_decay": 0.008}


class WhichPenalty(OverStep):
    name = "which_penalty"
    prompt = "Two nets with the same η and λ. One has the penalty λ·Σx² in its loss, the other half of it."
    statement = "With λ·Σx² in the loss the weights shrink twice as fast as in the step x ← (1 − ηλ)x − η∇f(x)."
    answer = Choice((HOLDS, FAILS))
    settings: ClassVar = {"λ|x|²": {"penalty": "λ|x|²"}, "(λ/2)|x|²": {}}
    common: ClassVar = {"weight_decay": 0.02, "steps": 300, "train_size": 128}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        square, pushed = history["norm"].astype(float) ** 2, history["gradient_force"].astype(float)
        lost = 100 * (1 - np.sqrt(np.median((square[101:] - pushed[100:-1]) / square[100:-1], axis=0)))
        rate = float(lanes.learning_rate[0] * lanes.weight_decay[0]) * 100
        return Outcome(
            int(abs(lost[0] - 2 * rate) > 0.2 * rate),
            f"Here ηλ is {rate:.3g} %. With λ|x|² in the loss the weights lost {lost[0]:.4g} % a step, with (λ/2)|x|² "
            f"{lost[1]:.4g} %. The gradient of λ|x|² is 2λx, so only the half gives the step (1 − ηλ)x.",  # given
            (Misreading(1, "Weight decay λ is often written as the penalty λ|x|². It is the penalty (λ/2)|x|²."),),
        )


class NormSketch(OverStep):
    name = "norm_sketch"
    prompt = (
        "The norm begins at 3. In 1500 steps the loss breaks down twice, a little before half-way and at about four "
        "fifths of the way. Sketch the norm."
    )
    answer = Sketch(tolerance=0.14)
    settings: ClassVar = {"measured": {}}
    common: ClassVar = {"steps": 1500}

    @property
    def panel(self) -> Panel[PeriodicSettings]:
        ranges: dict[str, Any] = {"xaxis_range": [0, 1500], "yaxis_range": [0.0, 1.0]}
        return SketchPanel(
            self.caption, "step", self.axis, lambda history: sampled(history["norm"][:, 0]), **ranges, **LOG
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        norm, (onsets,) = history["norm"][:, 0].astype(float), recorded_onsets(history["onset"])
        said = ", ".join(f"{step} (at ρ = {norm[step]:.2g})" for step in onsets)
        return Outcome(
            (np.arange(len(norm), dtype=float), norm),
            f"It rose to {norm[:100].max():.2g} in the first steps. Then each step multiplied it by 1 − ηλ: a straight "
            f"line on this axis. It jumped back up at steps {said or 'that never came'}.",  # holds: l6_norm_falls
        )


class FourTimes(OverStep):
    name = "four_times"
    prompt = "With η = 0.5 and λ = 0.004 a period takes some 600 steps. How many does it take with η = 1 and λ = 0.008?"
    answer = Number(low=100, high=1200, step=10, tolerance=40, unit=" steps")
    settings: ClassVar = {"η = 1, λ = 0.008": FAST}
    common: ClassVar = {"steps": 1600}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        (onsets,) = recorded_onsets(history["onset"])
        period = float(np.diff(onsets).mean())
        return Outcome(
            period,
            f"It broke down {len(onsets)} times, {period:.0f} steps apart on average, and T·η·λ was "
            f"{period * 0.008:.2f}. In each period the norm falls by about the same factor. A step multiplies it by "
            "1 − ηλ, so four times ηλ take about a quarter of the time.",  # holds: l6_map_period
            (
                Misreading(300, "Half the time would be right if only one of η and λ were doubled."),
                Misreading(600, "A larger λ alone shortens the period: it does not stay as it is."),
                Misreading(1200, "A larger η does not slow anything down here: the norm falls faster."),
            ),
        )


class NormAndDecay(OverStep):
    name = "norm_and_decay"
    prompt = "Three nets: one as it is, one with twice the learning rate, one with twice the weight decay."
    statement = "A larger learning rate leads to a higher norm of the weights. The same holds for weight decay."
    answer = Choice((HOLDS, FAILS))
    settings: ClassVar = {
        "η = 1, λ = 0.004": {"learning_rate": 1.0, "weight_decay": 0.004},
        "η = 2, λ = 0.004": {"learning_rate": 2.0, "weight_decay": 0.004},
        "η = 1, λ = 0.008": FAST,
    }
    common: ClassVar = {"steps": 1800, "train_size": 128}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        onsets, norm = recorded_onsets(history["onset"]), history["norm"].astype(float)
        plain, rate, decay = (float(np.exp(np.log(norm[at, k]).mean())) for k, at in enumerate(onsets))
        periods = [float(np.diff(at).mean()) for at in onsets]
        return Outcome(
            int(not (rate > 1.1 * plain and decay > 1.1 * plain)),
            f"The norm at which they break down was {plain:.3g}; with twice η it was {rate:.3g}, with twice λ "
            f"{decay:.3g}. The period was {periods[0]:.0f} steps, then {periods[1]:.0f} and {periods[2]:.0f}. Weight "
            "decay sets the pace and not the height.",  # holds: l6_map_eta, l6_map_lambda
            (
                Misreading(
                    0, "What has to reach its limit is η/ρ², and λ is not in it: it only sets how fast ρ falls there."
                ),
            ),
        )


class JumpBound(OverStep):
    name = "jump_bound"
    prompt = "A net with ηλ = 0.2, far above what one uses. Does any step turn the weights by more than the bound?"
    statement = "As 1 − ηλ ≤ 1, a step can turn the weights by 1 − cos > δ only if ρ² ≤ ηg/√(2δ)."
    answer = Choice((HOLDS, FAILS))
    settings: ClassVar = {"measured turn": {"weight_decay": 0.4, "initial_norm": 30.0}}
    common: ClassVar = {"steps": 9, "train_size": 128}
    caption = "Turn 1 − cos of each step and the largest that the statement allows"
    axis = "1 − cos"

    @property
    def panel(self) -> Panel[PeriodicSettings]:
        measured = One[PeriodicSettings](lambda frame: self._points(frame, 0), "measured", FIRST, mode="lines+markers")
        allowed = One[PeriodicSettings](
            lambda frame: self._points(frame, 1),
            "allowed by the statement",
            SECOND,
            mode="lines+markers",
            make=limit,
        )
        return Panel(self.caption, "step", self.axis, measured, allowed, showlegend=True, **LOG)

    @staticmethod
    def turns(history: History) -> tuple[np.ndarray, np.ndarray]:
        """Return the measured turns and the largest ones allowed, each of shape (T,)."""
        norm, gradient = (history[name][:-1, 0].astype(float) for name in ("norm", "effective_gradient"))
        return history["cosine_distance"][1:, 0].astype(float), (0.5 * gradient / norm**2) ** 2 / 2

    def _points(self, frame: Frame[PeriodicSettings], which: int) -> Points:
        values = self.turns(frame.history)[which]
        return np.arange(1, len(values) + 1), values

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        measured, allowed = self.turns(history)
        ratio = measured / allowed
        return Outcome(
            int(ratio.max() > 1.01),
            f"{int((ratio > 1.01).sum())} of {len(ratio)} steps turned further, up to {ratio.max():.3g} times what is "
            "allowed. Exactly, tan = ηg/((1 − ηλ)ρ²): dividing by 1 − ηλ makes the turn larger, here by a factor of "
            f"{1 / (1 - 0.2) ** 2:.3g}. The bound needs 1 − ηλ about 1, and then it is a good one.",  # given
            (Misreading(0, "That 1 − ηλ is at most 1 works the other way: it stands below the line."),),
        )


def _turn(frame: Frame[PeriodicSettings]) -> Points:
    return sampled(frame.history["cosine_distance"][:, 0])


class SameCondition(OverStep):
    name = "same_condition"
    prompt = (
        "A net whose images are shifted at each step. Over its run g goes from ℓ to L, and δ is half of ηλL²/ℓ². Does "
        "a δ-jump come?"
    )
    statement = "That δ < ηλL²/ℓ² makes a jump with 1 − cos > δ possible, and yet it may never come."
    answer = Choice((HOLDS, FAILS))
    settings: ClassVar = {"1 − cos": {**FAST, "shift": 1}}
    common: ClassVar = {"steps": 1000, "train_size": 128}
    caption = "Turn 1 − cos of each step and below which δ a jump is possible and certain"
    axis = "1 − cos"
    settled: ClassVar[int] = 400

    @property
    def panel(self) -> Panel[PeriodicSettings]:
        return Panel(
            self.caption,
            "step",
            self.axis,
            One(_turn, "measured", FIRST),
            One(lambda frame: self._level(frame, 2), "δ, half of ηλL²/ℓ²", SECOND, make=limit),
            One(lambda frame: self._level(frame, 3), "ηλℓ²/L²", THIRD, make=limit),
            showlegend=True,
            **LOG,
        )

    def sizes(self, history: History) -> tuple[float, float, float, float]:
        """Return l and L from the settled step on, the delta of the question, and below which delta a jump is sure."""
        gradient = history["effective_gradient"][self.settled :, 0]
        low, high = float(gradient.min()), float(gradient.max())
        certain, possible = delta_limits(low, high, *(float(FAST[name]) for name in FAST))
        return low, high, float(possible) / 2, float(certain)

    def _level(self, frame: Frame[PeriodicSettings], which: int) -> Points | None:
        """A line at one of the sizes, which are not known before the settled step."""
        if len(frame.history) <= self.settled:
            return None
        return [self.settled, frame.lanes.shared.steps], [self.sizes(frame.history)[which]] * 2

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        turn = history["cosine_distance"][self.settled :, 0]
        low, high, size, certain = self.sizes(history)
        return Outcome(
            int((turn > size).any()),
            f"From step {self.settled} on g went from ℓ = {low:.2g} to L = {high:.2g}, so δ = {size:.2g}. The largest "
            f"turn in {len(turn)} steps was {turn.max():.2g}. That δ < ηλL²/ℓ² is the condition of the earliest time. "
            f"The latest time, by which a jump must have come, needs δ < ηλℓ²/L², here {certain:.2g}: "
            f"{100 * (turn > certain).mean():.0f} % of the steps turned further than that.",  # holds: l6_same_condition
            (
                Misreading(
                    1, "The same condition is often printed for both times. For the latest one ℓ and L change places."
                ),
            ),
        )


class HalfTheTime(OverStep):
    name = "half_the_time"
    prompt = "Two nets with fresh noise on their images, from ρ = 30. With twice λ the norm comes to rest …"
    answer = Choice(
        ("in half the time, and lower", "in half the time, at the same norm", "in the same time, at half the norm")
    )
    settings: ClassVar = {"λ = 0.004": {}, "λ = 0.008": {"weight_decay": 0.008}}
    common: ClassVar = {"steps": 1800, "noise": 0.6, "initial_norm": 30.0, "train_size": 128}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        norm = history["norm"].astype(float)
        rest = np.exp(np.log(norm[-300:]).mean(0))
        slow, fast = (int(step) for step in (norm < 1.1 * rest).argmax(0))
        sooner, lower = fast < 0.75 * slow, rest[1] < 0.97 * rest[0]
        return Outcome(
            (0 if lower else 1) if sooner else 2,
            f"It came within a tenth of {rest[0]:.3g} at step {slow}, and with twice λ within a tenth of {rest[1]:.3g} "
            f"at step {fast}. In 1/(4ηλ) steps ρ⁴ comes nearer by a factor of e. It comes to rest "
            "where ρ² is κ·rms g. κ has √λ below the line, so at the same g the norm is smaller by the fourth root "
            "of 2.",  # holds: l6_settling_time
            (
                Misreading(1, "The pull is stronger, so it balances the push at a smaller norm."),
                Misreading(2, "λ sets the pace: it is the share that a step takes away."),
            ),
        )


class TurnsAlone(OverStep):
    name = "turns_alone"
    prompt = (
        "Suppose that no breakdown comes without a far turn of the weights. Does the converse hold? Three noisy nets:"
    )
    statement = "Where the steps turn the weights by 1 − cos > 0.001, the net breaks down."
    answer = Choice((HOLDS, FAILS))
    settings: ClassVar = {f"seed {seed}": {"noise": 0.6, "seed": seed} for seed in range(3)}
    common: ClassVar = {"steps": 900, "train_size": 128}
    quantity = "cosine_distance"
    caption = "Turn 1 − cos of each step"
    axis = "1 − cos"

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        far = (history["cosine_distance"][300:] > 1e-3).mean()
        count = sum(map(len, recorded_onsets(history["onset"])))
        return Outcome(
            int(far > 0.1 and count <= 1),
            f"From step 300 on {100 * far:.0f} % of the steps turned so far, and the three nets together broke down "
            f"{count} times. The assumption goes one way: no breakdown without a turn.",  # holds: l6_turns_at_rest
            (Misreading(0, "What no breakdown is without may also come alone."),),
        )


class MoreOrFewer(OverStep):
    name = "momentum_and_periods"
    prompt = "Momentum smooths the gradient. At the same η, heavy ball with β = 0.9 breaks down …"
    answer = Choice(("less often, or not at all", "about as often", "at least twice as often"))
    settings: ClassVar = {"gradient descent": {}, "heavy ball": {"optimizer": "heavy ball"}}
    common: ClassVar = {"steps": 1500}
    quantity = "loss"
    caption = "Loss over the run"
    axis = "loss"

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        plain, heavy = (len(at) for at in recorded_onsets(history["onset"]))
        return Outcome(
            0 if heavy < plain else 2 if heavy >= 2 * plain else 1,
            f"In 1500 steps gradient descent broke down {plain} times and heavy ball {heavy} times. Its steps are "
            "1/(1 − β) times as long where they agree, and those of the decay do: the norm falls ten times as fast and "
            "more, and all comes sooner.",  # holds: l6_momentum
            (
                Misreading(0, "Averaging smooths steps of alternating sign. The pull of the decay never changes sign."),
                Misreading(1, "The same η is not the same step: v = βv + g adds up what points the same way."),
            ),
        )


class ForgetsEverything(OverStep):
    name = "forgets_everything"
    prompt = "Four nets, and the minima that one of them visits in successive periods. Compare their directions."
    statement = "A breakdown is no new start: minima of successive periods are more alike than independent nets are."
    answer = Choice((HOLDS, FAILS))
    experiment = SuccessiveMinima()
    settings: ClassVar = {f"seed {seed}": {**FAST, "seed": seed} for seed in range(4)}
    common: ClassVar = {"steps": 1000}

    @property
    def panel(self) -> Panel[PeriodicSettings]:
        marks = (("minima of one run", FIRST, "circle"), ("independent nets", SECOND, "diamond"))
        return Panel(
            "Cosine between the weights of each two minima",
            "pair, the most alike first",
            "cosine",
            *(
                One(
                    partial(self._pairs, which),
                    name,
                    colour,
                    mode="markers",
                    marker={"size": 10, "symbol": symbol, "color": colour},
                )
                for which, (name, colour, symbol) in enumerate(marks)
            ),
            yaxis_range=[-0.2, 1.0],
            xaxis_dtick=1,
            showlegend=True,
        )

    @staticmethod
    def cosines(history: History, lanes: Lanes) -> tuple[np.ndarray, np.ndarray]:
        """Return the cosines between each two minima of the first net, and of those of different nets; nan if none."""
        pairs = np.triu_indices(len(lanes), 1)
        names = "successive", "independent"
        successive, independent = (np.asarray(history.snapshot(f"{name}_cosines"))[pairs] for name in names)
        return successive, independent

    def _pairs(self, which: int, frame: Frame[PeriodicSettings]) -> Points:
        found = self.cosines(frame.history, frame.lanes)[which]
        known = np.sort(found[np.isfinite(found)])[::-1]
        return np.arange(1, len(known) + 1), known

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        own, others = self.cosines(history, lanes)
        return Outcome(
            int(np.nanmean(own) <= 3 * np.nanmax(np.abs(others))),
            f"The mean cosine between the weights of the run's own minima was {np.nanmean(own):.2g}, between "
            f"independent nets {np.nanmean(others):.2g} and nowhere more than {np.nanmax(np.abs(others)):.2g}. The "
            "breakdown throws the net far away, and yet it keeps something.",  # holds: l6_cosines
            (Misreading(1, "The loss is back where it began, and so it looks like a new start. The weights are not."),),
        )


ALL: tuple[Question, ...] = (
    WhichPenalty(),
    NormSketch(),
    FourTimes(),
    NormAndDecay(),
    JumpBound(),
    HalfTheTime(),
    SameCondition(),
    TurnsAlone(),
    MoreOrFewer(),
    ForgetsEverything(),
    SmallerBatches(),
)
