"""Tiny batches and batches of one class: what is normalized by a batch depends on it."""

from __future__ import annotations

from typing import Any

from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from widgets.labs.normalization import training_goals
from widgets.labs.normalization.net_view import LOSS, SEEDS, NetView
from widgets.view.controls import Preset
from widgets.view.lines import Line
from widgets.view.other_seeds import OtherSeeds
from widgets.view.panels import Now, OverSteps

COMMON: dict[str, Any] = {
    "loss": "cross-entropy",
    "learning_rate": 0.02,
    "train_size": 500,
    "steps": 500,
    "measure_every": 20,
    "follow_shift": False,
    **SEEDS,
}
BATCHES: tuple[dict[str, Any], ...] = (
    *({"batch_size": size} for size in (1, 2, 8, 64)),
    {"batch_size": 16, "batches": "sorted by class"},
)
NAMES = ("B = 1", "B = 2", "B = 8", "B = 64", "B = 16, sorted")


def _lanes(kind: str, **changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple({**COMMON, **batches, **changes, "normalization": kind} for batches in BATCHES)


class BatchesView(NetView[NormalizedNetSettings]):
    """Test accuracy, the gap between training and evaluation, loss."""

    name = "batches"
    title = "When the batch is the problem"
    experiment = NormalizedNet()
    goals = training_goals.BATCHES
    shown = ("batch_size", "normalization", "batches")
    more = (
        "learning_rate",
        "groups",
        "train_size",
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
        "other_seeds",
    )
    step_figures = ("accuracy", "gap", "loss")
    ranged = ("test_accuracy", "test accuracy", 1)
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
            "The same batches without it: small batches as such are not to blame.",
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

    panels = {
        "accuracy": OverSteps(
            "Accuracy on test images, in evaluation",
            "accuracy",
            OtherSeeds("test_accuracy"),
            Line("test_accuracy"),
            yaxis_range=[0, 1],
        ),
        "gap": OverSteps(
            "Accuracy by batch statistics minus accuracy by running averages, same weights, same images",
            "difference",
            Line("mode_gap"),
        ),
        "loss": LOSS,
    }
    table = (
        Now("test accuracy", "test_accuracy"),
        Now("training images, batch statistics", "train_accuracy"),
        Now("same images, running averages", "eval_accuracy"),
    )
