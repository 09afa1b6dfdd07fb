"""Singular values of a random net's input-output Jacobian, as the net grows layer by layer."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.activations import ACTIVATIONS
from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.settings import setting
from lessons.initialization.activations import LaneActivation
from lessons.initialization.draws import Layer
from lessons.initialization.schemes import Initializer
from lessons.initialization.settings import SchemeSettings


class JacobianSettings(SchemeSettings):
    """Settings of `JacobianSpectrum`."""

    input_scale: float = setting(
        0.1,
        label="input scale",
        symbol="s",
        doc="Standard deviation of the numbers in the input; a small input stays where tanh is straight.",
        low=0.001,
        high=100.0,
        slider=(0.01, 10.0),
        scale="log",
    )
    width: int = declared.width(
        default=64,
        symbol="n",
        doc="Units in each layer, and numbers in the input: as many singular values.",
        slider=(8, 256),
    )
    steps: int = setting(
        20, label="layers", symbol="L", doc="Each step adds a layer.", low=1, high=200, slider=(1, 100), shared=True
    )
    seed: int = declared.seed(doc="Draws weights and input.")


class JacobianSpectrum(Experiment[JacobianSettings]):
    """Singular values of J_l = D_l W_l ... D_1 W_1, where D holds the slopes phi'(z) at one random input.

    Step l is the net with l layers; step 0 has none, and J is the identity. All singular values equal to 1 is dynamical
    isometry: the net neither shrinks nor stretches any small change of its input, nor any gradient.

    Measures, in float64, from weights drawn in float32: `singular_values` (K, n), largest first, 0 where J has no such
    direction and the floor where rounding hides the value (see `resolved`), and `loss` (K,), the mean squared singular
    value: 1 at isometry, and by mean-field theory the product of the layers' chi (see
    `lessons.initialization.mean_field.gradient_factor`).
    """

    name = "jacobian"
    title = "Dynamical isometry"
    settings_type = JacobianSettings
    references = (
        "Saxe, McClelland & Ganguli 2014, arXiv 1312.6120",
        "Pennington, Schoenholz & Ganguli 2017, arXiv 1711.04735",
    )

    def run(self, lanes: Lanes[JacobianSettings], device: str = "cpu") -> Measurements:
        width, depth = lanes.shared.width, lanes.shared.steps
        initializer, activation = Initializer(lanes), LaneActivation(lanes.values("activation"))
        hidden = draw_input(lanes).to(device)
        jacobian = torch.eye(width, dtype=torch.float64, device=device).repeat(len(lanes), 1, 1)
        cutting, rank = _cuts(lanes).to(device), torch.full((len(lanes),), width, device=device)
        for step in range(depth + 1):
            if step:
                weight = initializer.weights(Layer(step, depth, width, width)).to(jacobian)
                z = torch.bmm(hidden, weight)
                hidden = activation(z)
                slope = activation.slope(z, hidden)
                jacobian = torch.bmm(jacobian, weight) * slope
                rank = torch.where(cutting, rank.minimum((slope[:, 0] != 0).sum(1)), rank)
            values = singular_values(jacobian)
            measured = {"loss": values.square().mean(1), "singular_values": resolved(values, rank)}
            yield Measurement(step, measured, failures=dict(initializer.failures))


def draw_input(lanes: Lanes[JacobianSettings]) -> Tensor:
    """Draw one input for each lane, float64, shape (K, 1, n); lanes of one seed share it up to its scale."""
    width = lanes.shared.width
    drawn = draw_per_seed(lanes.seed, "input", lambda source: torch.randn(1, width, generator=source))
    return lanes.input_scale[:, None, None] * drawn.double()


def _cuts(lanes: Lanes) -> Tensor:
    """True where a unit's slope can be exactly 0, as ReLU's, shape (K,). What float64 rounds to 0 does not count."""
    return torch.tensor([ACTIVATIONS[name].slope_at_zero is None for name in lanes.values("activation")])


def rounding_floor(largest: Tensor) -> Tensor:
    """Return below what the singular values of an n x n matrix are rounding, given the largest in the last dimension's
    first place, shape (..., n): n eps times the largest, shape (..., 1)."""
    return largest.shape[-1] * torch.finfo(largest.dtype).eps * largest[..., :1]


def resolved(values: Tensor, rank: Tensor) -> Tensor:
    """Return singular values (K, n) with 0 beyond the rank, and `rounding_floor` where they are below it.

    Args:
        values: Largest first.
        rank: At most so many are not 0, shape (K,): a product of matrices has no more directions than its narrowest
            layer has units that pass something on.
    """
    shown = torch.where(values > 0, values.maximum(rounding_floor(values)), values)
    absent = torch.arange(values.shape[1], device=values.device) >= rank[:, None]
    return shown.masked_fill(absent & values.isfinite(), 0.0)


def singular_values(matrices: Tensor) -> Tensor:
    """Return singular values, largest first, of (K, n, n): shape (K, n); NaN in lanes that are not finite."""
    finite = matrices.isfinite().all((1, 2), keepdim=True)
    values = torch.linalg.svdvals(torch.where(finite, matrices, torch.zeros_like(matrices)))
    return values.masked_fill(~finite[:, 0], torch.nan)
