"""A forecast of each δ-jump, drawn before it comes, and the limit that the effective learning rate runs into."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from numpy.typing import ArrayLike

from lessons.core.settings import Settings
from lessons.periodic.forecast import Forecast, ForecastSettings
from lessons.periodic.theory import delta_limits, jump_norm_approximate, kappa, norm_bounds
from widgets.figure.frame import Frame
from widgets.figure.live_figure import Numbers
from widgets.figure.plots import grey, limit, marks, theory
from widgets.labs.periodic import clock_goals
from widgets.labs.periodic.periods import LOG_125, fit_ticks, limit_reading, rate_panel, rates_used
from widgets.labs.periodic.phase_shades import BANDED, band, bands, shades
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

BETWEEN = "rgba(47,126,216,0.2)"
POINTS = 40
MOST_FORECASTS = 12  # whose bounds stay in the figure of the norm


class ForecastView(LabView[ForecastSettings]):
    """The turn of each step with the times t_min to t_max of each forecast, the norm in its bounds, and the limit.

    Forecasts and bounds are those of the chosen lane.
    """

    name = "forecast"
    title = "The next δ-jump, predicted"
    experiment = Forecast()
    step_figures = ("turn",)
    goals = clock_goals.FORECAST
    shown = ("delta", "learning_rate", "weight_decay")
    more = ("seed", "width", "depth", "train_size", "initial_norm", "sharpness_every", "steps")
    presets = (
        Preset(
            "predicted",
            "After each breakdown a blue band is drawn. Will the next turn of more than δ come inside it?",
            ({"steps": 4000},),
        ),
        Preset(
            "too large a δ",
            "Above ηλℓ²/L² no latest time exists: the band has a beginning and no end.",  # given
            ({"steps": 4000, "delta": 3e-4},),
        ),
        Preset(
            "the limit, step by step",
            "Sharpness is measured at every second step: where does η/ρ² cross its limit, and when does the net break "
            "down?",
            ({"steps": 1400, "sharpness_every": 2},),
        ),
        Preset(
            "faster periods",
            "Four times η·λ and ten times δ: does the band still hold?",  # given
            ({"learning_rate": 1.0, "weight_decay": 0.008, "delta": 1e-4, "steps": 2000},),
        ),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    @property
    def panels(self) -> Mapping[str, Panel[ForecastSettings]]:
        star = {"symbol": "star", "size": 12, "color": "#d6457b"}
        if_g = [("if g were ℓ", grey(1.0)), ("if g were L", grey(1.0))]
        below = [("possible below", "#b98600"), ("certain below", "#d6457b")]
        return {
            "turn": OverSteps(
                "How far each step turns the weights, and when a turn of more than δ is predicted",
                "1 − cos",
                One(_predicted, "predicted", BETWEEN, make=band),
                One(_delta, "δ", grey(1.0), make=limit, fixed=True),
                One(_jumps, "came", make=marks, marker=star),
                Line(_turn, line={"width": 1.5}, showlegend=False),
                showlegend=True,
                yaxis_type="log",
                **BANDED,
            ),
            "norm": OverSteps(
                "Norm ρ between its forecasts, and the norms below which a δ-jump is possible and certain",
                "norm ρ",
                Curve(
                    lambda frame, which: frame.once(_bounds)[which], each=if_g, make=theory, says="if g were ℓ, or L"
                ),
                Curve(
                    lambda frame, which: frame.once(_bounds)[len(if_g) + which],
                    each=below,
                    make=limit,
                ),
                Line("norm", showlegend=False),
                fit=fit_ticks("norm"),
                showlegend=True,
                **LOG_125,
            ),
            "rate": rate_panel(shades(showlegend=False), **BANDED),
        }

    def readings(self, frame: Frame[ForecastSettings]) -> list[Reading]:
        return [line for lane in range(len(frame.lanes)) for line in self._of_lane(frame, lane)]

    @staticmethod
    def _of_lane(frame: Frame[ForecastSettings], lane: int) -> list[Reading]:
        row = frame.last(lane)
        now = {name: float(frame.history[name][row, lane]) for name in frame.history.names}
        rate, decay = (values[max(row - 1, 0)] for values in rates_used(frame, lane))
        low, high = now["lowest_gradient"], now["highest_gradient"]
        known = f"{low:.3g} to {high:.3g}" if low > 0 else "after a period"
        lines = [Reading(lane, "ℓ to L of the last period", known)]
        if now["forecasts"] > 0:
            certain, possible = delta_limits(low, high, rate, decay)
            latest = f"{now['latest']:.0f}" if np.isfinite(now["latest"]) else "no latest"
            lines += [
                Reading(lane, "predicted for steps", f"{now['earliest']:.0f} to {latest}"),
                Reading(lane, "came at step", f"{now['jump_step']:.0f}" if now["jump_step"] >= 0 else "not yet"),
                Reading(lane, "inside the band", f"{now['hits']:.0f} of {now['jumps']:.0f} δ-jumps"),
                Reading(lane, "δ certain below, possible below", f"{certain:.2g}, {possible:.2g}"),
                Reading(lane, "2ηλL ≤ ℓ and ρ² > κL", _conditions(frame, lane, int(now["forecast_step"]), rate, decay)),
            ]
        return [*lines, limit_reading(frame, lane)]


def _chosen(frame: Frame[ForecastSettings]) -> int:
    return min(frame.selected, len(frame.lanes) - 1)


def _turn(frame: Frame[ForecastSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    turn = frame.history["cosine_distance"][steps, lane]
    return np.where(turn > 0, turn, np.nan)


def _delta(frame: Frame[ForecastSettings]) -> Points:
    delta = frame.lanes.settings[_chosen(frame)].delta
    return [0, frame.lanes.shared.steps], [delta, delta]


def _forecasts(frame: Frame[ForecastSettings]) -> tuple[np.ndarray, np.ndarray]:
    """At which steps the chosen lane's forecasts were made, and where each ends.

    That is where the next one is made: what was predicted has come by then, or never will.
    """
    made = _steps(frame.history["forecast_step"][: frame.stop, _chosen(frame)])
    latest = frame.history["latest"][made, _chosen(frame)]
    return made, np.minimum(latest, [*made[1:], frame.lanes.shared.steps])


def _predicted(frame: Frame[ForecastSettings]) -> Points:
    made, ends = frame.once(_forecasts)
    return bands(list(zip(frame.history["earliest"][made, _chosen(frame)], ends, strict=True)))


def _jumps(frame: Frame[ForecastSettings]) -> Points:
    came = _steps(frame.history["jump_step"][: frame.stop, _chosen(frame)])
    return came, frame.history["cosine_distance"][came, _chosen(frame)]


def _bounds(frame: Frame[ForecastSettings]) -> list[Points]:
    """Between which norms each forecast sees the run, until its end, and where it can and where it must jump."""
    curves: list[list[ArrayLike]] = [[] for _ in range(4)]
    steps: list[ArrayLike] = []
    for made, end in list(zip(*frame.once(_forecasts), strict=True))[-MOST_FORECASTS:]:
        ahead = np.linspace(0, max(0.0, end - made), POINTS)
        for curve, norms in zip(curves, _bounds_of(frame, _chosen(frame), made, ahead), strict=True):
            curve += [norms, [np.nan]]
        steps += [made + ahead, [np.nan]]
    return [(_joined(steps), _joined(curve)) for curve in curves]


def _bounds_of(frame: Frame[ForecastSettings], lane: int, made: int, ahead: np.ndarray) -> tuple[np.ndarray, ...]:
    """Of the forecast made at a step: the lower and upper norm so many steps ahead, and the norms of both jumps."""
    delta, last = frame.lanes.settings[lane].delta, frame.lanes.shared.steps
    known = (float(frame.history[name][made, lane]) for name in ("norm", "lowest_gradient", "highest_gradient"))
    start, low, high = known
    rate, decay = (values[min(made, last - 1)] for values in rates_used(frame, lane))
    jumps = (np.full(len(ahead), float(jump_norm_approximate(delta, gradient, rate))) for gradient in (high, low))
    return (*norm_bounds(ahead, start, low, high, rate, decay), *jumps)


def _conditions(frame: Frame, lane: int, made: int, rate: float, decay: float) -> str:
    """Return in words whether the theorem's conditions on l, L and the norm held when a forecast was made."""
    names = ("norm", "lowest_gradient", "highest_gradient")
    norm, low, high = (float(frame.history[name][made, lane]) for name in names)
    broken = [
        text
        for text, holds in (
            ("2ηλL ≤ ℓ", 2 * rate * decay * high <= low),
            ("ρ² > κL", norm**2 > float(kappa(rate, decay)) * high),
        )
        if not holds
    ]
    return f"not {' and '.join(broken)}" if broken else "hold"


def _steps(series: np.ndarray) -> np.ndarray:
    """The steps that a series of step numbers has named; -1 is none."""
    return np.unique(series[series >= 0]).astype(int)


def _joined(parts: list[ArrayLike]) -> Numbers:
    return np.concatenate(parts) if parts else []
