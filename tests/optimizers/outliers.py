"""Classifiers of `Proxy` trained with an outlier and without it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, get_args

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.optimizers.proxy import FRESH, Method, Proxy, ProxySettings


def boundary_shifts(distances: Sequence[float], methods: Sequence[str] = get_args(Method), **common: Any) -> Tensor:
    """Train with the outlier at each distance and without it, and see which share of fresh points changes sides.

    The outlier lies beyond the right class, at 30 degrees from the line through the means.

    Args:
        distances: From the origin, D of them.
        methods: Of `Method`, M of them.
        common: Further settings.

    Returns:
        Shape (M, D).

    Raises:
        SettingError: If a setting is not allowed.
    """
    direction = torch.deg2rad(torch.tensor(30.0))
    places = [{"outlier_x": d * direction.cos().item(), "outlier_y": d * direction.sin().item()} for d in distances]
    outliers = [{}, *({"outlier": True, **place} for place in places)]
    settings = [ProxySettings.checked({**common, "method": method, **o}) for method in methods for o in outliers]
    *_, last = Proxy().run(Lanes(settings))
    side = last.snapshots["fresh_side"]().view(len(methods), len(outliers), FRESH)
    return (side[:, 1:] != side[:, :1]).double().mean(2)
