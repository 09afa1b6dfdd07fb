"""The assumption: two teacher nodes rarely fire together, over the bias."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.firing import Firing, FiringSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, grey, theory, thin
from widgets.labs.teacher_student import assumption_goals
from widgets.view.controls import Preset
from widgets.view.lines import Line
from widgets.view.panels import Now, Panel
from widgets.view.view import LabView

LEAST = 1e-5


class FiringView(LabView[FiringSettings]):
    """Share of inputs on which one node fires, and on which two do, against the bias, with the closed forms."""

    name = "firing"
    title = "How often do two nodes fire together?"
    experiment = Firing()
    instant = True
    speed = 20.0
    goals = assumption_goals.FIRING
    shown = ("dimension", "fall", "teacher_width")
    step_figures = ()
    presets = (
        Preset(
            "ten nodes, 20 dimensions",
            # given
            "The bias falls, and each node fires on fewer inputs. On how many do two fire together, at 0 and at −2?",
            ({},),
            ("20 dimensions",),
            says=("dimension",),
        ),
        Preset(
            "crowded: 3 dimensions",
            # holds: l7_crowded
            "In three dimensions ten nodes are neighbours. However rarely they fire, some of them do it together.",
            ({}, {"dimension": 3}),
            ("20 dimensions", "3 dimensions"),
        ),
        Preset(
            "slow motion",
            # holds: l7_pairs_fall_faster
            "The bias falls by 0.02 at each step. Press Play: the pairs fall faster than the single nodes.",
            ({"fall": 0.02, "steps": 150},),
            ("20 dimensions",),
            says=("dimension",),
            speed=10.0,
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[FiringSettings]]:
        bias = "bias, in standard deviations of the input"
        return {
            "shares": Panel(
                "Share of the inputs at which one node fires, and at which two fire, against the bias",
                bias,
                "share of the inputs",
                Line(partial(_seen, "joint"), x="bias", says="two nodes"),
                Line(partial(_seen, "single"), "{lane}, one node", x="bias", make=thin),
                Line(partial(_seen, "joint_theory"), "{lane}, theory", x="bias", make=_grey_theory, showlegend=False),
                legend=True,
                fit=_biases,
                yaxis_range=[-4, 0.1],
                height=380,
                **LOG,
            ),
            "together": Panel(
                "Where one node fires, how often does a second?",
                bias,
                "P(i and j) / P(i)",
                Line(partial(_second, "joint"), x="bias", says="mean over pairs"),
                Line(partial(_second, "worst"), "{lane}, closest pair", x="bias", make=thin),
                fit=_biases,
                yaxis_range=[0, 1.03],
                height=380,
            ),
        }

    @property
    def table(self) -> Sequence[Now[FiringSettings]]:
        return (
            Now("bias", "bias"),
            Now("one node fires", "single", "single_theory"),
            Now("two fire together", "joint", "joint_theory"),
            Now("a second, where one fires", "loss"),
        )


def _seen(quantity: str, frame: Frame[FiringSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    values = frame.history[quantity][steps, lane]
    return np.where(values > LEAST, values, np.nan)


def _second(quantity: str, frame: Frame[FiringSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    with np.errstate(divide="ignore", invalid="ignore"):
        return frame.history[quantity][steps, lane] / frame.history["single"][steps, lane]


def _biases(frame: Frame[FiringSettings]) -> dict[str, Any]:
    return {"xaxis.range": [1.0, min(1 - own.fall * own.steps for own in frame.lanes.settings)]}


def _grey_theory(name: str, _colour: str, **style: Any) -> go.Scatter:
    return theory(name, grey(0.95), **style)
