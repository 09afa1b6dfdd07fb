"""Settings of a schedule, declared once for every experiment that has one."""

from __future__ import annotations

from typing import Any, Literal

from lessons.core.settings import Settings, setting

ScheduleName = Literal[
    "constant",
    "step decay",
    "divide when stuck",
    "exponential",
    "cosine",
    "warmup",
    "warmup + cosine",
    "triangular",
    "warm restarts",
    "one-cycle",
    "range test",
    "linear range test",
    "drawn",
]
DRAWN_POINTS = 9


def _drawn_point(number: int) -> Any:
    """A schedule that nobody has drawn yet is flat."""
    return setting(
        1.0,
        label=f"point {number} of the drawn schedule",
        symbol=f"p_{number}",
        doc=f"Learning rate at {number}/{DRAWN_POINTS - 1} of the schedule's length, as a share of η.",
        low=1e-4,
        high=1.0,
        slider=(1e-3, 1.0),
        scale="log",
    )


class ScheduleShape(Settings):
    """A schedule without its learning rate η, which is the highest value that the schedule reaches.

    Which of the fields a schedule reads is said by `Schedule.uses`; the others are idle.
    """

    schedule: ScheduleName = setting("constant", label="schedule", doc="How the learning rate changes with the step.")
    horizon: int = setting(
        1000,
        label="schedule length",
        symbol="T",
        unit="steps",
        doc="Steps until the schedule has run its course; afterwards the learning rate stays.",
        low=10,
        high=20000,
        slider=(50, 5000),
        scale="log",
    )
    period: int = setting(
        250,
        label="period",
        symbol="P",
        unit="steps",
        doc="Steps from one drop to the next, of one cycle, or until the first restart.",
        low=2,
        high=20000,
        slider=(10, 2000),
        scale="log",
    )
    period_growth: int = setting(
        1,
        label="growth of the period",
        symbol="m",
        doc="Each period between warm restarts is this many times the one before.",
        low=1,
        high=4,
    )
    decay_factor: float = setting(
        0.3,
        label="decay factor",
        symbol="γ",
        doc="What the learning rate is multiplied by at each drop (or, smoothly, over each period).",
        low=0.01,
        high=0.99,
        slider=(0.05, 0.95),
        slider_step=0.05,
    )
    floor: float = setting(
        0.01,
        label="lowest share",
        symbol="η_min/η",
        doc="Lowest learning rate of the schedule as a share of η: where it starts, ends or turns.",
        low=1e-6,
        high=1.0,
        slider=(1e-4, 1.0),
        scale="log",
    )
    warmup_share: float = setting(
        0.1,
        label="warmup share",
        symbol="w",
        doc="Share of the schedule's length during which the learning rate rises.",
        low=0.01,
        high=0.9,
        slider_step=0.01,
    )
    patience: int = setting(
        50,
        label="patience",
        unit="steps",
        doc="Steps without a new best smoothed loss that pass; the next one divides the learning rate.",
        low=0,
        high=5000,
        slider=(5, 500),
    )
    smoothing: float = setting(
        0.95,
        label="smoothing of the loss",
        symbol="α",
        doc="Share of the loss's running mean kept at each step; 'divide when stuck' watches this mean.",
        low=0.0,
        high=0.999,
        slider=(0.0, 0.99),
        slider_step=0.01,
    )
    point_0: float = _drawn_point(0)
    point_1: float = _drawn_point(1)
    point_2: float = _drawn_point(2)
    point_3: float = _drawn_point(3)
    point_4: float = _drawn_point(4)
    point_5: float = _drawn_point(5)
    point_6: float = _drawn_point(6)
    point_7: float = _drawn_point(7)
    point_8: float = _drawn_point(8)


DRAWN_FIELDS = tuple(f"point_{number}" for number in range(DRAWN_POINTS))
