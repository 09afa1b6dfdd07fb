"""The phase picture: effective gradient against squared norm, with the lines that the trajectory turns at."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from lessons.periodic.experiment import Periodic
from lessons.periodic.phases import Phase, recorded_onsets
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.theory import jump_norm, kappa, step_cosine_distance
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, grey, limit, theory, thin
from widgets.labs.periodic import goals
from widgets.labs.periodic.periods import idle_fields, period_readings, rates_used, ticks
from widgets.labs.periodic.phase_shades import BANDED, PHASE_COLOURS, PHASE_NAMES, shades
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Path, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

DELTAS = {"10⁻⁵": 1e-5, "10⁻³": 1e-3, "10⁻¹": 0.1}
POINTS = 52
FAR = np.array([1e-9, 1e9])


class CircleView(LabView[PeriodicSettings]):
    """The plane of effective gradient and squared norm, where a training goes round and round; and its loss."""

    name = "circle"
    title = "Round and round"
    experiment = Periodic()
    step_figures = ("loss",)
    shown = ("learning_rate", "weight_decay", "fixed_norm")
    more = ("initial_norm", "seed", "learning_rate_decay", "width", "depth", "train_size", "sharpness_every", "steps")
    goals = goals.CIRCLE
    presets = (
        Preset(
            "round and round",
            "The norm falls, and the point with it. What happens when it comes to the dotted lines?",
            ({"steps": 4000, "sharpness_every": 200},),
        ),
        Preset(
            "slowly",
            "Slow enough to watch one breakdown: how many steps does the way up take?",
            ({"steps": 2500, "sharpness_every": 200},),
            speed=250.0,
        ),
        Preset(
            "no weight decay",
            "Nothing pulls the norm down: it stays where the first steps put it, and g falls.",
            ({"steps": 2000, "weight_decay": 0.0, "sharpness_every": 200},),
        ),
        Preset(
            "two learning rates",
            "Four times η, a quarter of λ, twice the norm at the start: both losses are the same to the last bit, and "
            "the second net goes round four times as high.",  # holds: l6_two_rates
            tuple(
                {
                    "steps": 3000,
                    "sharpness_every": 200,
                    "learning_rate": rate,
                    "weight_decay": decay,
                    "initial_norm": norm,
                }
                for rate, decay, norm in ((0.5, 0.004, 3.0), (2.0, 0.001, 6.0))
            ),
            ("η = 0.5", "η = 2"),
            says=("learning_rate", "weight_decay", "initial_norm"),
        ),
    )

    def idle(self, settings: PeriodicSettings) -> tuple[str, ...]:
        return idle_fields(settings.optimizer, settings.weight_decay)

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        marker = {"size": 11, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": grey(1.0)}}
        turns = [(f"1 − cos = {delta}", grey(0.9)) for delta in DELTAS]
        phases = [(PHASE_NAMES[phase], PHASE_COLOURS[phase]) for phase in Phase]
        return {
            "plane": Panel(
                "The round of the chosen lane: squared norm ρ² (upwards), effective gradient g (to the right)",
                "effective gradient g",
                "squared norm ρ²",
                One(_balance, "balance ρ² = κg", grey(1.0), make=theory),
                Curve(_turn, each=turns, make=limit, says="turns of 10⁻⁵, 10⁻³, 10⁻¹, from left to right"),
                One(_box, "box from ℓ, κℓ to L, κL", grey(0.9), make=thin, says="ℓ, κℓ to L, κL of the last round"),
                Curve(_newest_round, each=phases, line={"width": 3.5}),
                One(_place_now, "now", grey(1.0), mode="markers", marker=marker, showlegend=False),
                Path(_way, if_several=True, line={"width": 1}, opacity=0.55),
                fit=_fit,
                wide=True,
                height=430,
                xaxis_range=[-2.5, 2.0],
                yaxis_range=[-1.0, 2.5],
                showlegend=True,
                **LOG,
                **LOG_X,
            ),
            "loss": OverSteps(
                "Loss, and the phases of the chosen lane",
                "loss",
                shades(showlegend=False),
                Line("loss", showlegend=False),
                wide=True,
                height=210,
                **LOG,
                **BANDED,
            ),
        }

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            rates, decays = (values[max(row - 1, 0)] for values in rates_used(frame, lane))
            before = max(row - 1, 0)
            norm, gradient = (float(frame.history[name][before, lane]) for name in ("norm", "effective_gradient"))
            turn = float(step_cosine_distance(norm, gradient, rates, decays))
            low, high = _extremes(frame, lane)
            k = _kappa(rates, decays)
            plain = row > 0 and not frame.lanes.settings[lane].fixed_norm
            lines += [
                Reading(lane, "phase", Phase(int(frame.history["phase"][row, lane])).name),
                Reading(
                    lane,
                    "turn 1 − cos of the last step",
                    float(frame.history["cosine_distance"][row, lane]),
                    turn if plain else None,
                ),
                Reading(lane, "ρ²", float(frame.history["norm"][row, lane]) ** 2),
                Reading(
                    lane, "κℓ to κL", f"{k * low:.3g} to {k * high:.3g}" if np.isfinite(k * low) else "after a round"
                ),
                Reading(lane, "2ηλL (the box needs at most ℓ)", *_closing(float(2 * rates * decays * high), low)),
                *period_readings(frame, lane, rates_used(frame, lane)),
            ]
        return lines


def _chosen(frame: Frame[PeriodicSettings]) -> int:
    return min(frame.selected, len(frame.lanes) - 1)


def _plane(frame: Frame[PeriodicSettings]) -> tuple[np.ndarray, np.ndarray]:
    """g and rho^2 so far, each (T, K)."""
    gradient, norm = (frame.history[name][: frame.stop].astype(float) for name in ("effective_gradient", "norm"))
    return gradient, norm**2


def _way(frame: Frame[PeriodicSettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    gradient, square = frame.once(_plane)
    return gradient[:, lane], square[:, lane]


def _newest_round(frame: Frame[PeriodicSettings], number: int) -> Points:
    """The chosen lane's steps of one phase since its last breakdown began."""
    lane, phase = _chosen(frame), list(Phase)[number]
    last = frame.last(lane)
    rows = np.arange(max(0, int(frame.history["onset"][last, lane])), last + 1)
    phases = frame.history["phase"][rows, lane].astype(int)
    if (phases == Phase.C).any():  # found some steps after it began
        phases[: (phases == Phase.C).argmax()] = Phase.C
    mine = rows[phases == phase]
    shown = mine[np.unique(np.linspace(0, len(mine) - 1, POINTS).astype(int))] if len(mine) else mine
    gradient, square = _way(frame, lane)
    return gradient[shown], square[shown]


def _place_now(frame: Frame[PeriodicSettings]) -> Points:
    lane = _chosen(frame)
    gradient, square = _way(frame, lane)
    return gradient[[frame.last(lane)]], square[[frame.last(lane)]]


def _balance(frame: Frame[PeriodicSettings]) -> Points:
    """The line of a constant norm."""
    return FAR, _kappa(*_rates_now(frame, _chosen(frame))) * FAR


def _turn(frame: Frame[PeriodicSettings], number: int) -> Points:
    """The line of steps that turn by delta."""
    delta = list(DELTAS.values())[number]
    return FAR, jump_norm(delta, FAR, *_rates_now(frame, _chosen(frame))) ** 2


def _box(frame: Frame[PeriodicSettings]) -> Points:
    """The box of the last whole round."""
    k, (low, high) = _kappa(*_rates_now(frame, _chosen(frame))), _extremes(frame, _chosen(frame))
    return [low, high, high, low, low], [k * low, k * low, k * high, k * high, k * low]


def _fit(frame: Frame[PeriodicSettings]) -> dict[str, Any]:
    """Ranges that hold the paths of all lanes, and the chosen lane's box."""
    ways = [(slice(0, frame.last(lane) + 1), *_way(frame, lane)) for lane in range(len(frame.lanes))]
    across = np.concatenate([gradient[rows] for rows, gradient, _ in ways])
    up = np.concatenate([*(square[rows] for rows, _, square in ways), np.array(_box(frame)[1])[1:3]])
    layout: dict[str, Any] = {}
    for axis, values in (("xaxis", across), ("yaxis", up)):
        ends = _decades(values)
        layout |= {f"{axis}.range": ends, f"{axis}.dtick": ticks(10 ** np.array(ends))}
    return layout


def _rates_now(frame: Frame[PeriodicSettings], lane: int) -> tuple[float, float]:
    """eta and lambda of the step now."""
    now = min(frame.last(lane), frame.lanes.shared.steps - 1)
    rates, decays = rates_used(frame, lane)
    return rates[now], decays[now]


def _kappa(rate: float, decay: float) -> float:
    """kappa; nan where nothing decays."""
    return float(kappa(rate, decay)) if rate * decay else np.nan


def _closing(step: float, low: float) -> tuple[float | str, float | None, Literal["limit"]]:
    """2 eta lambda L beside l. Only where it is smaller can no step jump over the box, from one side to the other."""
    return (step, low, "limit") if np.isfinite(low) else ("after a round", None, "limit")


def _extremes(frame: Frame, lane: int) -> tuple[float, float]:
    """Smallest and largest effective gradient of the last whole round; nan before there is one."""
    (onsets,) = recorded_onsets(frame.history["onset"][: frame.stop, lane : lane + 1])
    if len(onsets) < 2:
        return np.nan, np.nan
    gradients = frame.history["effective_gradient"][onsets[-2] : onsets[-1], lane]
    return float(gradients.min()), float(gradients.max())


def _decades(values: np.ndarray) -> list[float]:
    """Range of a logarithmic axis around these values, in steps of half a decade, so that it seldom changes."""
    known = values[np.isfinite(values) & (values > 0)]
    if not len(known):
        return [-1.0, 1.0]
    ends = np.log10([known.min(), known.max()]) * 2
    return [float(np.floor(ends[0] - 0.1) / 2), float(np.ceil(ends[1] + 0.1) / 2)]
