"""Breakdowns and turns of the weights, counted over several nets: which of them comes without the other?"""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import numpy as np

from lessons.core.settings import Settings
from lessons.periodic.experiment import Periodic
from lessons.periodic.jump_census import AFTER, BEFORE, JumpCensus, census
from lessons.periodic.phases import recorded_onsets
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.spreads import JUMPS, MOST_NETS, JumpsSettings
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, grey, limit, marks
from widgets.labs.periodic import clock_goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line, One, Points
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

DELTAS = 10.0 ** np.arange(-6, -0.2, 0.25)
TABLE = {"10⁻⁵": 1e-5, "10⁻³": 1e-3, "10⁻²": 1e-2, "10⁻¹": 1e-1}
BREAKDOWNS, JUMPS_COLOUR = LANE_COLOURS[0], LANE_COLOURS[1]


class JumpsView(LabView[PeriodicSettings, JumpsSettings]):
    """How many breakdowns have a turn of more than δ in them or shortly before, and how many such turns a breakdown."""

    name = "jumps"
    title = "Breakdowns and turns"
    experiment = Periodic()
    spread = JUMPS
    compare = False
    seeds = MOST_NETS
    step_figures = ()
    goals = clock_goals.JUMPS
    shown = ("noise", "shift", "nets")
    presets = (
        Preset("five nets", "Is there a breakdown without a far turn? And a far turn without a breakdown?", ({},)),
        Preset(
            "light noise", "With noise of 0.3, how far must a turn go to mean something?", ({"noise": 0.3},)
        ),  # given
        Preset(
            "at rest",
            "With noise of 0.6 each step turns the weights by some 0.002, and nothing breaks down.",
            ({"noise": 0.6, "nets": 3, "steps": 1500},),
        ),  # holds: l6_turns_at_rest
        Preset(
            "small breakdowns", "Images shifted by a pixel: breakdowns that turn the weights little.", ({"shift": 1},)
        ),
    )

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ()

    @property
    def panels(self) -> Mapping[str, Panel[PeriodicSettings]]:
        cross = {"size": 9, "symbol": "x", "color": grey(1.0)}
        nets = [(f"net {k + 1}", LANE_COLOURS[k]) for k in range(MOST_NETS)]
        thin = {"width": 1}
        return {
            "turns": OverSteps(
                "Turn 1 − cos of each step of all nets, and the largest of each breakdown (crosses)",
                "1 − cos",
                Line(partial(_of_net, "cosine_distance"), each=nets, line=thin, showlegend=False),
                One(_crosses, "breakdowns", make=marks, marker=cross),
                wide=True,
                yaxis_type="log",
            ),
            "shares": Panel(
                "How many breakdowns come with a turn of more than δ, and how many such turns with a breakdown",
                "δ",
                "share",
                One(partial(_share, "breakdowns"), "breakdowns with a turn", BREAKDOWNS),
                One(partial(_share, "jumps"), "turns with a breakdown", JUMPS_COLOUR),
                One(partial(_share, "chance"), "any 60 steps with a turn", "#888", make=limit),
                showlegend=True,
                yaxis_range=[-0.03, 1.03],
                yaxis_tickformat=".0%",
                xaxis_range=[-6, -0.25],
                xaxis_dtick=1,
                xaxis_type="log",
            ),
            "loss": OverSteps(
                "Loss of all nets",
                "loss",
                Line(partial(_of_net, "loss"), each=nets, line=thin, showlegend=False),
                **LOG,
            ),
        }

    def readings(self, frame: Frame[PeriodicSettings]) -> list[Reading]:
        found, lines = frame.once(counted), []
        for name, delta in TABLE.items():
            k = int(np.abs(np.log(DELTAS / delta)).argmin())
            with_turn, alone = f"{found.with_jump[k]} of {found.breakdowns}", f"{_alone(found, k)} of {found.jumps[k]}"
            lines.append(Reading(0, f"1 − cos > {name}", f"{with_turn} breakdowns have one; {alone} come alone"))
        return lines


def counted(frame: Frame[PeriodicSettings]) -> JumpCensus:
    """What the run so far says."""
    onsets = recorded_onsets(frame.history["onset"][: frame.stop])
    return census(frame.history["cosine_distance"][: frame.stop].astype(float), onsets, DELTAS)


def _alone(found: JumpCensus, k: int) -> int:
    return int(found.jumps[k] - found.with_breakdown[k])


def _share(which: str, frame: Frame[PeriodicSettings]) -> Points:
    found = frame.once(counted)
    if which == "chance":
        return DELTAS, found.by_chance
    of = (found.with_jump, found.breakdowns) if which == "breakdowns" else (found.with_breakdown, found.jumps)
    with np.errstate(invalid="ignore"):
        return DELTAS, np.where(np.greater(of[1], 0), of[0] / np.maximum(of[1], 1), np.nan)


def _of_net(quantity: str, frame: Frame[PeriodicSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """A measured value of a net; nothing of one that is not there."""
    if lane >= len(frame.lanes):
        return np.full(len(steps), np.nan)
    return np.where(steps < frame.rows(lane).stop, frame.history[quantity][steps, lane], np.nan)


def _crosses(frame: Frame[PeriodicSettings]) -> Points:
    """The farthest turn of each breakdown."""
    turns, at = frame.history["cosine_distance"][: frame.stop], []
    for lane, onsets in enumerate(recorded_onsets(frame.history["onset"][: frame.stop])):
        at += [
            (max(0, onset - BEFORE) + int(turns[max(0, onset - BEFORE) : onset + AFTER, lane].argmax()), lane)
            for onset in onsets
        ]
    steps, lanes = (np.array([pair[k] for pair in at], int) for k in range(2))
    return steps, turns[steps, lanes]
