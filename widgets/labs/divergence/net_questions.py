"""Predictions of lesson 3 about nets: what the sharpness does, and what a net does above its limit."""

from __future__ import annotations

from abc import abstractmethod
from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from widgets.figure.plots import grey, limit
from widgets.quiz.answer_kinds import Choice, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import Given, Level, Line
from widgets.view.panels import Panel


class _OnNet(Question[NetSettings]):
    experiment = Net()
    common: ClassVar[dict[str, Any]] = {"steps": 400, "sharpness_every": 5}

    @abstractmethod
    def _rates(self) -> tuple[float, ...]:
        """The learning rates to train with."""

    def lanes(self) -> Lanes[NetSettings]:
        return Lanes([NetSettings(learning_rate=rate, **self.common) for rate in self._rates()])


class SharpnessSketch(_OnNet):
    name = "sharpness_sketch"
    prompt = "A net trains with η = 0.2, so 2/η = 10. Sketch how its sharpness λₘₐₓ will go over 400 steps."
    answer = Sketch()

    def _rates(self) -> tuple[float, ...]:
        return (0.2,)

    @property
    def panel(self) -> Panel[NetSettings]:
        steps = self.common["steps"]
        return SketchPanel(
            "Sharpness",
            "step",
            "λₘₐₓ",
            _measured_sharpness,
            Given(([0, steps], [10, 10]), "2/η", grey(0.9), make=limit),
            Given(([0], [7]), "at the start", grey(0.9), mode="markers", marker={"size": 9}, cliponaxis=False),
            xaxis_range=[0, steps],
            yaxis_range=[0, 20],
        )

    def outcome(self, history: History, lanes: Lanes[NetSettings]) -> Outcome:
        steps, top = _measured_sharpness(history)
        return Outcome(
            (steps, top),
            # holds: l3_q_sketch
            f"It began at {top[0]:.3g}, was {top.max():.3g} at most and ended at {top[-1]:.3g}; 2/η is 10. Gradient "
            "descent goes to where it is just stable, and stays about there.",
        )


class ThereAndBack(_OnNet):
    name = "there_and_back"
    prompt = (
        "At the edge of stability with η = 0.2. At step 300 η falls to 0.15, and 2/η rises from 10 to 13.3; at step "
        "600 both go back. Sketch the sharpness."
    )
    answer = Sketch()
    common: ClassVar[dict[str, Any]] = {"steps": 800, "sharpness_every": 5}
    changes = tuple(Change(step=s, lane=0, field="learning_rate", value=eta) for s, eta in ((300, 0.15), (600, 0.2)))

    def _rates(self) -> tuple[float, ...]:
        return (0.2,)

    @property
    def panel(self) -> Panel[NetSettings]:
        line = [0, 300, 300, 600, 600, 800], [2 / eta for eta in (0.2, 0.2, 0.15, 0.15, 0.2, 0.2)]
        return SketchPanel(
            "Sharpness",
            "step",
            "λₘₐₓ",
            _measured_sharpness,
            Given(line, "2/η", grey(0.9), make=limit),
            xaxis_range=[0, self.common["steps"]],
            yaxis_range=[4, 18],
        )

    def outcome(self, history: History, lanes: Lanes[NetSettings]) -> Outcome:
        steps, top = _measured_sharpness(history)
        up, down, rise = float(top[steps == 400][0]), float(top[steps == 700][0]), float(history["loss"][600:].max())
        return Outcome(
            (steps, top),
            # holds: l3_q_there_and_back
            f"A hundred steps after η fell the sharpness was {up:.3g}, for progressive sharpening is slow. A hundred "
            f"steps after η rose it was {down:.3g}: going down is fast, as it is a divergence that ends itself. The "
            f"loss shot up from {history['loss'][600, 0]:.2g} to {rise:.2g} on the way.",
        )


class AlwaysDiverges(_OnNet):
    name = "always_diverges"
    prompt = "Here λₘₐₓ is far above 2/η at the start. What will the loss do?"
    statement = "A net whose learning rate is above 2/λₘₐₓ at the start diverges."
    answer = Choice((HOLDS, FAILS))
    common: ClassVar[dict[str, Any]] = {
        "steps": 40,
        "sharpness_every": 1,
        "activation": "relu",
        "depth": 1,
        "width": 128,
        "init_scale": 1.0,
    }

    def _rates(self) -> tuple[float, ...]:
        return (0.05,)

    @property
    def panel(self) -> Panel[NetSettings]:
        return Panel("Training loss over the run", "step", "loss", Line("loss", "loss"), yaxis_type="log")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        loss, top = history["loss"][:, 0], history["sharpness"][:, 0]
        recovered = bool(np.isfinite(loss[-1]) and loss[-1] < loss[0])
        return Outcome(
            int(recovered),
            # holds: l3_q_catapult
            f"At the start η λₘₐₓ was {0.05 * top[0]:.3g}, above 2. The loss rose from {loss[0]:.3g} to "
            f"{np.nanmax(loss):.3g} and fell to {loss[-1]:.3g}, while λₘₐₓ went from {top[0]:.3g} to {top[-1]:.3g}. "
            "The net was thrown to a flatter place. On a parabola, curved the same everywhere, there is no such place.",
        )


class AdamEdge(_OnNet):
    name = "adam_edge"
    prompt = (
        "Adam with β₁ = 0.9 and η = 0.01. Measure the sharpness after dividing as Adam divides. At what height will "
        "it settle?"
    )
    answer = Choice(("2/η = 200", "20/η = 2000", "38/η = 3800", "nowhere, it goes on rising"))
    heights = (200.0, 2000.0, 3800.0)
    common: ClassVar[dict[str, Any]] = {"steps": 300, "sharpness_every": 5, "optimizer": "Adam", "momentum": 0.9}

    def _rates(self) -> tuple[float, ...]:
        return (0.01,)

    @property
    def panel(self) -> Panel[NetSettings]:
        levels = [
            Level[NetSettings](height, name, grey(0.9))
            for height, name in zip(self.heights, self.answer.options, strict=False)
        ]
        return Panel(
            "Sharpness, preconditioned, and the heights to choose from",
            "step",
            "λₘₐₓ, preconditioned",
            Line("preconditioned_sharpness", "measured"),
            *levels,
            yaxis_range=[0, 6000],
        )

    def outcome(self, history: History, lanes: Lanes[NetSettings]) -> Outcome:
        top = history["preconditioned_sharpness"][history.measured("preconditioned_sharpness"), 0]
        late, before = float(np.mean(top[-20:])), float(np.mean(top[-40:-20]))
        nearest = int(np.argmin(np.abs(np.log(np.array(self.heights) / late))))
        return Outcome(
            nearest if late < 1.2 * before else 3,
            # holds: l3_q_adam
            f"Over the last hundred steps it was {late:.4g} on average. What Adam follows is a mean of gradients, and "
            "for the moving average the limit is 2(1+β)/((1−β)η), which is 38/η here.",
            (
                Misreading(0, "2/η is the limit without momentum, and that of RMSProp."),  # given
                # given
                Misreading(1, "A mean of ten gradients is not a tenth of a step: across a valley they cancel."),
                Misreading(3, "It rises at first. Where a step no longer is stable, it stops."),
            ),
        )


def _measured_sharpness(history: History) -> tuple[np.ndarray, np.ndarray]:
    steps = np.flatnonzero(history.measured("sharpness"))
    return steps.astype(float), history["sharpness"][steps, 0].astype(float)
