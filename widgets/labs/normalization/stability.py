"""Sixteen learning rates for each of four normalizations at once: up to where does a net learn, and learn well?"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.normalization.spreads import KINDS, RATES, SETS, STABLE_RATES, StabilitySettings
from lessons.normalization.stability import LEARNED, largest_stable_rates, loss_without_looking
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.colours import colour_of
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.normalization.net_view import idle_fields
from widgets.plots import grey, line, plot, theory
from widgets.view import LabView


class StabilityView(LabView[NormalizedNetSettings, StabilitySettings]):
    """Loss and test accuracy over the learning rate, and the largest learning rate at which each still learns."""

    name = "stable_rates"
    title = "Sixteen learning rates for each"
    experiment = NormalizedNet()
    spread = STABLE_RATES
    compare = False
    step_figures = ()
    covered = ("loss", "largest")
    shown = ("compared", "lowest", "highest", "loss", "batch_size", "depth", "init_scale")
    more = ("groups", "optimizer", "momentum", "activation", "width", "train_size", "batches", "steps", "seed")
    presets = (
        Preset(
            "up to where?",
            "Follow each line to the right until it leaves the bottom: how much further does batch norm go?",
            ({},),
        ),
        Preset(
            "one sample at a time",
            "Group and RMS norm look at one image only, spectral norm at none. How far do they go?",
            ({"compared": "group and RMS"},),
        ),
        Preset(
            "norms of the weights",
            "Weight norm and spectral norm, beside deconvolution.",
            ({"compared": "weights"},),
        ),
        Preset(
            "with squared error",
            "Under squared error none of the four trains well in 150 steps. Up to where does each still learn?",
            # holds: l5_room_squared
            ({"loss": "squared error", "lowest": 0.003},),
        ),
        Preset(
            "a bad start",
            "First weights three times as large: no learning rate trains the plain net well. What of batch norm?",
            ({"init_scale": 4.2},),  # holds: l5_room_bad_start
        ),
    )

    def idle(self, settings: StabilitySettings) -> tuple[str, ...]:
        groups = () if "group" in SETS[settings.compared] else ("groups",)
        return (*super().idle(settings), *groups, *idle_fields(settings))

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        kinds = [(kind, colour_of("normalization", kind)) for kind in KINDS]  # those that are not compared stay empty
        lines = [
            line(kind, colour, mode="lines+markers", marker={"size": 6}, line={"width": 1.5}) for kind, colour in kinds
        ]
        largest = [theory(f"{kind}, largest stable", colour, showlegend=False) for kind, colour in kinds]
        axis = {"xaxis_type": "log", "xaxis_tickformat": "~g", "height": 380}
        loss = plot(
            "stable-loss",
            "Loss, mean of the last tenth so far (dashes: largest stable η; grey: above it nothing is learned)",
            "learning rate η",
            "loss",
            [*lines, *largest, theory("learned below this", grey(0.9), showlegend=False)],
            yaxis_type="log",
            yaxis_tickformat="~g",
            yaxis_range=[-2.0, 1.0],
            **axis,
        )
        bars = [
            go.Bar(
                x=[], y=[], marker={"color": colour}, name=f"{kind}: {name}", hoverinfo="y", width=0.6, opacity=shade
            )
            for name, shade in (("still learns up to η", 0.35), ("trains well up to η", 1.0))
            for kind, colour in kinds
        ]
        names_of: dict[str, Any] = {
            "tickmode": "array",
            "tickvals": [0, 1, 2, 3],
            "ticktext": KINDS[:4],
            "range": [-0.6, 3.6],
        }
        ends = plot(
            "stable-largest",
            "Largest learning rate at which each still learns (pale) and at which it trains well (full)",
            "normalization",
            "largest η",
            bars,
            height=380,
            barmode="overlay",
            yaxis_type="log",
            yaxis_tickformat="~g",
        ).update_xaxes(**names_of)
        return {"loss": loss, "largest": ends}

    def begin(self, frame: Frame[NormalizedNetSettings]) -> None:
        rates = frame.lanes.learning_rate.numpy()[[0, RATES - 1]]
        reach = [float(np.log10(rates[0])) - 0.05, float(np.log10(rates[1])) + 0.05]
        frame.screen.relayout("loss", {"xaxis.range": reach})
        frame.screen.relayout("largest", {"yaxis.range": reach, "xaxis.ticktext": list(_kinds(frame))})
        shared = frame.lanes.shared
        height = LEARNED * loss_without_looking(shared.loss, shared.train_size)
        frame.screen.replace("loss", 2 * len(KINDS), x=rates, y=[height, height])
        notes = []
        for number, kind in enumerate(_kinds(frame)):
            font = {"color": colour_of("normalization", kind), "size": 13}
            at = {"xref": "paper", "yref": "paper", "x": 0.02, "y": 0.02 + 0.08 * (3 - number)}
            notes.append({**at, "xanchor": "left", "yanchor": "bottom", "text": kind, "showarrow": False, "font": font})
        frame.screen.relayout("loss", {"annotations": notes})

    def draw(self, frame: Frame[NormalizedNetSettings]) -> None:
        found = _found(frame)
        limit = LEARNED * loss_without_looking(frame.lanes.shared.loss, frame.lanes.shared.train_size)
        seen = np.concatenate([each.final_loss for each in found.values()])
        seen = seen[np.isfinite(seen) & (seen > 0)]
        low = float(np.log10(seen.min())) - 0.15 if len(seen) else -2.0
        frame.screen.relayout("loss", {"yaxis.range": [round(low, 1), round(float(np.log10(limit)) + 1.0, 1)]})
        span = [10.0 ** round(low, 1), 10 * limit]
        for place, (kind, each) in enumerate(found.items()):
            number = KINDS.index(kind)
            frame.screen.replace("loss", number, x=each.rates, y=each.final_loss)
            frame.screen.replace("loss", len(KINDS) + number, x=[each.largest] * 2, y=span)
            for shade, value in enumerate((each.largest, each.well)):
                frame.screen.replace("largest", shade * len(KINDS) + number, x=[place], y=[value])

    def readings(self, frame: Frame[NormalizedNetSettings]) -> list[Reading]:
        found, lines = _found(frame), []
        for kind, each in found.items():
            lines.append(Reading(0, f"{kind}: still learns up to η", _or_words(each.largest)))
            lines.append(Reading(0, f"{kind}: trains well up to η", _or_words(each.well)))
        return lines


def _or_words(rate: float) -> float | str:
    return "none yet" if np.isnan(rate) else rate


def _kinds(frame: Frame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(frame.lanes.values("normalization")))


def _found(frame: Frame[NormalizedNetSettings]) -> dict[str, Any]:
    return largest_stable_rates(frame.lanes, frame.history["loss"][: frame.stop])
