"""Settings that all nets which train in periods have, declared once."""

from __future__ import annotations

from functools import partial

from lessons.core import declared
from lessons.core.settings import setting

learning_rate = partial(
    declared.learning_rate,
    default=0.5,
    doc="Factor between gradient and step; what counts is the effective learning rate η/ρ².",
    high=1e4,
    slider=(0.05, 4.0),
)
weight_decay = partial(
    setting,
    label="weight decay",
    symbol="λ",
    low=0.0,
    high=1.0,
    scale="log",
    hot=True,
)
fixed_norm = partial(
    setting,
    default=False,
    label="fix the norm",
    doc="Each step is projected back to the norm of the weights before it.",
    hot=True,
)
batch_size = partial(
    declared.batch_size,
    doc="Images at each step; all of them (full batch) if there are no more than that.",
    low=8,
)
