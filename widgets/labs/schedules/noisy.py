"""Noisy gradients on a quadratic: a schedule is drawn above the loss that it makes."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.schedules.noisy_quadratic import NoisyQuadratic, eigenvalues, noise_of_a_batch
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.settings import NoisyQuadraticSettings
from lessons.schedules.theory import stationary_loss
from widgets.figure.frame import Frame
from widgets.figure.plots import theory
from widgets.labs.schedules import goals
from widgets.labs.schedules.rate_figure import drawn_schedule, idle_schedule_fields, rate_panel
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

AVERAGED_STEPS = 100
# Times the highest floor: where the loss comes from in its first steps would take half of the figure.
HIGHEST = 10.0
# The mean of so many runs keeps within a quarter of its expectation.
COMMON = {"steps": 900, "horizon": 900, "replicas": 256}
TWO_DROPS = {"period": 350, "steps": 1000, "horizon": 1000}
# A flat direction that is a hundred times flatter, and little noise: whoever slows down too soon does not arrive.
LONG_WAY = {"condition_number": 100.0, "noise": 0.3}
BATCHES: dict[str, dict[str, Any]] = {
    "B = 1, η = 0.05": {"learning_rate": 0.05},
    "B = 8, η = 0.05": {"learning_rate": 0.05, "batch_size": 8},
    "B = 8, η = 0.4": {"learning_rate": 0.4, "batch_size": 8},
}
# A cycle's lowest learning rate is at its last step; the next one restarts.
BEFORE_A_RESTART = {"steps": 899}


def _lanes(*schedules: str, **common: Any) -> dict[str, Any]:
    """Lanes and names of a preset that compares schedules."""
    return {"lanes": tuple({**COMMON, "schedule": each, **common} for each in schedules), "names": schedules}


class NoisyView(LabView[NoisyQuadraticSettings]):
    """Learning rate, and the loss with its expectation, over the step."""

    name = "noisy_quadratic"
    title = "Schedules against noise"
    experiment = NoisyQuadratic()
    methods = ("schedule",)
    shown = ("learning_rate", "schedule", "noise")
    more = (
        "period",
        "decay_factor",
        "floor",
        "warmup_share",
        "batch_size",
        "horizon",
        "period_growth",
        "patience",
        "smoothing",
        "optimizer",
        "momentum",
        "sharpness",
        "condition_number",
        "dimension",
        "start",
        "replicas",
        "steps",
        "seed",
        *DRAWN_FIELDS,
    )
    rate_field = None
    step_figures = ("loss",)
    draws: ClassVar = ("rate",)
    goals = goals.NOISY
    presets = (
        Preset(
            "step decay lowers the floor",
            "A constant η stops at a floor of noise. What will each drop of η do to the loss?",
            **_lanes("constant", "step decay", **TWO_DROPS),
        ),
        Preset(
            "six schedules",
            "A long way to go in the flat direction, and little noise. Which is lowest half-way, and which in the end?",
            **_lanes(
                *("constant", "exponential", "step decay", "cosine", "one-cycle", "warm restarts"),
                **LONG_WAY,
                **BEFORE_A_RESTART,
                period=300,
            ),
        ),
        Preset(
            "divide when stuck",
            "One run and no plan: η is divided when the loss has had no new best for 50 steps. The smoothed loss can "
            "be trusted with that, the loss itself cannot.",
            tuple(
                {**COMMON, **LONG_WAY, "replicas": 1, "schedule": schedule, "smoothing": smoothing}
                for schedule, smoothing in (("constant", 0.97), ("divide when stuck", 0.97), ("divide when stuck", 0.0))
            ),
            ("constant", "divide when stuck", "without smoothing"),
            says=("schedule", "smoothing"),  # holds: l2_smoothing_keeps_chance_from_dividing
        ),
        Preset(
            "cycles and restarts",
            "The loss follows η up and down. What counts is where it is when η is low.",
            **_lanes("triangular", "warm restarts", period=150, **BEFORE_A_RESTART),  # holds: l2_loss_follows_the_rate
        ),
        Preset(
            "batches of eight",
            "Eight samples a batch leave an eighth of the variance of the noise. What does that buy: a lower floor, or "
            "the same floor sooner?",
            tuple({**COMMON, **of_a_batch} for of_a_batch in BATCHES.values()),
            tuple(BATCHES),  # holds: l2_batch_and_rate_in_proportion
        ),
        Preset(
            "draw your own",
            "Draw a curve into the figure of the learning rate. Can you end below the cosine?",
            **_lanes("cosine", "drawn"),
        ),
        Preset(
            "one run, not the mean of many",
            "The same, as a single training sees it: the floor hides in the noise.",
            **_lanes("constant", "step decay", **TWO_DROPS, replicas=1),  # holds: l2_one_run_hides_the_floor
        ),
    )

    def idle(self, settings: NoisyQuadraticSettings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings))

    def drawing(self, figure: str, x: np.ndarray, y: np.ndarray, settings: NoisyQuadraticSettings) -> dict[str, Any]:
        return drawn_schedule(x, y, settings, settings.steps)

    @property
    def panels(self) -> Mapping[str, Panel[NoisyQuadraticSettings]]:
        return {
            "rate": rate_panel(height=220, wide=True, legend="few"),
            "loss": OverSteps(
                "Loss, mean of the runs, and its expectation",
                "loss",
                Line("loss"),
                Line("expected_loss", "{lane}, expected", make=theory, showlegend=False),
                fit=_clip,
                legend=True,
                wide=True,
                yaxis_type="log",
            ),
        }

    def readings(self, frame: Frame[NoisyQuadraticSettings]) -> list[Reading]:
        rows = [frame.last(lane) for lane in range(len(frame.lanes))]
        rates = frame.history["learning_rate"][rows, range(len(rows))]
        floors = _floors(frame.lanes, frame.lanes.learning_rate.new_tensor(rates))
        return [line for lane in range(len(frame.lanes)) for line in self._of_lane(frame, lane, floors[lane])]

    def _of_lane(self, frame: Frame, lane: int, floor: float) -> list[Reading]:
        row = frame.last(lane)
        recent = slice(max(0, row + 1 - AVERAGED_STEPS), row + 1)
        measured, expected = (float(frame.history[name][recent, lane].mean()) for name in ("loss", "expected_loss"))
        return [
            Reading(lane, "η now", now(frame, "learning_rate", lane)),
            Reading(lane, f"loss, mean of the last {AVERAGED_STEPS} steps", measured, expected),
            Reading(lane, "floor if η stayed here", "none: η is too large" if np.isinf(floor) else floor),
        ]


def _floors(lanes: Lanes[NoisyQuadraticSettings], rates: Tensor) -> list[float]:
    """The noise floor of each lane if its learning rate were this, and stayed."""
    plain = [rule == "gradient descent" for rule in lanes.values("optimizer")]
    momentum = lanes.momentum.masked_fill(lanes.momentum.new_tensor(plain).bool(), 0.0)
    return stationary_loss(rates, eigenvalues(lanes), noise_of_a_batch(lanes), momentum).tolist()


def _clip(frame: Frame[NoisyQuadraticSettings]) -> dict[str, Any]:
    """End the axis above the floors; until the lowest curve comes near its own, above that: an axis whose upper end is
    below its lower one is turned over, and stays so."""
    loss = frame.history["loss"][: frame.stop]
    lowest = loss.min(where=loss > 0, initial=np.inf)
    top = HIGHEST * max(*_floors(frame.lanes, frame.lanes.learning_rate), lowest)
    return {"yaxis.autorangeoptions.clipmax": top if 0 < top < np.inf else None}
