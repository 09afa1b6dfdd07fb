"""The Hessian's spectrum of a net, at its start and as it trains, with the sharpness against 2 / eta."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from lessons.core.curvature.hessian_spectrum import densities
from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, limit, thin
from widgets.labs.initialization import training_goals
from widgets.labs.initialization.scheme_view import SchemeView
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Points, Theory
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.sharpness_gauge import followed, limit_now, sharpness_panel, sharpness_readings

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
    goals = training_goals.SPECTRUM
    shown = ("learning_rate", "scheme", "gain")
    more = (
        "deviation",
        "constant",
        "activation",
        "depth",
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

    @property
    def panels(self) -> Mapping[str, Panel[DeepNetSettings]]:
        return {
            "spectrum": Panel(
                "Density of the Hessian's eigenvalues, and the limit 2/η on the largest",
                "eigenvalue λ",
                "density",
                Curve(partial(_density, "spectrum"), says="at the step below"),
                Curve(partial(_density, "first_spectrum"), "{lane}, at the start", make=thin),
                Theory(_limit, "{lane}, limit", make=limit),
                fit=_fit_spectra,
                legend=True,
                yaxis_type="log",
                yaxis_range=[float(np.log10(LEAST)), float(np.log10(MOST))],
            ),
            "sharpness": sharpness_panel(usual=_reach, wide=True, yaxis_type="log", yaxis_rangemode="normal"),
            "loss": OverSteps("Training loss over the run", "loss", Line("loss"), **LOG),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            if followed(frame):
                lines.append(Reading(lane, "λₘₐₓ at the start", float(frame.history["sharpness"][0, lane])))
                lines += sharpness_readings(frame, lane)
            lines.append(Reading(lane, "training loss", now(frame, "loss", lane)))
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


def _limit(frame: Frame[DeepNetSettings], lane: int) -> Points:
    limit = limit_now(frame, lane)
    return [np.nan if limit is None else limit] * 2, [LEAST, MOST]


def _reach(frame: Frame[DeepNetSettings]) -> dict[str, Any]:
    """Range of the sharpness axis, in decades: starts and limits are in it, what has diverged leaves it."""
    if not followed(frame):
        return {}
    start = frame.history["sharpness"][0].astype(float)
    limits = [limit_now(frame, lane) or np.nan for lane in range(len(frame.lanes))]
    known = np.array([each for each in (*start, *limits) if np.isfinite(each) and each > 0] or [1.0])
    ends = [float(np.log10(known.min() / 2)), float(np.log10(3 * known.max()))]
    return {"yaxis.autorange": False, "yaxis.range": ends}


def _spectra(frame: Frame[DeepNetSettings]) -> tuple[np.ndarray, dict[str, np.ndarray]] | None:
    """A grid, (G,), and the densities on it at the start and now, (K, G) each; None if all lanes have diverged."""
    spectra = {name: frame.history.snapshot(name) for name in SpectrumView.slow}
    ends = np.stack([spectrum[:, 0] for spectrum in spectra.values()])
    ends = ends[np.isfinite(ends)]
    if not len(ends):
        return None
    low, high = float(min(ends.min(), 0)), float(max(ends.max(), 1.0))
    top = 10 * np.ceil(1.08 * high / 10)
    grid = np.linspace(-top / 20 if low > -top / 20 else 10 * np.floor(low / 10), top, POINTS)
    return grid, {name: densities(spectrum, grid) for name, spectrum in spectra.items()}


def _density(name: str, frame: Frame[DeepNetSettings], lane: int) -> Points | None:
    found = frame.once(_spectra)
    if found is None:
        return None
    grid, values = found[0], found[1][name][lane]
    return grid, np.where(values > LEAST / 10, values, np.nan)


def _fit_spectra(frame: Frame[DeepNetSettings]) -> dict[str, Any]:
    found, every = frame.once(_spectra), frame.lanes.shared.spectrum_every
    if found is None:
        return {}
    title = f"eigenvalue λ, at step {(frame.stop - 1) // every * every}"
    return {"xaxis.range": [float(found[0][0]), float(found[0][-1])], "xaxis.title.text": title}
