"""Many learning rates at once: one lane each."""

from __future__ import annotations

from typing import Any

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT
from lessons.core.spread import Over, crossed

SWEEP_LANES = 64


def learning_rate_sweep(
    settings_type: type[SettingsT], common: dict[str, Any], lowest: float, highest: float, count: int = SWEEP_LANES
) -> Lanes[SettingsT]:
    """Return lanes that differ only in `learning_rate`, spaced evenly in logarithm from `lowest` to `highest`.

    Raises:
        SettingError: If not 0 < `lowest` < `highest`, or a learning rate is not allowed.
    """
    return crossed(settings_type, common, Over("learning_rate", (lowest, highest), count, "η = {:.4g}")({}))
