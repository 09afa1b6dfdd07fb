"""The number of different units in a layer: units that start alike are updated alike, and stay one unit.

That is so in exact arithmetic. Some processors round one column otherwise than another, and where equal units are a
saddle of the loss such a difference grows: in a shallow net one of 1e-7 ten-thousandfold in 100 steps. On processors
that sum all columns alike there is none, and equal units stay equal.
"""

from __future__ import annotations

import torch
from torch import Tensor

TOLERANCE = 1e-5  # relative; float32 may sum the same numbers in another order in another column


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
