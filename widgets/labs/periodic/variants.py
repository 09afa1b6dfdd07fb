"""Several trainings side by side: what makes the periods shorter, longer, or stop."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.periodic.experiment import Periodic
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.theory import equilibrium_norm
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.periodic import clock_goals
from widgets.labs.periodic.moments import Moments
from widgets.labs.periodic.periods import (
    MORE,
    idle_fields,
    invariant,
    limit_reading,
    period_readings,
    rate_panel,
    rates_used,
)
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Level, Line
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

STRETCH = 50  # steps


def _side_by_side(lanes: dict[str, dict[str, Any]], **common: Any) -> dict[str, Any]:
    shared = {"steps": 2000, "sharpness_every": 100, **common}
    return {"lanes": tuple({**shared, **each} for each in lanes.values()), "names": tuple(lanes)}


class VariantsView(LabView[PeriodicSettings]):
    """Loss, norm, effective learning rate and the moments at which several lanes break down."""

    name = "variants"
    title = "What changes the periods"
    experiment = Periodic()
    goals = clock_goals.VARIANTS
    shown = ("learning_rate", "weight_decay", "fixed_norm")
    more = (
        "learning_rate_decay",
        "optimizer",
        "momentum",
        "seed",
        *(name for name in MORE if name != "learning_rate_decay"),
    )
    step_figures = ("loss",)
    presets = (
        Preset(
            "how to avoid it",
            "Four cures, and one net left alone. Which of the five will break down in this run?",
            **_side_by_side(
                {
                    "left alone": {},
                    "no weight decay": {"weight_decay": 0.0},
                    "norm fixed": {"fixed_norm": True},
                    "η decays": {"learning_rate_decay": 0.001},
                    "a sixteenth of η·λ": {"learning_rate": 0.125, "weight_decay": 0.001},
                }
            ),
            says=("learning_rate", "weight_decay", "fixed_norm", "learning_rate_decay"),
        ),
        Preset(
            "momentum",
            "At the same η, heavy ball with β = 0.9 takes steps ten times as long where they agree.",  # given
            **_side_by_side({"gradient descent": {}, "heavy ball": {"optimizer": "heavy ball"}}),
        ),
        Preset(
            "more is trained",
            "Trained γ and β, a trained last layer: still periods, and on average they come sooner.",
            # holds: l6_more_trained
            **_side_by_side(
                {
                    "hidden weights": {},
                    "γ and β too": {"trainable_affine": True},
                    "last layer too": {"trainable_last_layer": True},
                }
            ),
        ),
        Preset(
            "augmentation",
            "Fresh noise or shifts at each step. Which keep the breakdowns away, and where does the norm settle?",
            **_side_by_side(
                {
                    "as they are": {},
                    "noise 0.3": {"noise": 0.3},
                    "noise 0.6": {"noise": 0.6},
                    "shifts by 1": {"shift": 1},
                    "shifts by 2": {"shift": 2},
                },
            ),
        ),
        Preset(
            "which penalty",
            "λ|x|² is (λ/2)|x|² with twice the λ: two of the lanes are one.",  # holds: l6_penalty
            **_side_by_side(
                {
                    "(λ/2)|x|²": {},
                    "λ|x|²": {"penalty": "λ|x|²"},
                    "(λ/2)|x|², twice λ": {"weight_decay": 0.008},
                },
                steps=1500,
            ),
            says=("penalty", "weight_decay"),
        ),
    )

    def idle(self, settings: PeriodicSettings) -> tuple[str, ...]:
        return idle_fields(settings.optimizer, settings.weight_decay)

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        thin = {"width": 1.5}
        return {
            "loss": OverSteps("Loss over the run", "loss", Line("loss", line=thin), **LOG),
            "norm": OverSteps("Norm ρ of the weights", "norm ρ", Line("norm", line=thin), **LOG),
            "rate": rate_panel(),
            "balance": OverSteps(
                "What pushes ρ² up, as a share of what pulls it down, over 50 steps",
                "push / pull",
                Level(1.0, "equal"),
                Line(_push_over_pull, line=thin),
                **LOG,
            ),
            "moments": Moments(),
        }

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            lines += [
                *period_readings(frame, lane, rates_used(frame, lane)),
                Reading(lane, "norm ρ", now(frame, "norm", lane)),
                *_equilibrium(frame, lane),
                limit_reading(frame, lane),
                Reading(lane, "loss", now(frame, "loss", lane)),
                Reading(lane, "test error", now(frame, "test_error", lane)),
            ]
        return lines


def _push_over_pull(frame: Frame[PeriodicSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """eta^2 g^2/rho^2 over 2 eta lambda rho^2, each summed over the last `STRETCH` steps; nan where nothing pulls."""
    sums = []
    for name in ("gradient_force", "decay_force"):
        upto = np.concatenate([[0.0], np.cumsum(frame.history[name][: frame.stop, lane].astype(float))])
        sums.append(upto[steps + 1] - upto[np.maximum(steps + 1 - STRETCH, 0)])
    with np.errstate(divide="ignore", invalid="ignore"):
        return np.where(sums[1] > 0, sums[0] / sums[1], np.nan)


def _equilibrium(frame: Frame[PeriodicSettings], lane: int) -> list[Reading]:
    """The norm at which both forces are equal on average, by the gradients of the second half of the run so far."""
    settings, row = frame.lanes.settings[lane], frame.last(lane)
    rate, decay = (values[max(row - 1, 0)] for values in rates_used(frame, lane))
    if settings.optimizer != "gradient descent" or not rate * decay or not invariant(frame):
        return []
    gradient = frame.history["effective_gradient"][row // 2 : row + 1, lane].astype(float)
    rms = float(np.sqrt(np.square(gradient).mean()))
    return [Reading(lane, "equilibrium √(κ·rms g)", float(equilibrium_norm(rms, rate, decay)))]
