"""A forecast of each δ-jump, drawn before it comes, and the limit that the effective learning rate runs into."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from numpy.typing import ArrayLike

from lessons.core.settings import Settings
from lessons.periodic.forecast import Forecast, ForecastSettings
from lessons.periodic.theory import delta_limits, jump_norm_approximate, kappa, norm_bounds
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.periodic.periods import (
    LOG_125,
    draw_rates,
    draw_ticks,
    limit_reading,
    rate_figure,
    rates_used,
)
from widgets.labs.periodic.phase_shades import SHADES, band, banded, draw_bands, draw_shades
from widgets.live_figure import Numbers
from widgets.plots import grey, line, plot, theory
from widgets.view import LabView

BETWEEN = "rgba(47,126,216,0.2)"
BANDS, SIZE, JUMPED, TURNS = range(4)
LOWEST, HIGHEST, POSSIBLE, CERTAIN, NORMS_OF_LANES = range(5)
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
    shown = ("delta", "learning_rate", "weight_decay", "seed")
    more = ("width", "depth", "train_size", "initial_norm", "sharpness_every", "steps")
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        star = {"symbol": "star", "size": 12, "color": "#d6457b"}
        turn = plot(
            "forecast-turn",
            "How far each step turns the weights, and when a turn of more than δ is predicted",
            "step",
            "1 − cos",
            [
                band("predicted", BETWEEN),
                theory("δ", grey(1.0)),
                go.Scatter(x=[], y=[], mode="markers", name="came", marker=star),
                *(line(n, c, line={"width": 1.5}, showlegend=False) for n, c in pairs),
            ],
            showlegend=True,
            yaxis_type="log",
        )
        norm = plot(
            "forecast-norm",
            "Norm ρ (line), the bounds that each forecast gives it (dashes), and the norms below which a δ-jump is "
            "possible and certain (dots)",
            "step",
            "norm ρ",
            [
                theory("if g were ℓ", grey(1.0), showlegend=False),
                theory("if g were L", grey(1.0), showlegend=False),
                line("possible below", "#b98600", line={"dash": "dot", "width": 2}),
                line("certain below", "#d6457b", line={"dash": "dot", "width": 2}),
                *(line(n, c, showlegend=False) for n, c in pairs),
            ],
            showlegend=True,
            **LOG_125,
        )
        rate = rate_figure("forecast-rate", names, colours, shaded=True)
        return {"turn": banded(turn), "norm": norm, "rate": rate}

    def begin(self, frame: Frame[ForecastSettings]) -> None:
        steps = frame.lanes.shared.steps
        delta = frame.lanes.settings[self._lane(frame)].delta
        frame.screen.replace("turn", SIZE, x=[0, steps], y=[delta, delta])
        for figure in ("turn", "norm", "rate"):
            frame.screen.relayout(figure, {"xaxis.range": [0, steps]})

    def draw(self, frame: Frame[ForecastSettings]) -> None:
        history = frame.history
        for lane in range(len(frame.lanes)):
            rows = frame.rows(lane)
            turn = history["cosine_distance"][rows, lane]
            steps = np.arange(rows.start, rows.stop)
            frame.screen.extend("turn", TURNS + lane, steps, np.where(turn > 0, turn, np.nan))
            frame.curve("norm", NORMS_OF_LANES + lane, lane, "norm")
        draw_rates(frame, first=SHADES)
        draw_shades(frame, "rate")
        lane = self._lane(frame)
        made = _steps(history["forecast_step"][: frame.stop, lane])
        # A band ends where the next forecast is made: what was predicted has come by then, or never will.
        ends = np.minimum(history["latest"][made, lane], [*made[1:], frame.lanes.shared.steps])
        draw_bands(frame, "turn", BANDS, list(zip(history["earliest"][made, lane], ends, strict=True)))
        draw_ticks(frame, "norm", "norm")
        came = _steps(history["jump_step"][: frame.stop, lane])
        frame.screen.replace("turn", JUMPED, x=came, y=history["cosine_distance"][came, lane])
        self._bounds(frame, lane, ends, made)

    @staticmethod
    def _lane(frame: Frame) -> int:
        return min(frame.selected, len(frame.lanes) - 1)

    @staticmethod
    def _bounds(frame: Frame[ForecastSettings], lane: int, ends: np.ndarray, forecasts: np.ndarray) -> None:
        """Between which norms each forecast sees the run, until its end, and where it can and where it must jump."""
        curves: dict[int, list[ArrayLike]] = {trace: [] for trace in (LOWEST, HIGHEST, POSSIBLE, CERTAIN)}
        steps: list[ArrayLike] = []
        for made, end in list(zip(forecasts, ends, strict=True))[-MOST_FORECASTS:]:
            ahead = np.linspace(0, max(0.0, end - made), POINTS)
            for trace, norms in zip(curves, _bounds_of(frame, lane, made, ahead), strict=True):
                curves[trace] += [norms, [np.nan]]
            steps += [made + ahead, [np.nan]]
        for trace, parts in curves.items():
            x, y = (_joined(each) for each in (steps, parts))
            frame.screen.replace("norm", trace, x=x, y=y)

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
