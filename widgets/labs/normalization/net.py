"""Nets that differ in their normalization: loss, sharpness, and the spectrum of the Hessian."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.core.hessian_spectrum import PROBES, densities
from lessons.normalization.isolation import FAR, isolated_eigenvalues
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.normalization.net_view import NetView, loss_figure, show_all_steps
from widgets.plots import line, over_steps, plot, theory
from widgets.sharpness_gauge import SharpnessGauge

GAUGE = SharpnessGauge()
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


class NormalizedNetView(NetView):
    """Loss, test accuracy, sharpness with its limit, density of the Hessian's eigenvalues."""

    name = "normalized_net"
    title = "One net, normalized in several ways"
    shown = (
        "normalization",
        "learning_rate",
        "groups",
        "init_scale",
        "depth",
        "batch_size",
        "optimizer",
        "momentum",
    )
    more = (
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
    )
    step_figures = ("loss", "accuracy", "sharpness")
    slow = ("spectrum",)
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        spectrum = plot(
            "normalization-spectrum",
            "Density of the Hessian's eigenvalues, at the step named (dashes: three times the bulk's edge)",
            "eigenvalue λ",
            "density",
            [
                *(line(n, c) for n, c in pairs),
                *(theory(f"{n}, isolated from here", c, showlegend=False) for n, c in pairs),
            ],
            yaxis_type="log",
            yaxis_range=[float(np.log10(LEAST)), float(np.log10(MOST))],
        )
        accuracy = "Accuracy on test images, in evaluation"
        return {
            "loss": loss_figure("normalization-loss", names, colours),
            "sharpness": GAUGE.figure("normalization-sharpness", names, colours),
            "spectrum": spectrum,
            "accuracy": over_steps("normalization-accuracy", accuracy, "accuracy", names, colours, yaxis_range=[0, 1]),
        }

    def begin(self, frame: Frame) -> None:
        GAUGE.begin(frame)
        show_all_steps(frame, *self.step_figures)

    def draw(self, frame: Frame[NormalizedNetSettings]) -> None:
        GAUGE.draw(frame)
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
            frame.curve("accuracy", lane, lane, "test_accuracy", frame.lanes.shared.measure_every)
        top = np.nanmax(np.where(frame.gone, np.nan, frame.history["sharpness"][: frame.stop]), initial=1.0)
        limits = 2 / frame.lanes.learning_rate.clamp_min(1e-9).numpy()
        shown = max(1.15 * top, min(1.3 * limits.max(), 1.6 * top))
        frame.screen.relayout("sharpness", {"yaxis.range": [0, float(f"{shown:.1g}")]})
        self._spectra(frame)

    def readings(self, frame: Frame[NormalizedNetSettings]) -> list[Reading]:
        found = isolated_eigenvalues(torch.from_numpy(frame.history.snapshot("spectrum")), PROBES)
        lines = []
        for lane in range(len(frame.lanes)):
            row, rate = frame.last(lane), float(frame.lanes.learning_rate[lane])
            lines += [
                GAUGE.reading(frame, lane, rate),
                Reading(
                    lane, f"isolated eigenvalues, step {_step_of_spectrum(frame)}", _count(float(found.count[lane]))
                ),
                Reading(lane, "test accuracy", float(frame.history["test_accuracy"][row, lane])),
            ]
        return lines

    @staticmethod
    def _spectra(frame: Frame[NormalizedNetSettings]) -> None:
        spectrum = frame.history.snapshot("spectrum")
        ends = spectrum[:, 0][np.isfinite(spectrum[:, 0])]
        if not len(ends):
            return
        high, low = max(float(ends.max()), 1.0), min(float(ends.min()), 0.0)
        top = float(np.ceil(1.08 * high / 5) * 5)
        bottom = -top / 20 if low > -top / 20 else float(np.floor(low / 5) * 5)
        grid = np.linspace(bottom, top, POINTS)
        edges = isolated_eigenvalues(torch.from_numpy(spectrum), PROBES).edge.numpy()
        for lane, values in enumerate(densities(spectrum, grid)):
            shown = np.where(values > LEAST / 10, values, np.nan)
            frame.screen.replace("spectrum", lane, x=grid, y=shown)
            frame.screen.replace("spectrum", len(spectrum) + lane, x=[FAR * edges[lane]] * 2, y=[LEAST, MOST])
        at = {"xref": "paper", "yref": "paper", "x": 0.98, "y": 0.98, "xanchor": "right", "yanchor": "top"}
        note = {**at, "text": f"at step {_step_of_spectrum(frame)}", "showarrow": False, "font": {"size": 13}}
        frame.screen.relayout("spectrum", {"xaxis.range": [bottom, top], "annotations": [note]})


def _step_of_spectrum(frame: Frame[NormalizedNetSettings]) -> int:
    """The step at which the spectrum that is shown was taken."""
    every = frame.lanes.shared.spectrum_every
    return (frame.stop - 1) // every * every


def _count(number: float) -> str:
    """The mean over two probes, as words."""
    return "diverged" if np.isnan(number) else f"{number:g}"
