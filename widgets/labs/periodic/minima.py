"""The minima in which successive periods end: how alike they are, and what they are worth together."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import numpy as np

from lessons.core.settings import Settings
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.spreads import MINIMA, MOST_NETS, MinimaSettings
from lessons.periodic.successive import SuccessiveMinima
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, grey, marks, numbered_cells
from widgets.labs.periodic import clock_goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

GROUPS = ("successive", "independent")
SUCCESSIVE, INDEPENDENT = LANE_COLOURS[:2]


class MinimaView(LabView[PeriodicSettings, MinimaSettings]):
    """Loss of the run with its minima, cosines between minima, and the test error of ensembles."""

    name = "minima"
    title = "Minima of successive periods"
    experiment = SuccessiveMinima()
    spread = MINIMA
    compare = False
    seeds = MOST_NETS
    step_figures = ()
    goals = clock_goals.MINIMA
    shown = ("weight_decay", "learning_rate", "nets")
    presets = (
        Preset(
            "six minima",
            "One run leaves a minimum in each period; five other nets leave their first. Which six differ more?",
            ({},),
        ),
        Preset(
            "few images", "With 100 images an ensemble has more to gain.", ({"train_size": 100},)
        ),  # holds: l6_few_images
        Preset(
            "slower periods",
            "Half of η·λ: a period takes about twice as long.",  # holds: l6_map_period
            ({"weight_decay": 0.004, "steps": 2800},),
        ),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        circle = {"size": 10, "color": "rgba(0,0,0,0)", "line": {"width": 2.5, "color": SUCCESSIVE}}
        others = [(f"net {k + 2}", grey(0.45)) for k in range(MOST_NETS - 1)]
        ensembles = [("one run", SUCCESSIVE), ("independent nets", INDEPENDENT)]
        return {
            "loss": OverSteps(
                "Loss of the run (blue) with the minima it left behind, and of the other nets (grey)",
                "loss",
                Line(partial(_loss, 0), each=[("the run", SUCCESSIVE)]),
                One(_found, "its minima", make=marks, marker=circle),
                Line(partial(_loss, 1), each=others, line={"width": 1}, showlegend=False),
                **LOG,
            ),
            "successive": _cosines("successive", "Cosine between the run's minima", "period"),
            "independent": _cosines("independent", "Cosine between independent nets' first minima", "net"),
            "errors": Panel(
                "Test error of ensembles: minima of one run, and independent nets",
                "nets in the ensemble",
                "test error",
                Curve(_errors, each=ensembles, when=_is_new, mode="lines+markers"),
                fit=_fit_errors,
                showlegend=True,
                yaxis_tickformat=".1%",
                xaxis_dtick=1,
            ),
        }

    def readings(self, frame: Frame) -> list[Reading]:
        lines = [Reading(0, "minima of the run", float(frame.history["minima"][frame.stop - 1, 0]))]
        for group, name in (("successive", "the run's minima"), ("independent", "independent nets")):
            cosines, errors = (frame.history.snapshot(f"{group}_{what}") for what in ("cosines", "errors"))
            apart = cosines[np.triu_indices(len(cosines), 1)]
            known = errors[np.isfinite(errors)]
            if np.isfinite(apart).any():
                lines.append(Reading(0, f"mean cosine, {name}", float(np.nanmean(apart))))
                lines.append(Reading(0, f"test error, {name}", f"{known[0]:.1%} → {known[-1]:.1%} ({len(known)} nets)"))
        return lines


def _loss(first: int, frame: Frame[PeriodicSettings], number: int, steps: np.ndarray) -> np.ndarray:
    """The loss of a net, until it diverges; nothing of one that is not there."""
    lane = first + number
    if lane >= len(frame.lanes):
        return np.full(len(steps), np.nan)
    return np.where(steps < frame.rows(lane).stop, frame.history["loss"][steps, lane], np.nan)


def _found(frame: Frame[PeriodicSettings]) -> Points:
    at = np.unique(frame.history["minimum_step"][: frame.stop, 0])
    at = at[at >= 0].astype(int)
    return at, frame.history["loss"][at, 0]


def _is_new(frame: Frame[PeriodicSettings]) -> bool:
    """True if a minimum has been found in the new rows."""
    rows = frame.history["minima"][max(0, frame.start - 1) : frame.stop]
    return frame.start == 0 or bool((rows[0] != rows[-1]).any())


def _errors(frame: Frame[PeriodicSettings], number: int) -> Points:
    return np.arange(1, len(frame.lanes) + 1), frame.history.snapshot(f"{GROUPS[number]}_errors")


def _fit_errors(frame: Frame[PeriodicSettings]) -> dict[str, Any]:
    across = {"xaxis.range": [0.7, len(frame.lanes) + 0.3]}
    if not _is_new(frame):
        return across
    highest = max(float(np.nanmax(_errors(frame, number)[1], initial=0.0)) for number in range(len(GROUPS)))
    return {**across, "yaxis.range": [0.0, 1.25 * highest or 0.1]}


def _cosines(group: str, caption: str, axis: str) -> Panel[PeriodicSettings]:
    def points(frame: Frame[PeriodicSettings]) -> Points:
        numbers = np.arange(1, len(frame.lanes) + 1)
        return numbers, numbers, frame.history.snapshot(f"{group}_cosines")

    def fit(frame: Frame[PeriodicSettings]) -> dict[str, Any]:
        ends = [0.5, len(frame.lanes) + 0.5]
        return {"xaxis.range": ends, "yaxis.range": ends[::-1]}

    matrix = One(points, "", make=numbered_cells, when=_is_new, zmin=0.0, zmax=1.0, colorscale="Viridis")
    return Panel(caption, axis, axis, matrix, fit=fit, height=300, xaxis_dtick=1, yaxis_dtick=1)
