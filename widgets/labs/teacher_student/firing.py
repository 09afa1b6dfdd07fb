"""The assumption: two teacher nodes rarely fire together, over the bias."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.firing import Firing, FiringSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import grey, line, plot, theory
from widgets.view import LabView

LEAST = 1e-5


class FiringView(LabView[FiringSettings]):
    """Share of inputs on which one node fires, and on which two do, against the bias, with the closed forms."""

    name = "firing"
    title = "How often do two nodes fire together?"
    experiment = Firing()
    instant = True
    speed = 20.0
    shown = ("teacher_width", "dimension", "fall", "inputs", "seed")
    more = ("steps",)
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs, several = list(zip(names, colours, strict=True)), len(names) > 1
        thin = {"width": 1.5, "dash": "dot"}
        shares = plot(
            "firing-shares",
            "One node fires (dots), two fire (line), against the bias; dashes: theory",
            "bias, in standard deviations of the input",
            "share of the inputs",
            [
                *(line(n, c) for n, c in pairs),
                *(line(f"{n}, one node", c, line=thin, showlegend=False) for n, c in pairs),
                *(theory(f"{n}, theory", grey(0.95), showlegend=False) for n, _ in pairs),
            ],
            yaxis_type="log",
            yaxis_tickformat="~g",
            yaxis_range=[-4, 0.1],
            height=380,
            showlegend=several,
        )
        together = plot(
            "firing-together",
            "Where one node fires, how often does a second? Mean over pairs, and the closest pair (dots)",
            "bias, in standard deviations of the input",
            "P(i and j) / P(i)",
            [
                *(line(n, c) for n, c in pairs),
                *(line(f"{n}, closest pair", c, line=thin, showlegend=False) for n, c in pairs),
            ],
            yaxis_range=[0, 1.03],
            height=380,
        )
        return {"shares": shares, "together": together}

    def begin(self, frame: Frame[FiringSettings]) -> None:
        lowest = min(1 - own.fall * own.steps for own in frame.lanes.settings)
        for figure in ("shares", "together"):
            frame.screen.relayout(figure, {"xaxis.range": [1.0, lowest]})

    def draw(self, frame: Frame) -> None:
        count = len(frame.lanes)
        for lane in range(count):
            rows = frame.rows(lane)
            bias, single, joint = (frame.history[name][rows, lane] for name in ("bias", "single", "joint"))
            worst, expected = frame.history["worst"][rows, lane], frame.history["joint_theory"][rows, lane]
            for trace, values in enumerate((joint, single, expected)):
                frame.screen.extend("shares", trace * count + lane, bias, np.where(values > LEAST, values, np.nan))
            with np.errstate(divide="ignore", invalid="ignore"):
                frame.screen.extend("together", lane, bias, joint / single)
                frame.screen.extend("together", count + lane, bias, worst / single)

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            now = {name: float(frame.history[name][frame.last(lane), lane]) for name in frame.history.names}
            lines += [
                Reading(lane, "bias", now["bias"]),
                Reading(lane, "one node fires", now["single"], now["single_theory"]),
                Reading(lane, "two fire together", now["joint"], now["joint_theory"]),
                Reading(lane, "a second, where one fires", now["loss"]),
            ]
        return lines
