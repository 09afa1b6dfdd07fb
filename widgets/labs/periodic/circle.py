"""The phase picture: effective gradient against squared norm, with the lines that the trajectory turns at."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
import plotly.graph_objects as go

from lessons.periodic.experiment import Periodic
from lessons.periodic.phases import Phase, recorded_onsets
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.theory import jump_norm, kappa, step_cosine_distance
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.periodic.periods import LOG, idle_fields, period_readings, rates_used, ticks
from widgets.labs.periodic.phase_shades import PHASE_COLOURS, PHASE_NAMES, SHADES, banded, draw_shades, shades
from widgets.plots import grey, line, plot, theory, wide
from widgets.view import LabView

DELTAS = {"10⁻⁵": 1e-5, "10⁻³": 1e-3, "10⁻¹": 0.1}
POINTS = 52
FAR = np.array([1e-9, 1e9])
# Traces of the plane: equilibrium, jump lines, the box, the newest round by phase, where the net is now, all rounds.
EQUILIBRIUM, JUMPS, BOX = 0, 1, 1 + len(DELTAS)
ROUND, NOW, PATHS = BOX + 1, BOX + 1 + len(Phase), BOX + 2 + len(Phase)


class CircleView(LabView[PeriodicSettings]):
    """The plane of effective gradient and squared norm, where a training goes round and round; and its loss."""

    name = "circle"
    title = "Round and round"
    experiment = Periodic()
    step_figures = ("loss",)
    shown = ("learning_rate", "weight_decay", "fixed_norm", "initial_norm", "seed")
    more = ("learning_rate_decay", "width", "depth", "train_size", "sharpness_every", "steps")
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        marker = {"size": 11, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": grey(1.0)}}
        dotted, silent = {"dash": "dot", "width": 1.2}, {"hoverinfo": "skip", "showlegend": False}
        traces = [
            theory("balance ρ² = κg", grey(1.0), showlegend=False),
            *(line(f"1 − cos = {delta}", grey(0.7), line=dotted, **silent) for delta in DELTAS),
            line("box from ℓ, κℓ to L, κL", grey(0.8), line={"width": 1}, **silent),
            *(line(PHASE_NAMES[phase], PHASE_COLOURS[phase], line={"width": 3.5}) for phase in Phase),
            line("now", grey(1.0), mode="markers", marker=marker, showlegend=False),
            *(line(n, c, line={"width": 1}, opacity=0.55, showlegend=len(pairs) > 1) for n, c in pairs),
        ]
        plane = plot(
            "circle-plane",
            "Squared norm ρ² (upwards), effective gradient g (to the right). Dashes: both forces balance; dots, from "
            "left to right: turns of 10⁻⁵, 10⁻³, 10⁻¹; box: from ℓ, κℓ to L, κL of the last round (all of the chosen "
            "lane)",
            "effective gradient g",
            "squared norm ρ²",
            traces,
            height=430,
            xaxis_type="log",
            xaxis_tickformat="~g",
            xaxis_range=[-2.5, 2.0],
            yaxis_range=[-1.0, 2.5],
            showlegend=True,
            **LOG,
        )
        lines = [line(n, c, showlegend=False) for n, c in pairs]
        loss = plot(
            "circle-loss",
            "Loss, and the phases of the chosen lane",
            "step",
            "loss",
            [*shades(legend=False), *lines],
            height=210,
            **LOG,
        )
        return {"plane": wide(plane), "loss": wide(banded(loss))}

    def begin(self, frame: Frame) -> None:
        frame.screen.relayout("loss", {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame[PeriodicSettings]) -> None:
        draw_shades(frame, "loss")
        gradient, square = self._plane(frame)
        for lane in range(len(frame.lanes)):
            frame.curve("loss", SHADES + lane, lane, "loss")
            frame.path("plane", PATHS + lane, gradient[:, lane], square[:, lane], lane)
        lane = min(frame.selected, len(frame.lanes) - 1)
        self._newest_round(frame, lane, gradient[:, lane], square[:, lane])
        self._lines(frame, lane)
        self._fit(frame, lane, gradient, square)

    @staticmethod
    def _plane(frame: Frame) -> tuple[np.ndarray, np.ndarray]:
        """g and rho^2 so far, each (T, K)."""
        history = frame.history
        return history["effective_gradient"][: frame.stop].astype(float), history["norm"][: frame.stop].astype(
            float
        ) ** 2

    @staticmethod
    def _newest_round(frame: Frame, lane: int, gradient: np.ndarray, square: np.ndarray) -> None:
        last = frame.last(lane)
        begin = max(0, int(frame.history["onset"][last, lane]))
        rows = np.arange(begin, last + 1)
        phases = frame.history["phase"][rows, lane].astype(int)
        if (phases == Phase.C).any():  # found some steps after it began
            phases[: (phases == Phase.C).argmax()] = Phase.C
        for phase in Phase:
            mine = rows[phases == phase]
            shown = mine[np.unique(np.linspace(0, len(mine) - 1, POINTS).astype(int))] if len(mine) else mine
            frame.screen.replace("plane", ROUND + phase, x=gradient[shown], y=square[shown])
        frame.screen.replace("plane", NOW, x=gradient[[last]], y=square[[last]])

    @staticmethod
    def _lines(frame: Frame[PeriodicSettings], lane: int) -> None:
        """The line of a constant norm, the line of steps that turn by delta, and the box of the last whole round."""
        rate, decay = _rates_now(frame, lane)
        k = _kappa(rate, decay)
        frame.screen.replace("plane", EQUILIBRIUM, x=FAR, y=k * FAR)
        for number, delta in enumerate(DELTAS.values()):
            frame.screen.replace("plane", JUMPS + number, x=FAR, y=jump_norm(delta, FAR, rate, decay) ** 2)
        low, high = _extremes(frame, lane)
        frame.screen.replace(
            "plane", BOX, x=[low, high, high, low, low], y=[k * low, k * low, k * high, k * high, k * low]
        )

    @staticmethod
    def _fit(frame: Frame[PeriodicSettings], lane: int, gradient: np.ndarray, square: np.ndarray) -> None:
        """Ranges that hold the paths of all lanes, and the chosen lane's box."""
        there = [slice(0, frame.last(each) + 1) for each in range(len(frame.lanes))]
        box = _kappa(*_rates_now(frame, lane)) * np.array(_extremes(frame, lane))
        across = np.concatenate([gradient[rows, each] for each, rows in enumerate(there)])
        up = np.concatenate([*(square[rows, each] for each, rows in enumerate(there)), box])
        layout: dict[str, object] = {}
        for axis, values in (("xaxis", across), ("yaxis", up)):
            ends = _decades(values)
            layout |= {f"{axis}.range": ends, f"{axis}.dtick": ticks(10 ** np.array(ends))}
        frame.screen.relayout("plane", layout)

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
                *period_readings(frame, lane),
            ]
        return lines


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
