"""Many learning rates at once: one lane each."""

from __future__ import annotations

from typing import Any

import torch

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError, SettingsT

SWEEP_LANES = 64


def learning_rate_sweep(
    settings_type: type[SettingsT], common: dict[str, Any], lowest: float, highest: float, count: int = SWEEP_LANES
) -> Lanes[SettingsT]:
    """Return lanes that differ only in `learning_rate`, spaced evenly in logarithm from `lowest` to `highest`.

    Raises:
        SettingError: If not 0 < `lowest` < `highest`, or a learning rate is not allowed.
    """
    if not 0 < lowest < highest:
        raise SettingError(
            [f"The lowest learning rate, {lowest:g}, must be above 0 and below the highest, {highest:g}."]
        )
    span = torch.linspace(0, 1, count, dtype=torch.float64)
    rates = (lowest * (highest / lowest) ** span).tolist()
    rates[-1], rates[0] = float(highest), float(lowest)  # rounding must not step over a bound
    settings = [settings_type.checked({**common, "learning_rate": rate}) for rate in rates]
    return Lanes(settings, [f"η = {rate:.4g}" for rate in rates])
