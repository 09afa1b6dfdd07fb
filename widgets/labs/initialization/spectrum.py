"""The Hessian's spectrum of a net, at its start and as it trains, with the sharpness against 2 / eta."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.core.hessian_spectrum import densities
from lessons.core.lanes import Lanes
from lessons.core.rules.stability import limit_factor
from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.plots import line, plot, theory
from widgets.sharpness_gauge import SharpnessGauge

GAUGE = SharpnessGauge()
POINTS = 120
LEAST, MOST = 1e-5, 30.0
COMMON = {"depth": 3, "train_size": 100, "steps": 600, "learning_rate": 0.1, "follow_sharpness": True}
STARTS = ({"scheme": "LeCun", "gain": 0.5}, {"scheme": "LeCun"}, {"scheme": "Kaiming fan-in"}, {"scheme": "orthogonal"})
NAMES = ("half of LeCun", "LeCun", "Kaiming", "orthogonal")


class SpectrumView(SchemeView[DeepNetSettings]):
    """Density of the Hessian's eigenvalues (dotted: at the start), sharpness with its limit, loss."""

    name = "hessian_spectrum"
    title = "The curvature that a net begins with"
    experiment = DeepNet()
    covered = ("spectrum",)
    shown = ("scheme", "gain", "deviation", "constant", "activation", "learning_rate", "depth")
    more = (
        "optimizer",
        "momentum",
        "loss",
        "width",
        "train_size",
        "follow_sharpness",
        "sharpness_every",
        "spectrum_every",
        "steps",
        "seed",
    )
    rate_field = "learning_rate"
    step_figures = ("sharpness", "loss")
    slow = ("first_spectrum", "spectrum")
    presets = (
        Preset(
            "four starts",
            "The starts differ more than tenfold in λₘₐₓ. Where will they end? 2/η is 20.",
            tuple({**COMMON, **start} for start in STARTS),  # holds: l4_four_starts_one_end
            NAMES,
            says=("scheme", "gain"),
        ),
        Preset(
            "the first forty steps",
            "The same four starts, with λₘₐₓ measured at each step: those above the limit are brought down to it.",
            tuple({**COMMON, **start, "steps": 40, "sharpness_every": 1} for start in STARTS),
            NAMES,
            says=("scheme", "gain"),
        ),
        Preset(
            "three learning rates, one start",
            "The same first weights: what λₘₐₓ comes to is set by η.",
            tuple({**COMMON, **STARTS[0], "learning_rate": rate} for rate in (0.1, 0.15, 0.2)),
            ("η = 0.1", "η = 0.15", "η = 0.2"),
        ),
        Preset(
            "a step that only some starts survive",
            "η = 0.3: the flat start goes down at once. Orthogonal's loss goes up first, is caught, and ends lower. "
            "The two sharpest starts diverge.",  # holds: l4_a_step_only_some_survive
            tuple({**COMMON, **start, "learning_rate": 0.3, "steps": 200, "sharpness_every": 5} for start in STARTS),
            NAMES,
            says=("scheme", "gain"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        dots = {"line": {"dash": "dot", "width": 1.5}, "opacity": 0.7}
        now = [line(n, c) for n, c in pairs]
        start = [line(f"{n}, at the start", c, showlegend=False, **dots) for n, c in pairs]
        spectrum = plot(
            "hessian-spectrum",
            "Density of the Hessian's eigenvalues: at the start (dotted), at the step below (line), and the limit 2/η "
            "(dashes)",
            "eigenvalue λ",
            "density",
            [*now, *start, *(theory(f"{n}, limit", c, showlegend=False) for n, c in pairs)],
            yaxis_type="log",
            yaxis_range=[float(np.log10(LEAST)), float(np.log10(MOST))],
            showlegend=len(names) > 1,
        )
        loss = plot(
            "hessian-loss", "Training loss", "step", "loss", [line(n, c) for n, c in pairs], yaxis_type="log"
        ).update_yaxes(tickformat="~g")
        sharpness = GAUGE.figure("hessian-sharpness", names, colours).update_yaxes(type="log", rangemode="normal")
        return {"spectrum": spectrum, "sharpness": sharpness, "loss": loss}

    def begin(self, frame: Frame) -> None:
        GAUGE.begin(frame)
        for lane in range(len(frame.lanes)):
            factor, rate = limit_factor(frame.lanes, lane), float(frame.lanes.learning_rate[lane])
            limit = factor / rate if factor is not None and rate else np.nan
            frame.screen.replace("spectrum", 2 * len(frame.lanes) + lane, x=[limit, limit], y=[LEAST, MOST])
        for figure in ("sharpness", "loss"):
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame[DeepNetSettings]) -> None:
        if followed(frame):
            GAUGE.draw(frame)
            frame.screen.relayout("sharpness", {"yaxis.range": self._reach(frame)})
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
        self._spectra(frame)

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, rate = frame.last(lane), float(frame.lanes.learning_rate[lane])
            if followed(frame):
                lines.append(Reading(lane, "λₘₐₓ at the start", float(frame.history["sharpness"][0, lane])))
                lines.append(GAUGE.reading(frame, lane, rate))
            lines.append(Reading(lane, "training loss", float(frame.history["loss"][row, lane])))
        return lines

    def vitals(self, frame: Frame, lane: int) -> Vitals | None:
        if not followed(frame):
            return None
        loss = frame.history["loss"][:, lane]
        return Vitals(
            loss=loss,
            sharpness=frame.history["sharpness"][:, lane],
            components=loss[:, None],
            directions=("loss",),
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )

    @staticmethod
    def _reach(frame: Frame) -> list[float]:
        """Range of the sharpness axis, in decades: starts and limits are in it, what has diverged leaves it."""
        start = frame.history["sharpness"][0].astype(float)
        rates = frame.lanes.learning_rate.numpy()
        limits = [limit_factor(frame.lanes, k) / rates[k] for k in range(len(rates)) if _limited(frame.lanes, k)]
        known = np.array([each for each in (*start, *limits) if np.isfinite(each) and each > 0] or [1.0])
        return [float(np.log10(known.min() / 2)), float(np.log10(3 * known.max()))]

    @staticmethod
    def _spectra(frame: Frame[DeepNetSettings]) -> None:
        first, now = (frame.history.snapshot(name) for name in ("first_spectrum", "spectrum"))
        ends = np.stack([first[:, 0], now[:, 0]])
        ends = ends[np.isfinite(ends)]
        if not len(ends):
            return
        low, high = float(min(ends.min(), 0)), float(max(ends.max(), 1.0))
        top = 10 * np.ceil(1.08 * high / 10)
        bottom = -top / 20 if low > -top / 20 else 10 * np.floor(low / 10)
        grid = np.linspace(bottom, top, POINTS)
        for trace, spectrum in ((0, now), (len(first), first)):
            for lane, values in enumerate(densities(spectrum, grid)):
                frame.screen.replace("spectrum", trace + lane, x=grid, y=np.where(values > LEAST / 10, values, np.nan))
        step = (frame.stop - 1) // frame.lanes.shared.spectrum_every * frame.lanes.shared.spectrum_every
        title = {"xaxis.title.text": f"eigenvalue λ, at step {step}"}
        frame.screen.relayout("spectrum", {"xaxis.range": [float(bottom), float(top)], **title})


def _limited(lanes: Lanes, lane: int) -> bool:
    """True if a lane's learning rate sets a limit on the sharpness."""
    return limit_factor(lanes, lane) is not None and float(lanes.learning_rate[lane]) > 0


def followed(frame: Frame) -> bool:
    """True if the sharpness is measured."""
    return "sharpness" in frame.history.names
