"""The main show: a net that trains in periods, with everything that drives them."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from lessons.core.settings import SettingsT
from lessons.periodic.experiment import Periodic
from lessons.periodic.phases import Phase, recorded_onsets
from lessons.periodic.settings import PENALTY_FACTORS, PeriodicSettings
from lessons.periodic.theory import next_norm
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, limit, theory, thin
from widgets.labs.periodic import goals
from widgets.labs.periodic.phase_shades import BANDED, shades
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, Part
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

LOG_125 = {**LOG, "yaxis_dtick": "D2"}  # for what `fit_ticks` follows
TICKS_125, MOST_DECADES_125, MOST_TICKS = "D2", 2.5, 6
MORE = (
    "penalty",
    "learning_rate_decay",
    "trainable_affine",
    "trainable_last_layer",
    "noise",
    "shift",
    "initial_norm",
    "last_layer_norm",
    "normalization",
    "width",
    "depth",
    "train_size",
    "batch_size",
    "sharpness_every",
    "steps",
)


Rates = tuple[np.ndarray, np.ndarray]


def idle_fields(optimizer: str, weight_decay: float) -> tuple[str, ...]:
    """Name the settings of `PeriodicSettings` that have no effect under these."""
    momentum = ("momentum",) if optimizer == "gradient descent" else ()
    return (*momentum, *(() if weight_decay else ("penalty",)))


def rates_used(frame: Frame[PeriodicSettings], lane: int) -> Rates:
    """Return eta and lambda of each update, changes in flight included: each of shape (steps,)."""
    settings = frame.lanes.settings[lane]
    decayed = (1 - settings.learning_rate_decay) ** np.arange(frame.lanes.shared.steps)
    factor = PENALTY_FACTORS[settings.penalty]
    return frame.at_each_step(lane, "learning_rate") * decayed, frame.at_each_step(lane, "weight_decay") * factor


def invariant(frame: Frame[PeriodicSettings]) -> bool:
    """True if the nets are scale-invariant, so that what the theory says of a sphere says something of them."""
    return frame.lanes.shared.normalization == "batch norm"


def ticks(values: np.ndarray) -> str | int:
    """Return `dtick` of a logarithmic axis for these values: labels at 1, 2 and 5, or at so many decades."""
    known = values[np.isfinite(values) & (values > 0)]
    decades = float(np.log10(known.max() / known.min())) if len(known) else 0.0
    return TICKS_125 if decades <= MOST_DECADES_125 else max(1, round(decades / MOST_TICKS))


def fit_ticks(*quantities: str) -> Callable[[Frame], dict[str, Any]]:
    """Return what labels a logarithmic axis so that, however far its curves reach, no label lies on another."""

    def fit(frame: Frame) -> dict[str, Any]:
        seen = [frame.history[name][: frame.stop].ravel() for name in quantities]
        return {"yaxis.dtick": ticks(np.concatenate(seen))}

    return fit


def predicted_norms(frame: Frame[PeriodicSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """Return the norm at these steps, from the one before each by Pythagoras; nan where there is no such rule."""
    plain = frame.lanes.settings[lane].optimizer == "gradient descent" and invariant(frame)
    return by_pythagoras(frame, lane, steps, rates_used(frame, lane)) if plain else np.full(len(steps), np.nan)


def by_pythagoras(frame: Frame[SettingsT], lane: int, steps: np.ndarray, used: Rates) -> np.ndarray:
    """Return the norm of a net in plain gradient descent at these steps, from the one before each.

    Args:
        frame: With `norm`, `effective_gradient` and the setting `fixed_norm`.
        lane: Which net.
        steps: Shape (N,); there is nothing before step 0, and so nan there.
        used: Eta and lambda of each update.
    """
    before = np.maximum(steps - 1, 0)
    norm, gradient = (frame.history[name][before, lane].astype(float) for name in ("norm", "effective_gradient"))
    rates, decays = (values[before] for values in used)
    with np.errstate(over="ignore", invalid="ignore"):
        predicted = next_norm(norm, gradient, rates, decays)
    predicted = np.where(frame.at_each_step(lane, "fixed_norm")[before] > 0, norm, predicted)
    return np.where(steps > 0, predicted, np.nan)


def period_readings(frame: Frame[SettingsT], lane: int, used: Rates) -> list[Reading]:
    """Return how many periods a lane has had, and how long they were, by eta and lambda of each update."""
    (onsets,) = recorded_onsets(frame.history["onset"][: frame.stop, lane : lane + 1])
    found = [Reading(lane, "breakdowns", float(len(onsets)))]
    if len(onsets) < 2:
        return found
    rate, decay = (values[onsets[-1]] for values in used)
    period = float(np.diff(onsets).mean())
    return [*found, Reading(lane, "mean period T", period), Reading(lane, "T·η·λ", period * rate * decay)]


def limit_reading(frame: Frame[PeriodicSettings], lane: int) -> Reading:
    """Return the effective learning rate now beside the limit on it, measured on the unit sphere."""
    rate, limit = (now(frame, name, lane) for name in ("effective_learning_rate", "effective_limit"))
    return Reading(lane, "η/ρ²", rate, limit if limit > 0 and invariant(frame) else None, "limit")


class PeriodsView(LabView[PeriodicSettings]):
    """Loss and errors with the phases behind them, norm, effective gradient and learning rate, and both forces."""

    name = "periods"
    title = "Training in periods"
    experiment = Periodic()
    shown = ("learning_rate", "weight_decay", "fixed_norm")
    more = ("optimizer", "momentum", "seed", *MORE)
    step_figures = ("loss",)
    goals = goals.PERIODS
    presets = (
        Preset(
            "periods",
            "After the first steps loss and norm fall. What comes then, and how often? Count the pink bands.",
            ({"steps": 4000},),
        ),
        Preset(
            "hold it yourself",
            "Slowly: fix the norm while the background is yellow, wait, and free it again.",
            ({"steps": 4000},),
            speed=200.0,
        ),
        Preset(
            "fix it: too early, in time, too late",
            "Three nets are held at a norm of 30, 3 and 2; a fourth starts at 2, free. Which of them learn?",  # given
            tuple(
                {"steps": 500, "initial_norm": norm, "fixed_norm": fixed}
                for norm, fixed in ((30.0, True), (3.0, True), (2.0, True), (2.0, False))
            ),
            ("held at 30", "held at 3", "held at 2", "free from 2"),
            says=("initial_norm", "fixed_norm"),
        ),
        Preset(
            "where it starts",
            "Three initial norms. Which net breaks down first, and what is left of the difference after that?",
            tuple({"steps": 3500, "initial_norm": norm, "sharpness_every": 100} for norm in (0.5, 3.0, 30.0)),
            ("from 0.5", "from 3", "from 30"),
            says=("initial_norm",),
        ),
        Preset(
            "faster periods",
            "Four times η·λ: how long does a period take now?",  # given
            ({"learning_rate": 1.0, "weight_decay": 0.008, "steps": 2000},),
        ),
        Preset(
            "three seeds",
            "Other weights, and other steps at which they break down.",
            tuple({"seed": seed, "steps": 3000} for seed in (0, 1, 2)),
            ("seed 0", "seed 1", "seed 2"),
        ),
        Preset(
            "batches of 128",
            "1024 images instead of 256, 128 of them at each step. Will the net break down later, or sooner?",  # given
            ({"batch_size": 128, "train_size": 1024, "steps": 2500},),
        ),
        Preset(
            "without batch norm",
            "The same net and the same weight decay; without scale invariance there are no periods.",
            # holds: l6_no_norm
            ({"normalization": "none", "steps": 3000},),
        ),
    )

    def idle(self, settings: PeriodicSettings) -> tuple[str, ...]:
        return idle_fields(settings.optimizer, settings.weight_decay)

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        return {
            "loss": loss_panel(),
            "errors": errors_panel("those that train"),
            "norm": OverSteps(
                "Norm ρ of the weights, and as Pythagoras predicts it from the step before",
                "norm ρ",
                Line("norm"),
                Line(predicted_norms, "{lane}, predicted", make=theory),
                **LOG,
            ),
            "gradient": OverSteps("Effective gradient g = |∇f|·ρ", "g", Line("effective_gradient"), **LOG),
            "rate": rate_panel(),
            "forces": OverSteps(
                "What pushes ρ² up at each step, η²g²/ρ², and down, 2ηλρ²",
                "change of ρ²",
                Line("gradient_force", "{lane}, up", line={"width": 1.5}),
                Line("decay_force", "{lane}, down", make=thin),
                **LOG,
            ),
        }

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            predicted = float(predicted_norms(frame, lane, np.array([row]))[0])
            lines += [
                Reading(lane, "phase", Phase(int(frame.history["phase"][row, lane])).name),
                *period_readings(frame, lane, rates_used(frame, lane)),
                Reading(
                    lane,
                    "norm ρ",
                    float(frame.history["norm"][row, lane]),
                    predicted if np.isfinite(predicted) else None,
                ),
                limit_reading(frame, lane),
                Reading(lane, "train error", now(frame, "train_error", lane)),
                Reading(lane, "test error", now(frame, "test_error", lane)),
            ]
        return lines


def loss_panel() -> OverSteps[Any]:
    """Return the figure of the loss, over the phases of the chosen lane."""
    return OverSteps(
        "Loss, and the phases of the chosen lane",
        "loss",
        shades(),
        Line("loss", showlegend=False),
        wide=True,
        showlegend=True,
        **LOG,
        **BANDED,
    )


def errors_panel(trained: str) -> OverSteps[Any]:
    """Return the figure of both errors over the same phases; `trained` says of which images the first is."""
    return OverSteps(
        "Share of the images named wrongly",
        "error",
        shades(showlegend=False),
        Line("train_error", says=trained, showlegend=False),
        Line("test_error", "{lane}, test", make=thin, says="those that test"),
        wide=True,
        height=210,
        yaxis_rangemode="tozero",
        **BANDED,
    )


def rate_panel(*behind: Part[PeriodicSettings], **layout: Any) -> OverSteps[PeriodicSettings]:
    """Return the figure of the effective learning rate and its limit; `behind` is what is drawn behind them."""
    return OverSteps(
        "Effective learning rate η/ρ² and its limit on the unit sphere, 2/λₘₐₓ",
        "η/ρ²",
        *behind,
        Line("effective_learning_rate", showlegend=False),
        Line(_limits, "{lane}, limit", measured="effective_limit", make=limit),
        fit=_fit_rates,
        **LOG_125,
        **layout,
    )


def _limits(frame: Frame[PeriodicSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["effective_limit"][steps, lane] if invariant(frame) else np.full(len(steps), np.nan)


def _fit_rates(frame: Frame[PeriodicSettings]) -> dict[str, Any]:
    limit = ("effective_limit",) if invariant(frame) else ()
    return fit_ticks("effective_learning_rate", *limit)(frame)
