"""Student nodes in figures: the matrix of correlations, the paths of all nodes, and who has won."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.teacher_student.settings import StudentSettings
from lessons.teacher_student.shaking import nearest_nodes, winners
from widgets.frame import Frame
from widgets.plots import grey, line, plot

# From -1 over what hardly shows, on light and on dark, to 1.
SCALE = [(0.0, "#2f7ed8"), (0.5, "rgba(128,128,128,0.08)"), (1.0, "#e0662e")]
POINTS_OF_A_PATH = 40
OTHERS = grey(0.35)


def taken(frame: Frame, name: str) -> np.ndarray | None:
    """A snapshot of the newest measurement, shape (K, ...); None while the run is on its way back to a past step."""
    try:
        return frame.history.snapshot(name)
    except KeyError:
        return None


def is_due(frame: Frame[StudentSettings]) -> bool:
    """True if what is measured now and then has been measured among the frame's new rows, or the run is at its end."""
    shape = frame.lanes.shared
    measured = (frame.stop - 1) // shape.measure_every > (frame.start - 1) // shape.measure_every
    return measured or frame.stop > shape.steps


@dataclass(frozen=True)
class Nodes:
    """The student nodes of one lane, layer by layer; nodes that the lane lacks are left out.

    Attributes:
        initial: Correlations with the teacher nodes at the start, (m, n) for each layer.
        now: The same now.
        is_nearest: Who is nearest to a teacher node now, (m,) for each layer.
        has_won: The same, and who shares one: correlation above 0.9.
    """

    initial: list[np.ndarray]
    now: list[np.ndarray]
    is_nearest: list[np.ndarray]
    has_won: list[np.ndarray]

    @classmethod
    def of(cls, frame: Frame[StudentSettings]) -> list[Nodes]:
        """The nodes of each lane; an empty list while there is no snapshot."""
        layers = range(1, frame.lanes.shared.depth + 1)
        first = [taken(frame, f"initial_correlation_{layer}") for layer in layers]
        last = [taken(frame, f"correlation_{layer}") for layer in layers]
        if any(each is None for each in (*first, *last)):
            return []
        both = cast(list[np.ndarray], first), cast(list[np.ndarray], last)
        return [cls._of_lane(frame, lane, *both) for lane in range(len(frame.lanes))]

    @classmethod
    def _of_lane(
        cls, frame: Frame[StudentSettings], lane: int, first: list[np.ndarray], last: list[np.ndarray]
    ) -> Nodes:
        students, teachers = widths(frame, lane)
        initial, now = ([each[lane, :students, :teachers] for each in layers] for layers in (first, last))
        nearest, won = ([flag(torch.as_tensor(each)).numpy() for each in now] for flag in (nearest_nodes, winners))
        return cls(initial, now, nearest, won)


def widths(frame: Frame[StudentSettings], lane: int) -> tuple[int, int]:
    """Student nodes and teacher nodes in each hidden layer of a lane."""
    own = frame.lanes.settings[lane]
    students = max(1, round(own.overparameterization * own.teacher_width))
    return students, max(1, own.teacher_width - own.left_out)


# ---- the matrix ----


def matrix_figure(name: str) -> go.Figure:
    """Return an empty matrix, student nodes by teacher nodes."""
    bar = {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "tickvals": [-1, 0, 1], "xpad": 4}
    cells = go.Heatmap(x=[], y=[], z=[], zmin=-1, zmax=1, colorscale=SCALE, colorbar=bar, name="correlation")
    caption = "Correlation of student nodes (the luckiest at the start on top) with teacher nodes, chosen lane"
    figure = plot(name, caption, "teacher node", "student node, by luck", [cells], height=380)
    figure.update_xaxes(showgrid=False, zeroline=False, tickangle=0)
    return figure.update_yaxes(showgrid=False, zeroline=False)


def draw_matrix(frame: Frame, figure: str, nodes: Nodes) -> None:
    """Draw a lane's matrices side by side, one for each layer, with a gap between them."""
    blocks = []
    for initial, now in zip(nodes.initial, nodes.now, strict=True):
        order = np.argsort(-initial.max(1), kind="stable")
        blocks += [now[order], np.full((len(now), 1), np.nan)]
    cells = np.concatenate(blocks[:-1], axis=1)
    across, down = np.arange(1, cells.shape[1] + 1), np.arange(1, len(cells) + 1)
    frame.screen.replace(figure, 0, x=across, y=down, z=cells)
    ranges = {"xaxis.range": [0.5, len(across) + 0.5], "yaxis.range": [len(down) + 0.5, 0.5]}
    frame.screen.relayout(figure, {**_columns(nodes), **ranges})


def _columns(nodes: Nodes) -> dict[str, Any]:
    """Number the teacher nodes of each layer from 1."""
    values, texts, start = [], [], 0
    for block in nodes.now:
        count = block.shape[1]
        every = max(1, -(-count * len(nodes.now) // 10))
        shown = range(every if every > 1 else 1, count + 1, every)
        values += [start + number for number in shown]
        texts += [str(number) for number in shown]
        start += count + 1
    title = "teacher node" if len(nodes.now) == 1 else "teacher node (layer 1, layer 2)"
    return {"xaxis.tickvals": values, "xaxis.ticktext": texts, "xaxis.title.text": title}


# ---- the paths of all nodes over the step ----


def path_figure(
    name: str, caption: str, y: str, colours: tuple[str, str], who: str = "nearest to a teacher node", **layout: Any
) -> go.Figure:
    """Return an empty figure for the paths of all nodes: others, those who count of layer 1, and of layer 2."""
    traces = [
        line("other student nodes", OTHERS, line={"width": 1}),
        line(who, colours[0], line={"width": 1.5}),
        line(f"{who}, layer 2", colours[1], line={"width": 1.5}),
    ]
    return plot(name, caption, "step", y, traces, height=380, showlegend=True, **layout)


def draw_paths(frame: Frame, figure: str, who: Sequence[np.ndarray], quantity: str) -> None:
    """Draw the chosen lane's `trail_correlation` or `trail_contribution`.

    Args:
        frame: The frame.
        figure: From `path_figure`.
        who: Who has the colour, (m,) for each layer.
        quantity: Name of the snapshot.
    """
    trail, step = taken(frame, quantity), taken(frame, "trail_step")
    if trail is None or step is None:
        return
    lane, others, chosen = frame.selected, [], []
    for layer, among in enumerate(who):
        paths = trail[lane, :, layer, : len(among)]
        others.append(paths[:, ~among])
        chosen.append(paths[:, among])
    for trace, paths in enumerate([np.concatenate(others, axis=1), *chosen]):
        x, y = in_one_line(step[lane], paths)
        frame.screen.replace(figure, trace, x=x, y=y)
    if len(chosen) == 1:
        frame.screen.replace(figure, 2, x=[], y=[])


def in_one_line(step: np.ndarray, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay paths, shape (T, m), end to end as one trace with gaps between them, each thinned to a bounded number."""
    kept = np.unique(np.linspace(0, len(step) - 1, POINTS_OF_A_PATH).astype(int))
    gap = np.full((1, paths.shape[1]), np.nan)
    x = np.append(step[kept].astype(float), np.nan)
    return np.tile(x, paths.shape[1]), np.concatenate([paths[kept], gap]).T.ravel()
