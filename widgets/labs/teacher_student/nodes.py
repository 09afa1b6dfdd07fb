"""Student nodes in figures: the matrix of correlations, the paths of all nodes, and who has won."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, cast

import numpy as np
import torch

from lessons.teacher_student.settings import StudentSettings
from lessons.teacher_student.shaking import nearest_nodes, winners
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import cells, grey
from widgets.view.lines import Curve, One, Points
from widgets.view.panels import OverSteps, Panel

# From -1 over what hardly shows, on light and on dark, to 1.
SCALE = [(0.0, LANE_COLOURS[0]), (0.5, "rgba(128,128,128,0.08)"), (1.0, LANE_COLOURS[1])]
POINTS_OF_A_PATH = 40
OTHERS = grey(0.35)
# The look of correlations in cells, with a bar that says what a colour is.
_BAR = {"thickness": 8, "outlinewidth": 0, "tickfont": {"size": 11}, "tickvals": [-1, 0, 1], "xpad": 4}
MATRIX: dict[str, Any] = {"zmin": -1, "zmax": 1, "colorscale": SCALE, "colorbar": _BAR}


def taken(frame: Frame, name: str) -> np.ndarray | None:
    """A snapshot of the newest measurement, shape (K, ...); None while the run is on its way back to a past step."""
    try:
        return frame.history.snapshot(name)
    except KeyError:
        return None


def is_due(frame: Frame[StudentSettings]) -> bool:
    """True if what is measured now and then has been measured among the frame's new rows, or the run is at its end."""
    return len(frame.steps(measured="fvu")) > 0 or frame.stop > frame.lanes.shared.steps


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


def matrix_panel() -> Panel[StudentSettings]:
    """Return the matrix of the chosen lane, student nodes by teacher nodes: layers side by side, with a gap between."""
    bare = {"showgrid": False, "zeroline": False}
    return Panel(
        "Correlation of student nodes (the luckiest at the start on top) with teacher nodes, chosen lane",
        "teacher node",
        "student node, by luck",
        One(_matrix, "correlation", make=cells, when=is_due, **MATRIX),
        fit=_axes,
        height=380,
        **{f"{axis}_{key}": value for axis in ("xaxis", "yaxis") for key, value in bare.items()},
        xaxis_tickangle=0,
    )


def _matrix(frame: Frame[StudentSettings]) -> Points | None:
    every = frame.once(Nodes.of)
    if not every:
        return None
    blocks = []
    for initial, now in zip(every[frame.selected].initial, every[frame.selected].now, strict=True):
        order = np.argsort(-initial.max(1), kind="stable")
        blocks += [now[order], np.full((len(now), 1), np.nan)]
    z = np.concatenate(blocks[:-1], axis=1)
    return np.arange(1, z.shape[1] + 1), np.arange(1, len(z) + 1), z


def _axes(frame: Frame[StudentSettings]) -> dict[str, Any]:
    """Ranges; and the teacher nodes of each layer, numbered from 1."""
    students, count = widths(frame, frame.selected)
    layers = frame.lanes.shared.depth
    every = max(1, -(-count * layers // 10))
    shown = range(every if every > 1 else 1, count + 1, every)
    starts = [layer * (count + 1) for layer in range(layers)]
    return {
        "xaxis.tickvals": [start + number for start in starts for number in shown],
        "xaxis.ticktext": [str(number) for _ in starts for number in shown],
        "xaxis.title.text": "teacher node" if layers == 1 else "teacher node (layer 1, layer 2)",
        "xaxis.range": [0.5, layers * (count + 1) - 0.5],
        "yaxis.range": [students + 0.5, 0.5],
    }


# ---- the paths of all nodes over the step ----


def paths_panel(
    caption: str,
    y: str,
    quantity: str,
    among: Callable[[Nodes], Sequence[np.ndarray]],
    colours: tuple[str, str],
    who: str = "nearest to a teacher node",
    **layout: Any,
) -> OverSteps[StudentSettings]:
    """Return the paths of all nodes of the chosen lane: others, those who count of layer 1, and of layer 2.

    Args:
        caption: As of `OverSteps`, like `y` and `layout`.
        quantity: Name of the snapshot: `trail_correlation` or `trail_contribution`.
        among: Returns of the lane's nodes who counts, (m,) for each layer.
        colours: Of those who count, in either layer.
        who: What they are.
    """

    def paths(frame: Frame[StudentSettings]) -> list[Points] | None:
        trail, step, every = taken(frame, quantity), taken(frame, "trail_step"), frame.once(Nodes.of)
        if trail is None or step is None or not every:
            return None
        lane, others, chosen = frame.selected, [], []
        for layer, counts in enumerate(among(every[lane])):
            own = trail[lane, :, layer, : len(counts)]
            others.append(own[:, ~counts])
            chosen.append(own[:, counts])
        found: list[Points] = [in_one_line(step[lane], own) for own in (np.concatenate(others, axis=1), *chosen)]
        return found if len(chosen) > 1 else [*found, ([], [])]

    def path(frame: Frame[StudentSettings], number: int) -> Points | None:
        found = frame.once(paths)
        return None if found is None else found[number]

    layers = [(who, colours[0]), (f"{who}, layer 2", colours[1])]
    return OverSteps(
        caption,
        y,
        One(lambda frame: path(frame, 0), "other student nodes", OTHERS, when=is_due, line={"width": 1}),
        Curve(lambda frame, layer: path(frame, 1 + layer), each=layers, when=is_due, line={"width": 1.5}),
        height=380,
        showlegend=True,
        **layout,
    )


def in_one_line(x: np.ndarray, paths: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Lay paths, shape (T, m), end to end as one trace with gaps between them, each thinned to a bounded number.

    x is that of all paths, shape (T,), or of each, shape (T, m).
    """
    kept = np.unique(np.linspace(0, len(x) - 1, POINTS_OF_A_PATH).astype(int))
    gap = np.full((1, paths.shape[1]), np.nan)
    across = np.broadcast_to(x.reshape(len(x), -1), paths.shape)[kept]
    along, up = (np.concatenate([each, gap]).T.ravel() for each in (across, paths[kept]))
    return along, up
