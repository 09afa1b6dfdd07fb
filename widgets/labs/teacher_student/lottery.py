"""The lottery: all nodes, the winners with their first weights, with new ones, and nodes taken at random."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.teacher_student.lottery import TICKETS, Lottery, LotterySettings
from lessons.teacher_student.spreads import LOTTERY, TicketsSettings
from widgets.colours import LANE_COLOURS
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.strips import draw_medians, draw_strips, strip_figure
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.plots import line, plot, theory
from widgets.view import LabView

LEARNED = 1e-3
SHORT_NAMES = ("full", "rewound", "re-init.", "random")


class LotteryView(LabView[LotterySettings, TicketsSettings]):
    """Median over the step, each run's end, and how many have learned the teacher."""

    name = "lottery"
    title = "The lottery of nodes"
    experiment = Lottery()
    spread = LOTTERY
    compare = False
    seeds = 24
    step_figures = ()
    shown = ("keep", "students", "overparameterization", "init_scale", "learning_rate", "seed")
    more = (
        "prune_at",
        "top_scale",
        "active_share",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "keep 10 of 50",
            "Ten nodes for ten: the winners with their first weights, or with new ones. Who will learn?",
            ({},),
        ),
        Preset(
            "keep 15: no effect",
            # holds: l7_keep_15
            "With five nodes to spare nearly every ticket wins. The effect depends on the setting.",
            ({"keep": 15},),
        ),
        Preset(
            "keep 8: too few",
            # holds: l7_keep_8
            "Eight nodes cannot be ten. Only all fifty learn the teacher; the first weights are of no help.",
            ({"keep": 8},),
        ),
    )

    def idle(self, settings: TicketsSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        log = {"yaxis_type": "log"}
        curves = [line(ticket, colour) for ticket, colour in zip(SHORT_NAMES, LANE_COLOURS, strict=False)]
        median = plot(
            "lottery-median",
            "First training, the way back, second training: median of the students with each ticket",
            "step",
            "unexplained share",
            curves,
            showlegend=True,
            height=360,
            **log,
        )
        caption = "Where each of them is now: a dot for each student (dashes: learned, below 0.001)"
        ends = strip_figure(
            "lottery-ends", caption, "ticket", "unexplained share", SHORT_NAMES, LANE_COLOURS, height=360, **log
        )
        ends.add_trace(theory("learned", "#888"))
        share = plot(
            "lottery-share",
            "Share of the students that have learned the teacher",
            "step",
            "share below 0.001",
            [line(ticket, colour) for ticket, colour in zip(TICKETS, LANE_COLOURS, strict=False)],
            yaxis_range=[0, 1.05],
        )
        return {"median": median, "ends": ends, "share": share}

    def begin(self, frame: Frame[LotterySettings]) -> None:
        shape = frame.lanes.shared
        back = {"type": "line", "yref": "paper", "y0": 0, "y1": 1, "x0": shape.prune_at, "x1": shape.prune_at}
        mark = [{**back, "line": {"color": "#888", "width": 1, "dash": "dot"}}] if shape.prune_at < shape.steps else []
        for figure in ("median", "share"):
            frame.screen.relayout(figure, {"xaxis.range": [0, shape.steps], "shapes": mark})
        frame.screen.replace("ends", len(TICKETS), x=[0.4, len(TICKETS) + 0.6], y=[LEARNED, LEARNED])

    def draw(self, frame: Frame[LotterySettings]) -> None:
        groups = _groups(frame)
        draw_medians(frame, "median", groups, "fvu")
        steps = np.arange(frame.start, frame.stop)
        steps = steps[steps % frame.lanes.shared.measure_every == 0]
        fvu = frame.history["fvu"]
        for trace, lanes in enumerate(groups):
            frame.screen.extend("share", trace, steps, (fvu[steps][:, lanes] < LEARNED).mean(1))
        draw_strips(frame, "ends", [np.maximum(fvu[frame.stop - 1, lanes], 1e-12) for lanes in groups])

    def readings(self, frame: Frame[LotterySettings]) -> list[Reading]:
        shape, fvu = frame.lanes.shared, frame.history["fvu"][frame.stop - 1]
        lines = [Reading(0, "now", "first training" if frame.stop - 1 <= shape.prune_at else "second training")]
        for ticket, lanes in zip(TICKETS, _groups(frame), strict=True):
            own = fvu[lanes]
            said = f"{(own < LEARNED).mean():.0%} learned; median {np.median(own):.2g}"
            lines.append(Reading(0, ticket, said))
        return lines


def _groups(frame: Frame) -> list[np.ndarray]:
    """The lanes of each ticket."""
    return np.split(np.arange(len(frame.lanes)), len(TICKETS))
