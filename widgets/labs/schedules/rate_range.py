"""The learning-rate range test: one run that tells between which learning rates a net trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from lessons.core.rules.stability import limit_factor
from lessons.schedules.net import ScheduledNet
from lessons.schedules.rate_range import UsableRange, usable_range
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.schedules import SCHEDULES
from lessons.schedules.settings import ScheduledNetSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, broad, limit
from widgets.labs.schedules import goals
from widgets.labs.schedules.net import MORE
from widgets.labs.schedules.rate_figure import idle_schedule_fields
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, Points, Theory
from widgets.view.panels import Panel, now
from widgets.view.sharpness_gauge import axis_title
from widgets.view.view import LabView

# Times the loss at the start: what blows up to a million would make a flat line of the rest.
HIGHEST = 2.0
RANGE_TESTS = ("range test", "linear range test")
COMMON = {
    "schedule": "range test",
    "learning_rate": 3.0,
    "floor": 1e-3,
    "steps": 400,
    "horizon": 400,
    "smoothing": 0.9,
    "init_scale": 0.5,
    "sharpness_every": 4,
}


class RangeTestView(LabView[ScheduledNetSettings]):
    """Loss against the rising learning rate, the range in which it fell, and where 2 / lambda_max was at its end."""

    name = "range_test"
    title = "The learning-rate range test"
    experiment = ScheduledNet()
    methods = ("schedule",)
    goals = goals.RANGE_TEST
    shown = ("schedule", "learning_rate", "seed")
    more = (
        "floor",
        "smoothing",
        "init_scale",
        "batch_size",
        *(name for name in MORE if name not in ("init_scale", "smoothing", "other_seeds", *DRAWN_FIELDS)),
    )
    step_figures = ()
    presets = (
        Preset(
            "rising from 0.003 to 3",
            "The bar goes from where the loss begins to fall to where it is lowest; the dots are 2/λₘₐₓ there.",
            (COMMON,),
            ("range test",),
            says=("schedule",),  # given
        ),
        Preset(
            "a linear rise",
            "Most steps are spent at large learning rates; on the way the net gets flatter, and the range ends higher.",
            ({**COMMON, "schedule": "linear range test", "learning_rate": 1.5},),
            ("linear",),
            says=("schedule",),  # holds: l2_slow_rise_ends_higher
        ),
        Preset(
            "three seeds",
            "The test is one noisy run: how much does its answer vary?",
            tuple({**COMMON, "seed": seed} for seed in range(3)),
            ("seed 0", "seed 1", "seed 2"),
        ),
    )

    def hidden_choices(self, field: str) -> tuple[str, ...]:
        if field == "schedule":
            return tuple(name for name in SCHEDULES if name not in RANGE_TESTS)
        return super().hidden_choices(field)

    def idle(self, settings: ScheduledNetSettings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_schedule_fields(settings, used_too=("smoothing",)))

    @property
    def panels(self) -> Mapping[str, Panel[ScheduledNetSettings]]:
        return {
            "range": Panel(
                "Smoothed loss against the learning rate (bar: where it falls)",
                "learning rate η now",
                "loss",
                Line("smoothed_loss", x="learning_rate", says="measured"),
                Curve(_range, "{lane}: range", make=broad, line={"width": 5}, showlegend=False),
                Curve(_limit_line, "{lane}: limit there", make=limit, says="limit 2/λₘₐₓ where it is lowest"),
                fit=_fit_losses,
                height=380,
                showlegend=True,
                **LOG,
                **LOG_X,
            ),
            "sharpness": Panel(
                "Sharpness on the way, and its limit",
                "learning rate η now",
                "λₘₐₓ",
                Line("preconditioned_sharpness", x="learning_rate"),
                Theory(_limits, "{lane}: limit", make=limit),
                fit=lambda frame: {"xaxis.range": _reach(frame), "yaxis.title.text": axis_title(frame)},
                height=380,
                **LOG,
                **LOG_X,
            ),
        }

    def readings(self, frame: Frame[ScheduledNetSettings]) -> list[Reading]:
        found = frame.once(_usable)
        lines = []
        for lane in range(len(frame.lanes)):
            low, high, at = float(found.low[lane]), float(found.high[lane]), int(found.high_step[lane])
            limit = _limit(frame, lane, at)
            lines += [
                Reading(lane, "η now", now(frame, "learning_rate", lane)),
                Reading(lane, "η where the loss begins to fall", "not yet" if np.isnan(low) else low),
                Reading(lane, "η where it is lowest, limit there", high, None if np.isnan(limit) else limit, "limit"),
            ]
        return lines


def _limit(frame: Frame, lane: int, row: int) -> float:
    """Largest stable learning rate at a row; NaN without a closed form."""
    factor = limit_factor(frame.lanes, lane, preconditioned=True)
    top = float(frame.history.newest("preconditioned_sharpness", row)[lane])
    return np.nan if factor is None or not top > 0 else factor / top


def _usable(frame: Frame[ScheduledNetSettings]) -> UsableRange:
    return usable_range(frame.history["learning_rate"][: frame.stop], frame.history["smoothed_loss"][: frame.stop])


def _bottom(frame: Frame[ScheduledNetSettings]) -> float:
    return float(np.nanmin(frame.history["smoothed_loss"][: frame.stop]))


def _top(frame: Frame[ScheduledNetSettings]) -> float:
    return HIGHEST * float(frame.history["smoothed_loss"][0].max())


def _range(frame: Frame[ScheduledNetSettings], lane: int) -> Points:
    found, height = frame.once(_usable), _bottom(frame) * 0.9 ** (lane + 1)
    return [found.low[lane], found.high[lane]], [height, height]


def _limit_line(frame: Frame[ScheduledNetSettings], lane: int) -> Points:
    limit = _limit(frame, lane, int(frame.once(_usable).high_step[lane]))
    return [limit, limit], [_bottom(frame), _top(frame)]


def _ends(frame: Frame[ScheduledNetSettings]) -> tuple[float, float]:
    """The lowest and the highest learning rate of all lanes."""
    lanes = frame.lanes
    return max(float((lanes.learning_rate * lanes.floor).min()), 1e-9), max(float(lanes.learning_rate.max()), 1e-9)


def _reach(frame: Frame[ScheduledNetSettings]) -> list[float]:
    low, high = _ends(frame)
    return [np.log10(low), np.log10(high) + 0.05]


def _fit_losses(frame: Frame[ScheduledNetSettings]) -> dict[str, Any]:
    bottom = _bottom(frame)
    if not bottom > 0:
        return {"xaxis.range": _reach(frame)}
    # In whole tenths of a decade: each new range is drawn anew.
    low = np.floor(10 * np.log10(bottom * 0.9 ** (len(frame.lanes) + 1))) / 10
    return {"xaxis.range": _reach(frame), "yaxis.range": [float(low), float(np.log10(_top(frame)))]}


def _limits(frame: Frame[ScheduledNetSettings], lane: int) -> Points:
    rates, factor = np.geomspace(*_ends(frame), 30), limit_factor(frame.lanes, lane, preconditioned=True)
    return rates, np.full(len(rates), np.nan) if factor is None else factor / rates
