"""Settings that every lab of this lesson keeps folded away: the task, and how it is trained on."""

from __future__ import annotations

TASK_AND_TRAINING = (
    "teacher_width",
    "dimension",
    "outputs",
    "optimizer",
    "momentum",
    "schedule",
    "horizon",
    "batch_size",
    "teacher_seed",
    "measure_every",
    "steps",
)
