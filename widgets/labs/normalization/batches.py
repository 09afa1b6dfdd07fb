"""Tiny batches and batches of one class: what is normalized by a batch depends on it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import plotly.graph_objects as go

from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.normalization.net_view import NetView, loss_figure, show_all_steps
from widgets.plots import over_steps

COMMON: dict[str, Any] = {
    "loss": "cross-entropy",
    "learning_rate": 0.02,
    "train_size": 500,
    "steps": 500,
    "measure_every": 20,
    "follow_shift": False,
}
BATCHES: tuple[dict[str, Any], ...] = (
    *({"batch_size": size} for size in (1, 2, 8, 64)),
    {"batch_size": 16, "batches": "sorted by class"},
)
NAMES = ("B = 1", "B = 2", "B = 8", "B = 64", "B = 16, sorted")


def _lanes(kind: str, **changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple({**COMMON, **batches, **changes, "normalization": kind} for batches in BATCHES)


class BatchesView(NetView):
    """Test accuracy, the gap between training and evaluation, loss."""

    name = "batches"
    title = "When the batch is the problem"
    shown = ("normalization", "batch_size", "batches", "learning_rate", "groups", "train_size")
    more = (
        "loss",
        "optimizer",
        "momentum",
        "activation",
        "init_scale",
        "width",
        "depth",
        "measure_every",
        "steps",
        "seed",
    )
    step_figures = ("accuracy", "gap", "loss")
    presets = (
        Preset(
            "batch norm, five kinds of batches",
            "One image is its own mean. Of two, a unit knows which is larger. Which batches does batch norm need?",
            _lanes("batch"),
            NAMES,
        ),
        Preset(
            "group norm, the same batches",
            "Group norm never looks at another image, and learns from all five.",  # holds: l5_batches_group
            _lanes("group"),
            NAMES,
        ),
        Preset(
            "no normalization",
            "The same batches with none: what was lost above was not lost to the noise of small batches.",
            _lanes("none"),
            NAMES,
        ),
        Preset(
            "deconvolution",
            "It takes a whole covariance from each batch, so it needs larger ones still.",
            # holds: l5_batches_deconvolution
            tuple({**COMMON, "normalization": "deconvolution", "steps": 300, "batch_size": size} for size in (8, 64)),
            ("B = 8", "B = 64"),
        ),
        Preset(
            "sorted by class, larger batches",
            "Does a larger batch help if it is of one class?",
            tuple(
                {**COMMON, "normalization": "batch", "batches": "sorted by class", "batch_size": size}
                for size in (8, 32, 128)
            ),
            ("B = 8", "B = 32", "B = 128"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        accuracy = "Accuracy on test images, in evaluation"
        gap = "Accuracy by batch statistics minus accuracy by running averages, same weights, same images"
        return {
            "accuracy": over_steps("batches-accuracy", accuracy, "accuracy", names, colours, yaxis_range=[0, 1]),
            "gap": over_steps("batches-gap", gap, "difference", names, colours),
            "loss": loss_figure("batches-loss", names, colours),
        }

    def begin(self, frame: Frame) -> None:
        show_all_steps(frame, *self.step_figures)

    def draw(self, frame: Frame[NormalizedNetSettings]) -> None:
        every = frame.lanes.shared.measure_every
        for lane in range(len(frame.lanes)):
            frame.curve("accuracy", lane, lane, "test_accuracy", every)
            frame.curve("gap", lane, lane, "mode_gap", every)
            frame.curve("loss", lane, lane, "loss")

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            named = (("test accuracy", "test_accuracy"), ("training images, batch statistics", "train_accuracy"))
            lines += [Reading(lane, name, float(frame.history[key][row, lane])) for name, key in named]
            lines.append(
                Reading(lane, "same images, running averages", float(frame.history["eval_accuracy"][row, lane]))
            )
        return lines
