"""How many of a layer's units differ: units that start alike are updated alike, and stay one unit.

That is so in exact arithmetic. Rounding differs from column to column, and where equal units are a saddle of the loss
it grows: in a shallow net, or under Adam, it parts a unit from the others after some hundred steps of float32.
"""

from __future__ import annotations

import torch
from torch import Tensor

TOLERANCE = 1e-5  # relative; float32 sums the same numbers in another order in another column


def distinct_units(weight: Tensor, bias: Tensor) -> Tensor:
    """Count the units whose incoming weights and bias no unit before them has.

    Args:
        weight: Shape (K, fan_in, fan_out), a unit's incoming weights in a column.
        bias: Shape (K, 1, fan_out).

    Returns:
        From 1 to fan_out, shape (K,), in float32; NaN in lanes that are not finite.
    """
    units = torch.cat([weight, bias], dim=1).transpose(1, 2)
    distance = torch.cdist(units, units, compute_mode="donot_use_mm_for_euclid_dist")
    alike = distance <= TOLERANCE * units.norm(dim=2).amax(1)[:, None, None]
    repeated = alike.tril(-1).any(2)
    finite = units.isfinite().all(2).all(1)
    return (~repeated).sum(1).float().masked_fill(~finite, torch.nan)
