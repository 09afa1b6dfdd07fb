"""The learning-rate range test: one run that tells between which learning rates a net trains."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.rules.stability import limit_factor
from lessons.schedules.net import ScheduledNet
from lessons.schedules.rate_range import usable_range
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.schedules import SCHEDULES
from lessons.schedules.settings import ScheduledNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.schedules.net import MORE
from widgets.labs.schedules.rate_figure import idle_schedule_fields
from widgets.plots import line, plot, theory
from widgets.view import LabView

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
    shown = ("schedule", "learning_rate", "floor", "smoothing", "init_scale", "batch_size", "seed")
    more = tuple(name for name in MORE if name not in ("init_scale", "smoothing", *DRAWN_FIELDS))
    step_figures = ()
    presets = (
        Preset(
            "rising from 0.003 to 3",
            "The bar goes from where the loss begins to fall to where it is lowest; the dashes are 2/λₘₐₓ there.",
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs, several = list(zip(names, colours, strict=True)), len(names) > 1
        curves = [line(n, c) for n, c in pairs]
        ends = [line(f"{n}: range", c, line={"width": 5}, opacity=0.5, showlegend=False) for n, c in pairs]
        limits = [theory(f"{n}: 2/λₘₐₓ there", c, showlegend=not several) for n, c in pairs]
        loss = plot(
            "range-test",
            "Smoothed loss against the learning rate (bar: where it falls; dashes: 2/λₘₐₓ where it is lowest)",
            "learning rate η now",
            "loss",
            [*curves, *ends, *limits],
            xaxis_type="log",
            xaxis_tickformat="~g",
            yaxis_type="log",
            yaxis_tickformat="~g",
            height=380,
            showlegend=True,
        )
        sharpness = plot(
            "range-sharpness",
            "Sharpness on the way, and 2/η (dashes)",
            "learning rate η now",
            "λₘₐₓ",
            [*(line(n, c) for n, c in pairs), *(theory(f"{n}: limit", c, showlegend=False) for n, c in pairs)],
            xaxis_type="log",
            xaxis_tickformat="~g",
            yaxis_type="log",
            yaxis_tickformat="~g",
            height=380,
        )
        return {"range": loss, "sharpness": sharpness}

    def begin(self, frame: Frame) -> None:
        lanes = frame.lanes
        top = float(lanes.learning_rate.max())
        low = float((lanes.learning_rate * lanes.floor).min())
        for figure in ("range", "sharpness"):
            frame.screen.relayout(figure, {"xaxis.range": [np.log10(max(low, 1e-9)), np.log10(max(top, 1e-9)) + 0.05]})
        rates = np.geomspace(max(low, 1e-9), max(top, 1e-9), 30)
        for lane in range(len(lanes)):
            factor = limit_factor(lanes, lane)
            limits = np.full(len(rates), np.nan) if factor is None else factor / rates
            frame.screen.replace("sharpness", len(lanes) + lane, x=rates, y=limits)

    def draw(self, frame: Frame[ScheduledNetSettings]) -> None:
        count, every = len(frame.lanes), frame.lanes.shared.sharpness_every
        found = usable_range(frame.history["learning_rate"][: frame.stop], frame.history["smoothed_loss"][: frame.stop])
        bottom = float(np.nanmin(frame.history["smoothed_loss"][: frame.stop]))
        start = float(frame.history["smoothed_loss"][0].max())
        for lane in range(count):
            rows = frame.rows(lane)
            steps = np.arange(rows.start, rows.stop)
            rates = frame.history["learning_rate"][:, lane]
            frame.screen.extend("range", lane, rates[steps], frame.history["smoothed_loss"][steps, lane])
            read = steps[steps % every == 0]
            frame.screen.extend("sharpness", lane, rates[read], frame.history["sharpness"][read, lane])
            height = bottom * 0.9 ** (lane + 1)
            frame.screen.replace("range", count + lane, x=[found.low[lane], found.high[lane]], y=[height, height])
            limit = self._limit(frame, lane, int(found.high_step[lane]))
            frame.screen.replace("range", 2 * count + lane, x=[limit, limit], y=[bottom, HIGHEST * start])
        if bottom > 0:
            # In whole tenths of a decade: each new range is drawn anew.
            low = np.floor(10 * np.log10(bottom * 0.9 ** (count + 1))) / 10
            frame.screen.relayout("range", {"yaxis.range": [float(low), float(np.log10(HIGHEST * start))]})

    def readings(self, frame: Frame) -> list[Reading]:
        found = usable_range(frame.history["learning_rate"][: frame.stop], frame.history["smoothed_loss"][: frame.stop])
        lines = []
        for lane in range(len(frame.lanes)):
            low, high, at = float(found.low[lane]), float(found.high[lane]), int(found.high_step[lane])
            limit = self._limit(frame, lane, at)
            lines += [
                Reading(lane, "η now", float(frame.history["learning_rate"][frame.last(lane), lane])),
                Reading(lane, "η where the loss begins to fall", "not yet" if np.isnan(low) else low),
                Reading(lane, "η where it is lowest, 2/λₘₐₓ there", high, None if np.isnan(limit) else limit, "limit"),
            ]
        return lines

    @staticmethod
    def _limit(frame: Frame, lane: int, row: int) -> float:
        """Largest stable learning rate at a row; NaN without a closed form."""
        factor, top = limit_factor(frame.lanes, lane), float(frame.history["sharpness"][row, lane])
        return np.nan if factor is None or not top > 0 else factor / top
