"""How long the learning rate has to rise: eleven lengths of the warmup, sixteen nets of each."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.schedules.net import ScheduledNet
from lessons.schedules.settings import ScheduledNetSettings
from lessons.schedules.spreads import SEEDS_A_LENGTH, WARMUP_LENGTH, WARMUP_LENGTHS, WarmupLengthSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG
from widgets.labs.schedules import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.seed_cloud import quantile
from widgets.view.view import LabView

LENGTHS = np.array(WARMUP_LENGTHS)
DOTS: dict[str, Any] = {"mode": "markers", "marker": {"size": 5, "opacity": 0.4}}
LINE: dict[str, Any] = {"mode": "lines+markers", "marker": {"size": 7}}


class WarmupLengthView(LabView[ScheduledNetSettings, WarmupLengthSettings]):
    """Over the length of the warmup: how many nets are alive, and the loss of those that are."""

    name = "warmup_length"
    title = "Eleven lengths of the warmup"
    experiment = ScheduledNet()
    spread = WARMUP_LENGTH
    compare = False
    covered = ("alive", "loss")
    step_figures = ()
    shown = ("learning_rate", "init_scale", "batch_size")
    goals = goals.WARMUP_LENGTH
    presets = (
        Preset(
            "η = 0.3",
            "Sixteen nets for each length. From which length on will all of them come through?",
            ({},),
        ),
        Preset(
            "η = 0.2",
            "A smaller rate to rise to, and all come through from twenty steps on.",
            ({"learning_rate": 0.2},),  # holds: l2_smaller_rates_need_less_warmup
        ),
        Preset(
            "η = 0.5",
            "A larger one: at twenty-five steps most nets still diverge, and even eighty may not save all of them.",
            ({"learning_rate": 0.5},),  # holds: l2_larger_rates_need_more_warmup
        ),
        Preset(
            "a calm start",
            "Half the initial scale: the nets start flat enough. No warmup is needed, and after 120 steps each step of "
            "it still costs.",
            ({"init_scale": 0.5},),  # holds: l2_a_calm_start_needs_no_warmup
        ),
        Preset(
            "a wild start",
            "Weights 1.4 times as large start sharper: with twenty steps next to none comes through, with sixty "
            "nearly all.",
            ({"init_scale": 1.4},),  # holds: l2_a_wild_start_needs_more_warmup
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[ScheduledNetSettings]]:
        ends = [-2.0, float(LENGTHS[-1]) + 2]
        return {
            "alive": Panel(
                "Nets that have not diverged so far, of sixteen",
                "steps of warmup",
                "nets",
                One(lambda frame: (LENGTHS, alive(frame).sum(1)), "alive", **LINE),
                xaxis_range=ends,
                yaxis_range=[-0.5, SEEDS_A_LENGTH + 0.5],
            ),
            "loss": Panel(
                "Smoothed loss now: single nets, and the median of all sixteen (a diverged one is above all)",
                "steps of warmup",
                "loss",
                One(_single, "single nets", **DOTS),
                One(_medians, "median", **LINE),
                xaxis_range=ends,
                **LOG,
            ),
        }

    def readings(self, frame: Frame[ScheduledNetSettings]) -> list[Reading]:
        enough = shortest(alive(frame))
        medians = np.where(alive(frame).all(1), _medians(frame)[1], np.inf)
        best = "none" if np.isinf(medians).all() else f"{LENGTHS[int(medians.argmin())]} steps"
        return [
            Reading(0, "all come through from", "no length so far" if enough is None else f"{enough} steps on"),
            Reading(0, "without warmup", f"{alive(frame)[0].sum()} of {SEEDS_A_LENGTH}"),
            Reading(0, "lowest median loss where all are alive", best),
        ]


def alive(frame: Frame) -> np.ndarray:
    """Return which nets have not diverged, bool, shape (lengths, seeds)."""
    return ~frame.gone.reshape(len(LENGTHS), SEEDS_A_LENGTH)


def shortest(through: np.ndarray) -> int | None:
    """Return the length of a warmup from which on all nets come through; None if those of the longest do not."""
    lost = np.flatnonzero(~through.all(1))
    following = lost[-1] + 1 if len(lost) else 0
    return int(LENGTHS[following]) if following < len(LENGTHS) else None


def _losses(frame: Frame[ScheduledNetSettings]) -> np.ndarray:
    """The loss now, NaN where a net has diverged; shape (lengths, seeds)."""
    now = frame.history["smoothed_loss"][frame.stop - 1].reshape(len(LENGTHS), SEEDS_A_LENGTH)
    return np.where(alive(frame), now, np.nan)


def _single(frame: Frame[ScheduledNetSettings]) -> Points:
    return LENGTHS.repeat(SEEDS_A_LENGTH), _losses(frame).ravel()


def _medians(frame: Frame[ScheduledNetSettings]) -> Points:
    medians = quantile(_losses(frame), 0.5)
    return LENGTHS, np.where(np.isfinite(medians), medians, np.nan)
