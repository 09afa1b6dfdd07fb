"""Predictions to make in lesson 2, and sentences that are often written, true or not."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT
from lessons.schedules.net import ScheduledNet
from lessons.schedules.noisy_quadratic import NoisyQuadratic
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings
from lessons.schedules.spreads import WARMUP_LENGTH, WarmupLengthSettings
from widgets.figure.colours import LANE_COLOURS, colour_of
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.schedules.warmup_length import LENGTHS, alive, shortest
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question, sampled
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import Curve, Level, Line, One, Part, Points
from widgets.view.panels import Panel

FIRST = LANE_COLOURS[0]


class _LossOverStep(Question[SettingsT]):
    """A few lanes and their loss over the step."""

    methods = ("schedule",)
    settings: ClassVar[dict[str, dict[str, Any]]]
    caption: ClassVar[str] = "Loss over the run"

    def lanes(self) -> Lanes[SettingsT]:
        return Lanes([self.experiment.settings_type.checked(each) for each in self.settings.values()], [*self.settings])

    @property
    def panel(self) -> Panel[SettingsT]:
        return Panel(self.caption, "step", "loss", self.losses(), legend=True, **LOG)

    def losses(self) -> Part[SettingsT]:
        """Return what is drawn of the lanes."""
        return Curve[SettingsT](lambda frame, lane: sampled(frame.history["loss"][:, lane]))


class FloorOfAQuarter(_LossOverStep):
    name = "floor_of_a_quarter"
    prompt = "With noisy gradients the loss stops falling at a floor. You divide η by four. The floor is …"
    answer = Choice(("the same", "divided by about two", "divided by about four", "divided by about sixteen"))
    experiment = NoisyQuadratic()
    settings: ClassVar = {f"η = {rate:g}": {"learning_rate": rate, "steps": 1200, "start": 2.0} for rate in (0.2, 0.05)}

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        floors = history["loss"][600:].mean(0)
        ratio = float(floors[0] / floors[1])
        nearest = int(np.abs(np.log([1, 2, 4, 16]) - np.log(ratio)).argmin())
        return Outcome(
            nearest,
            f"Over the last 600 steps the loss was {floors[0]:.3g} at η = 0.2 and {floors[1]:.3g} at η = 0.05: "
            f"{ratio:.3g} times as high. Each step adds noise of variance η²σ², and it takes some 1/(ηλ) "
            "steps to forget it.",  # holds: l2_question_a_quarter
            misreadings=(
                Misreading(0, "The floor is not the minimum: the steps make it, and shorter steps make a lower one."),
                Misreading(1, "The typical distance to the minimum is halved; the loss goes with its square."),
                Misreading(
                    3,
                    "One kick adds a sixteenth of the variance; but at a quarter of η it is remembered four times as "
                    "long, so four times as many kicks add up.",
                ),
            ),
        )


class RateOfABatch(_LossOverStep):
    name = "rate_of_a_batch"
    prompt = (
        "You average each gradient over sixteen samples instead of one. By what may you multiply η so that the floor "
        "of the loss stays about where it was?"
    )
    answer = Choice(("by nothing: the floor does not depend on the batch", "by four", "by sixteen", "by sixty-four"))
    experiment = NoisyQuadratic()
    settings: ClassVar = {
        f"B = {batch}, η = {rate:g}": {
            "learning_rate": rate,
            "batch_size": batch,
            "condition_number": 1.0,
            "start": 2.0,
            "steps": 800,
            "replicas": 64,
        }
        for batch, rate in ((1, 0.02), *((16, 0.02 * factor) for factor in (1, 4, 16, 64)))
    }

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        floors = history["loss"][400:].mean(0)
        nearest = int(np.abs(np.log(floors[1:] / floors[0])).argmin())
        listed = ", ".join(
            f"{floor / floors[0]:.2g} times that at η = {rate:g}"
            for rate, floor in zip(lanes.learning_rate[1:].tolist(), floors[1:], strict=True)
        )
        return Outcome(
            nearest,
            f"With one sample and η = 0.02 the loss was {floors[0]:.2g} over the last 400 steps; with sixteen samples "
            f"it was {listed}. "
            "A batch of B leaves a B-th of the noise's variance, and the floor is proportional to η times that.",
            # holds: l2_question_rate_of_a_batch
            misreadings=(
                Misreading(0, "A mean of sixteen samples is less noisy, and it is noise that makes the floor."),
                Misreading(1, "The standard deviation falls by that; the loss goes with the variance."),
                Misreading(3, "So large a step amplifies the noise: the floor is some ten times as high."),
            ),
        )


class RestartSketch(Question[NoisyQuadraticSettings]):
    name = "restart_sketch"
    prompt = "η falls as a cosine and jumps back up after 200 and 400 steps. Sketch the loss over 600 steps."
    answer = Sketch(tolerance=0.08)  # a flat line at the mean of the logarithms is 0.1 away
    experiment = NoisyQuadratic()

    def lanes(self) -> Lanes[NoisyQuadraticSettings]:
        values: dict[str, Any] = {
            "schedule": "warm restarts",
            "period": 200,
            "horizon": 600,
            "steps": 600,
            "replicas": 128,
        }
        return Lanes([NoisyQuadraticSettings(learning_rate=0.5, **values)])

    @property
    def panel(self) -> Panel[NoisyQuadraticSettings]:
        ranges: dict[str, Any] = {"xaxis_range": [0, 600], "yaxis_range": [-2, 1.2]}
        return SketchPanel("Loss", "step", "loss", lambda history: sampled(history["loss"][:, 0]), **ranges, **LOG)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        loss = history["loss"][:, 0].astype(float)
        low, high = loss[190:200].mean(), loss[230:260].mean()
        return Outcome(
            (np.arange(len(loss), dtype=float), loss),
            f"It fell to {low:.3g} before the first restart, rose to {high:.3g} after it, and ended at "
            f"{loss[-10:].mean():.3g}. The loss follows the floor of the η of the moment; at the end of a "
            "cycle η falls too fast for it.",
            # holds: l2_question_restart
        )


def _smoothed(lane: int, frame: Frame[ScheduledNetSettings]) -> Points:
    steps = np.arange(0, len(frame.history), 3)
    return steps, frame.history["smoothed_loss"][steps, lane]


class WarmupSurvivors(Question[ScheduledNetSettings]):
    name = "warmup_survivors"
    prompt = (
        "Twelve nets start with η = 0.3, and η λₘₐₓ between 7 and 13, far above 2, without warmup. How many of "
        "them come through the first 150 steps?"
    )
    answer = Number(low=0, high=12, step=1, tolerance=1)
    experiment = ScheduledNet()

    def lanes(self) -> Lanes[ScheduledNetSettings]:
        common: dict[str, Any] = {
            "learning_rate": 0.3,
            "steps": 150,
            "horizon": 400,
            "sharpness_every": 50,
            "train_size": 300,
        }
        each = [
            ScheduledNetSettings(schedule=schedule, seed=seed, **common)
            for schedule in ("constant", "warmup")
            for seed in range(12)
        ]
        return Lanes(each)

    @property
    def panel(self) -> Panel[ScheduledNetSettings]:
        kinds = [(name, colour_of("schedule", own)) for name, own in (("no warmup", "constant"), ("warmup", "warmup"))]
        nets = [
            One(partial(_smoothed, lane), *kinds[lane >= 12], line={"width": 1}, showlegend=lane % 12 == 0)
            for lane in range(24)
        ]
        axes: dict[str, Any] = {"xaxis_range": [0, 150], "yaxis_range": [-2, 2]}
        return Panel("Smoothed loss of all nets", "step", "loss", *nets, showlegend=True, **axes, **LOG)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        alive = np.isfinite(history["loss"][-1])
        without, with_it = int(alive[:12].sum()), int(alive[12:].sum())
        start = 0.3 * history["sharpness"][0, :12]
        return Outcome(
            without,
            f"Without warmup {without} of 12 came through, with it {with_it} of 12. At the start η λₘₐₓ was between "
            f"{start.min():.2g} and {start.max():.2g}; while η rises slowly, the net finds a flatter place.",
            misreadings=(
                Misreading(
                    12,
                    "A net can be thrown to a flatter place and live, but not from so far above the limit.",
                ),
            ),  # holds: l2_question_survivors
        )


class WarmupLength(Question[ScheduledNetSettings]):
    name = "warmup_length"
    prompt = (
        "η rises to 0.3 over 0, 5, 10, … 30, 40, … or 80 steps, then stays; sixteen nets for each. From which rise on "
        "do all come through?"
    )
    answer = Number(low=0, high=80, step=1, tolerance=8, unit=" steps")
    experiment = ScheduledNet()

    def lanes(self) -> Lanes[ScheduledNetSettings]:
        return WARMUP_LENGTH.lanes([WarmupLengthSettings()], [""])

    @property
    def panel(self) -> Panel[ScheduledNetSettings]:
        count = One[ScheduledNetSettings](
            lambda frame: (LENGTHS, alive(frame).sum(1)), "alive", FIRST, mode="lines+markers"
        )
        return Panel("Nets that have not diverged, of sixteen", "steps of warmup", "nets", count)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        through = np.isfinite(history["loss"]).all(0).reshape(len(LENGTHS), -1)
        enough = shortest(through)
        last, few = LENGTHS[-1], int(through[LENGTHS == 10].sum())
        return Outcome(
            last if enough is None else enough,  # holds: l2_thirty_steps_of_warmup
            f"All came through from {last if enough is None else enough} steps on; of those with 10 steps {few} did. "
            "The rise must be slow enough for the sharpness to come down with the limit.",
            (
                Misreading(10, "After ten steps the limit has just met the sharpness: the net has yet to get flatter."),
                Misreading(42, "So many are enough, as you saw in the lab. But fewer are, too."),
            ),
        )


class AboveTheLimit(Question[ScheduledNetSettings]):
    name = "above_the_limit"
    prompt = "Ten nets start with η λₘₐₓ between 3 and 5, and no warmup. Do they diverge?"
    statement = "A net that starts with a learning rate above 2/λₘₐₓ diverges; that is why one needs warmup."
    answer = Choice((HOLDS, FAILS))
    experiment = ScheduledNet()

    def lanes(self) -> Lanes[ScheduledNetSettings]:
        common: dict[str, Any] = {
            "learning_rate": 0.12,
            "steps": 200,
            "horizon": 400,
            "sharpness_every": 20,
            "train_size": 300,
        }
        return Lanes([ScheduledNetSettings(seed=seed, **common) for seed in range(10)])

    @property
    def panel(self) -> Panel[ScheduledNetSettings]:
        seeds = [(f"seed {seed}", FIRST) for seed in range(10)]
        return Panel(
            "η λₘₐₓ of each net",
            "step",
            "η λₘₐₓ",
            Line("eta_lambda", each=seeds, line={"width": 1}),
            Level(2, "limit of a parabola"),
            yaxis_tickformat="~g",
            xaxis_range=[0, 200],
            yaxis_rangemode="tozero",
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        start, end = history["eta_lambda"][0], history.newest("eta_lambda")
        above = start > 2
        diverged = int((~np.isfinite(history["loss"][-1]) & above).sum())
        return Outcome(
            int(diverged < above.sum()),
            f"{int(above.sum())} of 10 nets started above 2, the highest at {start.max():.3g}; {diverged} of them "
            f"diverged. After 200 steps their η λₘₐₓ was {np.nanmedian(end):.3g} (median). A little above the "
            "limit a net is thrown to a flatter place; far above it diverges, and warmup is what saves it.",
            # holds: l2_question_above_the_limit
            misreadings=(Misreading(0, "2/λₘₐₓ is the limit of a parabola; this net's sharpness gave way."),),
        )


class SchedulesAlwaysWin(_LossOverStep[ScheduledNetSettings]):
    name = "schedules_always_win"
    prompt = "The net on the digits, squared error, batches of 8: a constant η beside two that decay. Can this be?"
    statement = "A learning rate that is never lowered can end with a lower training loss than one that decays."
    answer = Choice((HOLDS, FAILS))
    experiment = ScheduledNet()
    caption = "Training loss over the run"
    settings: ClassVar = {
        schedule: {
            "schedule": schedule,
            "learning_rate": 0.4,
            "init_scale": 0.5,
            "batch_size": 8,
            "train_size": 200,
            "period": 210,
            "steps": 800,
            "horizon": 800,
            "sharpness_every": 50,
        }
        for schedule in ("constant", "exponential", "step decay")
    }

    def losses(self) -> Part[ScheduledNetSettings]:
        return Line("train_loss")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        ends = dict(zip(lanes.names, history.newest("train_loss").tolist(), strict=True))
        constant = ends.pop("constant")
        said = ", ".join(f"{loss:.3g} with {name}" for name, loss in ends.items())
        return Outcome(
            int(all(loss <= constant for loss in ends.values())),
            f"The training loss ended at {constant:.3g} with constant η, and at {said}. A schedule spends steps "
            "at small η, where it learns slowly; that pays when noise is what holds the loss up, and not before.",
            # holds: l2_question_schedules_always_win
            misreadings=(Misreading(1, "Noise is not what holds this loss up: at constant η it still falls."),),
        )


ALL: tuple[Question, ...] = (
    FloorOfAQuarter(),
    RateOfABatch(),
    RestartSketch(),
    WarmupSurvivors(),
    WarmupLength(),
    AboveTheLimit(),
    SchedulesAlwaysWin(),
)
