"""Settings of lesson 5's sweep, and the lanes that come of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Literal

from lessons.core.settings import setting
from lessons.core.spread import Cases, Each, Over, Spread, end_of_rates, fewer, geomspace
from lessons.normalization.normalizers import NormalizationName
from lessons.normalization.training_settings import NormalizedNetSettings, NormalizedNetShape

RATES = 16
SETS: dict[str, tuple[NormalizationName, ...]] = {
    "batch and layer": ("none", "batch", "layer", "deconvolution"),
    "group and RMS": ("none", "group", "RMS", "spectral"),
    "weights": ("none", "weight", "spectral", "deconvolution"),
}
KINDS = tuple(dict.fromkeys(kind for compared in SETS.values() for kind in compared))


class StabilitySettings(NormalizedNetShape):
    """Four normalizations and a range of learning rates."""

    compared: Literal["batch and layer", "group and RMS", "weights"] = setting(
        "batch and layer", label="compared", doc="Beside a net without normalization."
    )
    lowest: float = end_of_rates(0.03, "lowest", RATES, (0.001, 0.3), low=1e-4)
    highest: float = end_of_rates(30.0, "highest", RATES, (1.0, 100.0), low=1e-4)
    loss: Literal["squared error", "cross-entropy"] = setting("cross-entropy", label="loss", doc="What is minimized.")
    width: int = fewer(NormalizedNetShape, "width", 16, 32)
    depth: int = fewer(NormalizedNetShape, "depth", 3, 6)
    train_size: int = fewer(NormalizedNetShape, "train_size", 256, 500)
    batch_size: int = fewer(NormalizedNetShape, "batch_size", 64, 128)
    steps: int = fewer(NormalizedNetShape, "steps", 150, 600)


def _compared(values: Mapping[str, Any]) -> Cases:
    return Each("normalization", SETS[values["compared"]])(values)


STABLE_RATES = Spread(
    StabilitySettings,
    NormalizedNetSettings,
    (_compared, Over("learning_rate", ("lowest", "highest"), RATES, "η = {:.4g}", geomspace)),
    fixed={"follow_shift": False, "follow_sharpness": False, "measure_every": 25},
)
