"""Nets that differ in their normalization: loss, sharpness, and the spectrum of the Hessian."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch

from lessons.core.curvature.hessian_spectrum import PROBES, densities
from lessons.normalization.isolation import FAR, isolated_eigenvalues
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import limit
from widgets.labs.normalization import goals
from widgets.labs.normalization.net_view import LOSS, SEEDS, NetView
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Points
from widgets.view.other_seeds import OtherSeeds, seed_ranges
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.sharpness_gauge import sharpness_panel, sharpness_readings

POINTS = 160
LEAST, MOST = 1e-5, 30.0
COMMON = {
    "loss": "cross-entropy",
    "width": 16,
    "steps": 200,
    "follow_sharpness": True,
    "follow_shift": False,
    "sharpness_every": 10,
    "spectrum_every": 100,
    **SEEDS,
}
FOUR = ("none", "batch", "layer", "deconvolution")
TRIPLED = {
    "usual weights": {},
    "weights × 3": {"init_scale": 4.2},
    "weights × 3, η × 9": {"init_scale": 4.2, "learning_rate": 0.9},
}
OTHERS = ("none", "group", "RMS", "weight", "spectral")


def _lanes(kinds: Sequence[str], **changes: float) -> tuple[dict[str, object], ...]:
    return tuple({**COMMON, **changes, "normalization": kind} for kind in kinds)


class NormalizedNetView(NetView[NormalizedNetSettings]):
    """Loss, test accuracy, sharpness with its limit, density of the Hessian's eigenvalues."""

    name = "normalized_net"
    title = "One net, normalized in several ways"
    experiment = NormalizedNet()
    shown = ("learning_rate", "normalization", "init_scale")
    more = (
        "groups",
        "depth",
        "batch_size",
        "optimizer",
        "momentum",
        "activation",
        "loss",
        "width",
        "train_size",
        "batches",
        "measure_every",
        "sharpness_every",
        "spectrum_every",
        "steps",
        "seed",
        "other_seeds",
    )
    step_figures = ("loss", "accuracy", "sharpness")
    slow = ("spectrum",)
    goals = goals.NET
    presets = (
        Preset(
            "what batch norm does",
            "Same weights, same batches. Whose λₘₐₓ will be lowest, and which net keeps eigenvalues that stand alone "
            "on the right?",
            _lanes(FOUR),
            FOUR,
        ),
        Preset(
            "a large learning rate",
            "η = 2: which of them still learn?",  # given
            _lanes(FOUR, learning_rate=2.0),
            FOUR,
        ),
        Preset(
            "three times the weights",
            "Hidden layers divide the factor 3 out on the way forward, and still the net learns more slowly; unless η "
            "is 9 times as large.",  # holds: l5_three_and_nine
            tuple({**COMMON, "normalization": "batch", **lane} for lane in TRIPLED.values()),
            tuple(TRIPLED),
        ),
        Preset(
            "a bad start",
            "First weights three times as large, η as usual: the plain net does not recover, the normalized learn.",
            # holds: l5_bad_start
            _lanes(FOUR, init_scale=4.2),
            FOUR,
        ),
        Preset(
            "ten layers",
            "Which begins flattest, and which gets to the lowest loss? Draw other seeds: only one of the two stays.",
            # holds: l5_ten_layers
            _lanes(FOUR, depth=10),
            FOUR,
        ),
        Preset(
            "the others",
            "Group and RMS norm look at one sample, weight and spectral norm at no sample at all.",
            _lanes(OTHERS),
            OTHERS,
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[NormalizedNetSettings]]:
        return {
            "loss": LOSS,
            "sharpness": sharpness_panel(usual=_reach_of_the_sharpness, wide=True),
            "spectrum": Panel(
                "Density of the Hessian's eigenvalues, at the step named",
                "eigenvalue λ",
                "density",
                Curve(_density),
                Curve(_isolated_from, "{lane}, isolated from here", make=limit, says="three times the bulk's edge"),
                fit=_fit_to_the_spectrum,
                yaxis_type="log",
                yaxis_range=[float(np.log10(LEAST)), float(np.log10(MOST))],
            ),
            "accuracy": OverSteps(
                "Accuracy on test images, in evaluation",
                "accuracy",
                OtherSeeds("test_accuracy"),
                Line("test_accuracy"),
                yaxis_range=[0, 1],
            ),
        }

    def readings(self, frame: Frame[NormalizedNetSettings]) -> list[Reading]:
        found = isolated_eigenvalues(torch.from_numpy(frame.history.snapshot("spectrum")), PROBES)
        lines = []
        for lane in range(len(frame.lanes)):
            lines += [
                *sharpness_readings(frame, lane),
                Reading(
                    lane, f"isolated eigenvalues, step {_step_of_spectrum(frame)}", _count(float(found.count[lane]))
                ),
                Reading(lane, "test accuracy", now(frame, "test_accuracy", lane)),
            ]
        return [*lines, *seed_ranges(frame, *self.ranged)]


@dataclass(frozen=True)
class _Spectra:
    """The spectra as drawn: densities (K, G) on a grid (G,), and from where on eigenvalues are isolated, (K,)."""

    grid: np.ndarray
    density: np.ndarray
    isolated: np.ndarray

    @classmethod
    def of(cls, frame: Frame[NormalizedNetSettings]) -> _Spectra | None:
        """The newest spectra; None where all have diverged."""
        spectrum = frame.history.snapshot("spectrum")
        ends = spectrum[:, 0][np.isfinite(spectrum[:, 0])]
        if not len(ends):
            return None
        high, low = max(float(ends.max()), 1.0), min(float(ends.min()), 0.0)
        top = float(np.ceil(1.08 * high / 5) * 5)
        bottom = -top / 20 if low > -top / 20 else float(np.floor(low / 5) * 5)
        grid = np.linspace(bottom, top, POINTS)
        edges = isolated_eigenvalues(torch.from_numpy(spectrum), PROBES).edge.numpy()
        return cls(grid, densities(spectrum, grid), FAR * edges)


def _density(frame: Frame[NormalizedNetSettings], lane: int) -> Points | None:
    found = frame.once(_Spectra.of)
    return (
        None if found is None else (found.grid, np.where(found.density[lane] > LEAST / 10, found.density[lane], np.nan))
    )


def _isolated_from(frame: Frame[NormalizedNetSettings], lane: int) -> Points | None:
    found = frame.once(_Spectra.of)
    return None if found is None else ([found.isolated[lane]] * 2, [LEAST, MOST])


def _fit_to_the_spectrum(frame: Frame[NormalizedNetSettings]) -> dict[str, Any]:
    found = frame.once(_Spectra.of)
    if found is None:
        return {}
    at = {"xref": "paper", "yref": "paper", "x": 0.98, "y": 0.98, "xanchor": "right", "yanchor": "top"}
    note = {**at, "text": f"at step {_step_of_spectrum(frame)}", "showarrow": False, "font": {"size": 13}}
    return {"xaxis.range": [float(found.grid[0]), float(found.grid[-1])], "annotations": [note]}


def _reach_of_the_sharpness(frame: Frame[NormalizedNetSettings]) -> dict[str, Any]:
    top = np.nanmax(np.where(frame.gone, np.nan, frame.history["sharpness"][: frame.stop]), initial=1.0)
    limits = 2 / frame.lanes.learning_rate.clamp_min(1e-9).numpy()
    shown = max(1.15 * top, min(1.3 * limits.max(), 1.6 * top))
    return {"yaxis.type": "linear", "yaxis.autorange": False, "yaxis.range": [0, float(f"{shown:.1g}")]}


def _step_of_spectrum(frame: Frame[NormalizedNetSettings]) -> int:
    """The step at which the spectrum that is shown was taken."""
    every = frame.lanes.shared.spectrum_every
    return (frame.stop - 1) // every * every


def _count(number: float) -> str:
    """The mean over two probes, as words."""
    return "diverged" if np.isnan(number) else f"{number:g}"
