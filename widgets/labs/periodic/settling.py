"""Where the norm comes to rest, and how long that takes, beside the closed form of it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from lessons.periodic.experiment import Periodic
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.theory import equilibrium_norm, settling_norm
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, broad, theory
from widgets.labs.periodic import goals
from widgets.labs.periodic.periods import idle_fields, invariant, rates_used
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Points
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

POINTS = 200
CHANGES = ("learning_rate", "weight_decay", "fixed_norm")  # from each of them on a norm settles anew


@dataclass(frozen=True)
class Settling:
    """How a norm settles: from which step on, at which rms of g, over which steps, and at which norm in the end."""

    start: int
    half: int
    gradient: float
    rate: float
    decay: float
    norm: float

    @property
    def rest(self) -> float:
        """The norm at which both forces are equal."""
        return float(equilibrium_norm(self.gradient, self.rate, self.decay))

    def at(self, steps: np.ndarray) -> np.ndarray:
        """The norm at these steps, all from `start` on."""
        return settling_norm(steps - self.start, self.norm, self.gradient, self.rate, self.decay)


class SettlingView(LabView[PeriodicSettings]):
    """Norms, and beside each how it settles if the effective gradient has the same rms all the time (dashes)."""

    name = "settling"
    title = "Where the norm comes to rest"
    experiment = Periodic()
    goals = goals.SETTLING
    shown = ("weight_decay", "initial_norm", "noise")
    more = (
        "learning_rate",
        "seed",
        "shift",
        "fixed_norm",
        "last_layer_norm",
        "width",
        "depth",
        "train_size",
        "batch_size",
        "steps",
    )
    step_figures = ("norm", "gradient", "loss")
    presets = (
        Preset(
            "three starts",
            "Fresh noise on the images at each step. Will the norms end at one height, and after how many steps?",
            tuple(
                {"noise": 0.6, "initial_norm": norm, "steps": 2000, "sharpness_every": 10_000}
                for norm in (1.0, 10.0, 30.0)
            ),
            ("from 1", "from 10", "from 30"),
            says=("initial_norm",),
        ),
        Preset(
            "three decays",
            "Twice λ: the norm settles in half the time, and somewhat lower.",  # holds: l6_settling_time
            tuple(
                {"noise": 0.6, "weight_decay": decay, "initial_norm": 30.0, "steps": 2500, "sharpness_every": 10_000}
                for decay in (0.002, 0.004, 0.008)
            ),
            ("λ = 0.002", "λ = 0.004", "λ = 0.008"),
        ),
        Preset(
            "to rest, or round and round",
            "All three are drawn to their dashes. Which of them stay there?",
            tuple(
                {"noise": noise, "initial_norm": 10.0, "steps": 2500, "sharpness_every": 10_000}
                for noise in (0.6, 0.3, 0.0)
            ),
            ("noise 0.6", "noise 0.3", "no noise"),
            says=("noise",),
        ),
    )

    def idle(self, settings: PeriodicSettings) -> tuple[str, ...]:
        return idle_fields(settings.optimizer, settings.weight_decay)

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        return {
            "norm": OverSteps(
                "Norm ρ, and how it settles if g has the same root mean square all the time",
                "norm ρ",
                Line("norm"),
                Curve(_path, "{lane}, settling", make=theory, showlegend=False),
                wide=True,
                legend=True,
                **LOG,
            ),
            "gradient": OverSteps(
                "Effective gradient g, and its root mean square over the second half so far",
                "g",
                Line("effective_gradient", line={"width": 1}, says="measured"),
                Curve(_level, "{lane}, rms", make=broad),
                **LOG,
            ),
            "loss": OverSteps("Loss over the run", "loss", Line("loss", line={"width": 1}), **LOG),
        }

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        lines = []
        for lane, found in enumerate(frame.once(settlings)):
            if found is None:
                lines.append(Reading(lane, "norm ρ", now(frame, "norm", lane)))
                continue
            last = frame.last(lane)
            share = frame.history["norm"][found.half : last + 1, lane].astype(float) / found.rest
            lines += [
                Reading(lane, "norm ρ", now(frame, "norm", lane), float(found.at(np.array([last]))[0])),
                Reading(lane, "equilibrium √(κ·rms g)", found.rest),
                Reading(lane, "ρ over it, second half", f"{share.min():.2f} to {share.max():.2f}"),
                Reading(lane, "steps to settle, 1/(4ηλ)", 1 / (4 * found.rate * found.decay)),
            ]
        return lines


def settlings(frame: Frame[PeriodicSettings]) -> list[Settling | None]:
    """How each lane's norm settles; None where nothing pulls it, it is held, or the theory is of another training."""
    return [_settling(frame, lane) for lane in range(len(frame.lanes))]


def _settling(frame: Frame[PeriodicSettings], lane: int) -> Settling | None:
    """From the first step on, which may throw a short norm far up, or from the last change in flight."""
    last, settings = frame.last(lane), frame.lanes.settings[lane]
    start = max([1, *(c.step for c in frame.changes if c.lane == lane and c.field in CHANGES)])
    rate, decay = (float(values[max(last - 1, 0)]) for values in rates_used(frame, lane))
    plain = settings.optimizer == "gradient descent" and invariant(frame) and not settings.learning_rate_decay
    if not plain or settings.fixed_norm or not 0 < rate * decay < 1 or last <= start:
        return None
    half = (start + last) // 2
    gradient = frame.history["effective_gradient"][half : last + 1, lane].astype(float)
    norm = float(frame.history["norm"][start, lane])
    return Settling(start, half, float(np.sqrt(np.square(gradient).mean())), rate, decay, norm)


def _path(frame: Frame[PeriodicSettings], lane: int) -> Points:
    """To the end of the run."""
    found = frame.once(settlings)[lane]
    if found is None:
        return [], []
    steps = np.linspace(found.start, frame.lanes.shared.steps, POINTS)
    return steps, found.at(steps)


def _level(frame: Frame[PeriodicSettings], lane: int) -> Points:
    found = frame.once(settlings)[lane]
    return ([], []) if found is None else ([found.half, frame.last(lane)], [found.gradient] * 2)
