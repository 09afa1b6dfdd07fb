"""Many students of four widths at once: how often are all nodes found?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from lessons.core.experiment import Experiment
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.spreads import RECOVERY, RecoverySettings
from lessons.teacher_student.sweep import NUMBERS, WidthSweep
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.labs.teacher_student import data_goals
from widgets.labs.teacher_student.settings_shown import TASK_AND_TRAINING
from widgets.labs.teacher_student.strips import spread, strips
from widgets.labs.teacher_student.students import TWO_LAYERS, idle_student_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, Part
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

COLOURS = LANE_COLOURS[:4]
KINDS = [(f"{place} width", c) for place, c in zip(("first", "second", "third", "fourth"), COLOURS, strict=True)]


class RecoveryView(LabView[TeacherStudentSettings, RecoverySettings]):
    """Teacher nodes found over the step, and each student's end, by width."""

    name = "recovery"
    title = "How wide must a student be?"
    experiment: Experiment[TeacherStudentSettings] = WidthSweep()
    spread = RECOVERY
    compare = False
    seeds = 20
    step_figures = ()
    goals = data_goals.RECOVERY
    shown = ("widths", "students", "depth")
    more = (
        "active_share",
        "init_scale",
        "learning_rate",
        "seed",
        "top_scale",
        "strength_decay",
        "data",
        "train_size",
        *TASK_AND_TRAINING,
    )
    presets = (
        Preset(
            "four widths",
            "Students of four widths. Will those that are as wide as the teacher find all of its nodes?",
            ({},),
        ),
        Preset(
            "from half to double",
            # holds: l7_spare_tickets
            "Half as many nodes cannot stand for ten. The gain is between 1 and 2.",
            ({"widths": "0.5, 1, 1.5, 2", "students": 16},),
        ),
        Preset(
            "twenty students each",
            # given
            "Eighty trainings: it takes longer, and its shares are to be trusted more.",
            ({"students": 20},),
        ),
        Preset(
            "two hidden layers",
            # holds: l7_two_layers_by_width
            "Both layers, 1 to 10 times as wide: it takes a while. At equal steps 2× has found more nodes than 10×.",
            ({**TWO_LAYERS, "students": 4},),
        ),
    )

    def idle(self, settings: RecoverySettings) -> tuple[str, ...]:
        return idle_student_fields(settings)

    @property
    def panels(self) -> Mapping[str, Panel[TeacherStudentSettings]]:
        width, height = "width, student against teacher", 360
        return {
            "found": OverSteps(
                "Teacher nodes found (correlation above 0.99), mean of the students of each width",
                "share of nodes found",
                self._found(),
                fit=lambda frame: {"annotations": _notes(_ticks(frame))},
                yaxis_range=[0, 1.05],
                height=height,
            ),
            "best": strips(
                "Best correlation of each teacher node, mean over nodes and layers: a dot for each student",
                width,
                "best correlation",
                KINDS,
                self._best,
                fit=_width_names,
                yaxis_range=[0, 1.02],
                height=height,
            ),
            "left": strips(
                "What each student leaves unexplained",
                width,
                "unexplained share",
                KINDS,
                self._left,
                fit=_width_names,
                yaxis_type="log",
            ),
        }

    def _found(self) -> Part[TeacherStudentSettings]:
        """The share of nodes found, over the step."""
        return Line(_found, each=KINDS, measured="recovered")

    def _best(self, frame: Frame[TeacherStudentSettings]) -> list[np.ndarray]:
        best = self._now(frame)["best_correlation"].mean((1, 2))
        return [best[lanes] for lanes in groups_of(frame)]

    def _left(self, frame: Frame[TeacherStudentSettings]) -> list[np.ndarray]:
        left = np.maximum(self._now(frame)["fvu"], 1e-12)
        return [left[lanes] for lanes in groups_of(frame)]

    def readings(self, frame: Frame[TeacherStudentSettings]) -> list[Reading]:
        now = self._now(frame)
        return [self._reading(frame, now, lanes) for lanes in self._known(frame)]

    @staticmethod
    def _now(frame: Frame) -> dict[str, np.ndarray]:
        """`NUMBERS` of each student as of now, each (K, ...)."""
        return {name: frame.history.newest(name, frame.stop - 1) for name in NUMBERS}

    @staticmethod
    def _known(frame: Frame[TeacherStudentSettings]) -> list[np.ndarray]:
        """The lanes of each width of which `_now` tells."""
        return groups_of(frame)

    @staticmethod
    def _reading(frame: Frame[TeacherStudentSettings], now: dict[str, np.ndarray], lanes: np.ndarray) -> Reading:
        width = frame.lanes.settings[lanes[0]].overparameterization
        alls = (now["recovered"][lanes] == frame.lanes.shared.teacher_width).all(1).mean()
        best = ", ".join(spread(each) for each in now["best_correlation"][lanes].mean(2).T)
        cosine = spread(now["weight_cosine"][lanes].mean(1))
        return Reading(0, f"width {width:g}×", f"{alls:.0%} found all; correlation {best}; weight cosine {cosine}")


def _found(frame: Frame[TeacherStudentSettings], width: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["recovered"][steps][:, groups_of(frame)[width]].sum(2).mean(1) / nodes_of(frame)


def _ticks(frame: Frame[TeacherStudentSettings]) -> list[str]:
    return [f"{width:g}×" for width in dict.fromkeys(s.overparameterization for s in frame.lanes.settings)]


def _width_names(frame: Frame[TeacherStudentSettings]) -> dict[str, Any]:
    return {"xaxis.ticktext": _ticks(frame)}


def nodes_of(frame: Frame[TeacherStudentSettings]) -> int:
    """Return the number of the teacher's nodes."""
    return frame.lanes.shared.teacher_width * frame.lanes.shared.depth


def groups_of(frame: Frame[TeacherStudentSettings]) -> list[np.ndarray]:
    """Return the lanes of each width, in the order of the widths."""
    own = np.array([settings.overparameterization for settings in frame.lanes.settings])
    return [np.flatnonzero(own == width) for width in dict.fromkeys(own.tolist())]


def _notes(ticks: Sequence[str]) -> list[dict[str, Any]]:
    """Name the curves in the figure: their widths depend on a setting, a legend does not."""
    return [
        {
            "x": 0.98 - 0.12 * (len(ticks) - 1 - k),
            "y": 0.04,
            "xref": "paper",
            "yref": "paper",
            "showarrow": False,
            "text": f"<b>{tick}</b>",
            "font": {"color": COLOURS[k], "size": 13},
        }
        for k, tick in enumerate(ticks)
    ]
