"""Sixteen students at once: does who begins near end as the winner?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
import torch

from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.luck import WON, Luck, arrival, luck
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.shaking import nearest_nodes
from lessons.teacher_student.spreads import LUCK, STUDENTS, LuckSettings
from widgets.colours import LANE_COLOURS
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.teacher_student.nodes import is_due, taken
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.students import idle_student_fields
from widgets.plots import grey, line, plot, theory
from widgets.view import LabView

PLACES = 10
WINNER = LANE_COLOURS[1]


class LuckView(LabView[TeacherStudentSettings, LuckSettings]):
    """Nearness at the start against nearness now, the winners' places at the start, and who is found when."""

    name = "luck"
    title = "Lucky nodes"
    experiment = TeacherStudent()
    spread = LUCK
    compare = False
    seeds = STUDENTS
    step_figures = ()
    shown = ("overparameterization", "init_scale", "top_scale", "active_share", "learning_rate", "seed")
    more = (
        "strength_decay",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "sixteen students",
            "Each node of sixteen students, where it begins and where it ends. Will those who begin near arrive?",
            ({},),
        ),
        Preset(
            "small initial weights",
            # holds: l7_luck_is_a_tendency, l7_small_weights_share
            "From weights a tenth as large nodes have time to turn: luck counts for less, and most nodes arrive.",
            ({"init_scale": 0.1, "top_scale": 0.1},),
        ),
        Preset(
            "a strong top layer",
            # holds: l7_luck_is_a_tendency
            "The outgoing weights begin at full size, and pull at random: beginning near counts for less.",
            ({"top_scale": 1.0},),
        ),
        Preset(
            "twice as wide",
            "Two tickets for each prize: half of the student nodes are needed, lucky or not.",
            ({"overparameterization": 2.0},),
        ),
    )

    def idle(self, settings: LuckSettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        (colour,) = colours
        dots = {"mode": "markers", "hoverinfo": "skip"}
        overlap = plot(
            "luck-overlap",
            f"All nodes of {STUDENTS} students: nearness to a teacher node at the start and now (dashes: no change)",
            "largest correlation at the start",
            "largest correlation now",
            [
                line("other student nodes", grey(0.5), **dots, marker={"size": 4}),
                line("nearest to a teacher node", WINNER, **dots, marker={"size": 5}),
                theory("no change", "#888", showlegend=False),
            ],
            xaxis_range=[-0.1, 0.9],
            yaxis_range=[-0.1, 1.03],
            height=400,
            showlegend=True,
        )
        places = plot(
            "luck-places",
            "Who is nearest now: its place at the start (dashes: by chance)",
            "place at the start, 1 is the luckiest",
            "share of teacher nodes",
            [go.Bar(x=[], y=[], name="measured", marker={"color": colour}), theory("by chance", "#888")],
            yaxis_rangemode="tozero",
            xaxis_tickvals=list(range(1, PLACES + 2)),
            xaxis_ticktext=[*map(str, range(1, PLACES + 1)), f"{PLACES + 1}+"],
            height=400,
        )
        sooner = plot(
            "luck-arrival",
            f"When each teacher node is found (correlation {WON:g}), against its luck (line: median of each fifth)",
            "best correlation at the start",
            "step of arrival",
            [
                line("a teacher node", grey(0.6), **dots, marker={"size": 5}),
                line("median", colour, mode="lines+markers"),
            ],
            yaxis_rangemode="tozero",
        )
        return {"overlap": overlap, "places": places, "sooner": sooner}

    def begin(self, frame: Frame) -> None:
        frame.screen.replace("overlap", 2, x=[-0.1, 0.9], y=[-0.1, 0.9])
        self._draw(frame)

    def draw(self, frame: Frame[TeacherStudentSettings]) -> None:
        if is_due(frame):
            self._draw(frame)

    def _draw(self, frame: Frame) -> None:
        overlaps = _overlaps(frame)
        if overlaps is None:
            return
        initial, now = overlaps
        is_nearest = nearest_nodes(now)
        for trace, among in enumerate((~is_nearest, is_nearest)):
            x, y = initial.amax(2)[among], now.amax(2)[among]
            frame.screen.replace("overlap", trace, x=x.numpy(), y=y.numpy())
        self._places(frame, luck(initial, now), initial.shape[1])
        self._arrivals(frame)

    @staticmethod
    def _places(frame: Frame, seen: Luck, students: int) -> None:
        shares = [(seen.rank == place).float().mean().item() for place in range(PLACES)]
        chance = [1 / students if place < students else 0.0 for place in range(PLACES)]
        at = np.arange(1, PLACES + 2)
        frame.screen.replace("places", 0, x=at, y=[*shares, max(0.0, 1 - sum(shares))])
        frame.screen.replace("places", 1, x=at[:-1], y=chance)

    @staticmethod
    def _arrivals(frame: Frame) -> None:
        best = torch.as_tensor(frame.history["best_correlation"][: frame.stop, :, 0])
        luckiest, when = best[0].flatten().numpy(), arrival(best).flatten().numpy().astype(float)
        when[when >= frame.stop] = np.nan
        frame.screen.replace("sooner", 0, x=luckiest, y=when)
        fifths = np.array_split(np.argsort(luckiest), 5)
        late = np.where(np.isnan(when), np.inf, when)
        middle = np.array([np.median(late[each]) for each in fifths])
        x = [np.median(luckiest[each]) for each in fifths]
        frame.screen.replace("sooner", 1, x=x, y=np.where(np.isfinite(middle), middle, np.nan))

    def readings(self, frame: Frame) -> list[Reading]:
        overlaps = _overlaps(frame)
        if overlaps is None:
            return []
        seen, students = luck(*overlaps), overlaps[0].shape[1]
        lowest, highest = seen.won_by_quintile[[0, -1]].tolist()
        return [
            Reading(0, "nearest now was the luckiest", seen.share_within(1), 1 / students, "chance"),
            Reading(0, "it was among the luckiest three", seen.share_within(3), min(1.0, 3 / students), "chance"),
            Reading(0, f"unluckiest fifth: above {WON:g} now", lowest),
            Reading(0, f"luckiest fifth: above {WON:g} now", highest),
            Reading(0, "rank correlation of start and now", float(seen.rank_correlation.nanmean())),
        ]


def _overlaps(frame: Frame) -> tuple[torch.Tensor, torch.Tensor] | None:
    """Correlations at the start and now, (K, m, n)."""
    initial, now = taken(frame, "initial_correlation_1"), taken(frame, "correlation_1")
    return None if initial is None or now is None else (torch.as_tensor(initial), torch.as_tensor(now))
