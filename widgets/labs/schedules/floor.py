"""The noise floor of many constant learning rates at once."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
import torch

from lessons.schedules.noisy_quadratic import NoisyQuadratic, eigenvalues, noise_of_a_batch
from lessons.schedules.settings import NoisyQuadraticSettings
from lessons.schedules.spreads import NOISE_FLOOR, FloorSettings
from lessons.schedules.theory import stationary_loss
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, theory
from widgets.labs.schedules import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

THEORY_POINTS = 100  # on a grid of their own, twice as fine as that of the measured rates


class FloorView(LabView[NoisyQuadraticSettings, FloorSettings]):
    """Mean loss of the last half of each run against the learning rate, with the closed form."""

    name = "noise_floor"
    title = "The noise floor of 48 learning rates"
    experiment = NoisyQuadratic()
    spread = NOISE_FLOOR
    compare = False
    step_figures = ()
    covered = ("floor",)
    shown = ("momentum", "noise", "batch_size")
    goals = goals.FLOOR
    presets = (
        Preset(
            "floor against η",
            "48 learning rates up to just below 2/λₘₐₓ, all with the same noise. How does the floor grow with η?",
            ({},),  # given
        ),
        Preset(
            "momentum",
            "With β = 0.9 the same small η makes a floor ten times as high.",
            ({"momentum": 0.9, "highest": 3.0},),  # holds: l2_momentum_raises_the_floor_tenfold
        ),
        Preset(
            "too small to arrive",
            "At the left end 800 steps are too few: the loss is what is left of the start, far above the floor.",
            ({"lowest": 0.001},),  # holds: l2_small_rates_remember_the_start
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[NoisyQuadraticSettings]]:
        return {
            "floor": Panel(
                "Mean loss over the last half of each run and the closed form",
                "learning rate η",
                "loss",
                One(self._dots, "measured", mode="markers", marker={"size": 6}),
                One(self._closed_form, "theory", make=theory, fixed=True),
                height=380,
                **LOG,
                **LOG_X,
            )
        }

    def _dots(self, frame: Frame[NoisyQuadraticSettings]) -> Points:
        measured = self._measured(frame)
        return frame.lanes.learning_rate.numpy(), np.where(measured > 0, measured, np.nan)

    def _closed_form(self, frame: Frame[NoisyQuadraticSettings]) -> Points:
        ends = frame.lanes.learning_rate.log()
        rates = torch.linspace(float(ends.min()), float(ends.max()), THEORY_POINTS, dtype=ends.dtype).exp()
        floors = self._floors(frame, rates).numpy()
        return rates.numpy(), np.where(np.isfinite(floors) & (floors > 0), floors, np.nan)

    def readings(self, frame: Frame[NoisyQuadraticSettings]) -> list[Reading]:
        floors = self._floors(frame, frame.lanes.learning_rate).numpy()
        measured, rates = self._measured(frame), frame.lanes.learning_rate.numpy()
        at = int(np.abs(np.log(rates / 0.1)).argmin())
        return [
            Reading(0, f"floor at η = {rates[at]:.3g}", float(measured[at]), float(floors[at])),
            Reading(0, "smallest η that diverged", min(self._gone(frame), default="none")),
        ]

    @staticmethod
    def _gone(frame: Frame) -> list[float]:
        rates = frame.lanes.learning_rate.tolist()
        return [rate for rate, end in zip(rates, frame.ends, strict=True) if end is not None]

    @staticmethod
    def _measured(frame: Frame) -> np.ndarray:
        loss = frame.history["loss"][frame.stop // 2 : frame.stop]
        with np.errstate(over="ignore", invalid="ignore"):
            mean = loss.mean(0)
        return np.where(np.isfinite(mean) & ~frame.gone, mean, np.nan)

    @staticmethod
    def _floors(frame: Frame[NoisyQuadraticSettings], rates: torch.Tensor) -> torch.Tensor:
        """The closed form at any learning rates; all else is the same in all lanes."""
        lanes = frame.lanes
        momentum = 0.0 if lanes.values("optimizer")[0] == "gradient descent" else float(lanes.momentum[0])
        return stationary_loss(rates, eigenvalues(lanes)[:1], float(noise_of_a_batch(lanes)[0]), momentum)
