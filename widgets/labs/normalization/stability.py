"""Sixteen learning rates for each of four normalizations at once: up to where does a net learn, and learn well?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.normalization.spreads import KINDS, RATES, SETS, STABLE_RATES, StabilitySettings
from lessons.normalization.stability import LEARNED, largest_stable_rates, loss_without_looking
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.figure.colours import colour_of
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, grey, limit
from widgets.labs.normalization import training_goals
from widgets.labs.normalization.net_view import idle_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import Panel
from widgets.view.view import LabView

LARGEST, LEARNS, WELL = ", still learns up to here", ": still learns up to η", ": trains well up to η"


class StabilityView(LabView[NormalizedNetSettings, StabilitySettings]):
    """Loss and test accuracy over the learning rate, and the largest learning rate at which each still learns."""

    name = "stable_rates"
    title = "Sixteen learning rates for each"
    experiment = NormalizedNet()
    goals = training_goals.STABLE_RATES
    spread = STABLE_RATES
    compare = False
    step_figures = ()
    covered = ("loss", "largest")
    shown = ("compared", "loss", "init_scale")
    more = (
        "lowest",
        "highest",
        "batch_size",
        "depth",
        "groups",
        "optimizer",
        "momentum",
        "activation",
        "width",
        "train_size",
        "batches",
        "steps",
        "seed",
    )
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

    @property
    def panels(self) -> Mapping[str, Panel[NormalizedNetSettings]]:
        kinds = [(kind, colour_of("normalization", kind)) for kind in KINDS]  # those that are not compared stay empty
        named = {name: [(f"{kind}{name}", c) for kind, c in kinds] for name in (LARGEST, LEARNS, WELL)}
        return {
            "loss": Panel(
                "Loss, mean of the last tenth so far: up to which learning rate does each learn?",
                "learning rate η",
                "loss",
                Curve(_losses, each=kinds, mode="lines+markers", marker={"size": 6}, line={"width": 1.5}),
                Curve(_largest_stable, each=named[LARGEST], make=limit, says="still learns up to this η"),
                One(_learned, "still learns below this loss", grey(0.9), make=limit, fixed=True),
                fit=_fit_losses,
                yaxis_range=[-2.0, 1.0],
                height=380,
                **LOG,
                **LOG_X,
            ),
            "largest": Panel(
                "Largest learning rate at which each still learns (pale) and at which it trains well (full)",
                "normalization",
                "largest η",
                Curve(partial(_bar, "largest"), each=named[LEARNS], make=_empty_bar, opacity=0.35),
                Curve(partial(_bar, "well"), each=named[WELL], make=_empty_bar, opacity=1.0),
                fit=lambda frame: {"yaxis.range": _reach(frame), "xaxis.ticktext": list(_kinds(frame))},
                height=380,
                barmode="overlay",
                xaxis_tickmode="array",
                xaxis_tickvals=[0, 1, 2, 3],
                xaxis_ticktext=KINDS[:4],
                xaxis_range=[-0.6, 3.6],
                **LOG,
            ),
        }

    def readings(self, frame: Frame[NormalizedNetSettings]) -> list[Reading]:
        found, lines = frame.once(_found), []
        for kind, each in found.items():
            lines.append(Reading(0, f"{kind}{LEARNS}", _or_words(each.largest)))
            lines.append(Reading(0, f"{kind}{WELL}", _or_words(each.well)))
        return lines


def _or_words(rate: float) -> float | str:
    return "none yet" if np.isnan(rate) else rate


def _kinds(frame: Frame) -> tuple[str, ...]:
    return tuple(dict.fromkeys(frame.lanes.values("normalization")))


def _found(frame: Frame[NormalizedNetSettings]) -> dict[str, Any]:
    return largest_stable_rates(frame.lanes, frame.history["loss"][: frame.stop])


def _limit(frame: Frame[NormalizedNetSettings]) -> float:
    """The loss above which nothing is learned."""
    return LEARNED * loss_without_looking(frame.lanes.shared.loss, frame.lanes.shared.train_size)


def _ends(frame: Frame[NormalizedNetSettings]) -> np.ndarray:
    return frame.lanes.learning_rate.numpy()[[0, RATES - 1]]


def _reach(frame: Frame[NormalizedNetSettings]) -> list[float]:
    low, high = np.log10(_ends(frame))
    return [float(low) - 0.05, float(high) + 0.05]


def _lowest(frame: Frame[NormalizedNetSettings]) -> float:
    """The lower end of the losses, in decades."""
    seen = np.concatenate([each.final_loss for each in frame.once(_found).values()])
    seen = seen[np.isfinite(seen) & (seen > 0)]
    return round(float(np.log10(seen.min())) - 0.15 if len(seen) else -2.0, 1)


def _fit_losses(frame: Frame[NormalizedNetSettings]) -> dict[str, Any]:
    """Ranges, and the names of the kinds, which depend on a setting."""
    notes = []
    for number, kind in enumerate(_kinds(frame)):
        font = {"color": colour_of("normalization", kind), "size": 13}
        at = {"xref": "paper", "yref": "paper", "x": 0.02, "y": 0.02 + 0.08 * (3 - number)}
        notes.append({**at, "xanchor": "left", "yanchor": "bottom", "text": kind, "showarrow": False, "font": font})
    up = [_lowest(frame), round(float(np.log10(_limit(frame))) + 1.0, 1)]
    return {"xaxis.range": _reach(frame), "yaxis.range": up, "annotations": notes}


def _losses(frame: Frame[NormalizedNetSettings], kind: int) -> Points | None:
    found = frame.once(_found).get(KINDS[kind])
    return found and (found.rates, found.final_loss)


def _largest_stable(frame: Frame[NormalizedNetSettings], kind: int) -> Points | None:
    found = frame.once(_found).get(KINDS[kind])
    return found and ([found.largest] * 2, [10.0 ** _lowest(frame), 10 * _limit(frame)])


def _learned(frame: Frame[NormalizedNetSettings]) -> Points:
    return _ends(frame), [_limit(frame)] * 2


def _bar(which: str, frame: Frame[NormalizedNetSettings], kind: int) -> Points | None:
    found = frame.once(_found).get(KINDS[kind])
    return found and ([_kinds(frame).index(KINDS[kind])], [getattr(found, which)])


def _empty_bar(name: str, colour: str, opacity: float) -> go.Bar:
    return go.Bar(x=[], y=[], marker={"color": colour}, name=name, hoverinfo="y", width=0.6, opacity=opacity)
