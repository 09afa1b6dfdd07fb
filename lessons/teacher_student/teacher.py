"""Teachers: fixed ReLU networks whose nodes fire on a chosen share of Gaussian inputs."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.teacher_student.padding import draw_padded
from lessons.teacher_student.settings import StudentSettings

WEIGHT_GRID = torch.linspace(-1, 1, 9)
CALIBRATION_INPUTS = 4096


def teacher_widths(lanes: Lanes[StudentSettings]) -> Tensor:
    """Return the nodes in each hidden layer of each lane's teacher, shape (K,)."""
    return (lanes.shared.teacher_width - lanes.left_out).long().clamp(min=1)


def teacher_network(lanes: Lanes[StudentSettings]) -> DenseNetwork:
    """Return the shape of a teacher with all its nodes; where some are left out it is filled up, see `padding.py`."""
    shape = lanes.shared
    return DenseNetwork((shape.dimension, *[shape.teacher_width] * shape.depth, shape.outputs), "relu")


def draw_teachers(lanes: Lanes[StudentSettings]) -> Tensor:
    """Draw each lane's teacher from its `teacher_seed`.

    Weights are drawn from {-1, -0.75, ..., 1}, as in Tian et al. 2019, arXiv 1905.13405, section 5, and scaled so that
    what comes into each hidden node has deviation 1 over inputs N(0, I), and the weights out of the i-th node of the
    last hidden layer have length i^-q, where q is `strength_decay`. Hidden biases are set so that a node fires on
    `active_share` of the inputs: exactly in the first layer, where w.x is N(0, 1), as |w| = 1; up to sampling in the
    second. Output biases are 0.

    Returns:
        theta of `teacher_network`, shape (K, P).
    """
    network, widths = teacher_network(lanes), teacher_widths(lanes)
    theta = draw_padded(network, lanes.values("teacher_seed"), widths, "teacher", draw_grid_weights)
    layers = network.layers(theta)
    exists = torch.arange(network.sizes[-2]) < widths[:, None]
    hidden = calibration_inputs(network.sizes[0]).expand(len(lanes), -1, -1)
    for number, (weight, bias) in enumerate(layers[:-1]):
        if number == 0:
            weight /= weight.norm(dim=1, keepdim=True).clamp(min=1e-6)
            bias[:] = torch.special.ndtri(lanes.active_share).float()[:, None, None]
        else:
            weight /= (hidden @ weight).std(1, keepdim=True).clamp(min=1e-6)
            bias[:] = -upper_quantile(hidden @ weight, lanes.active_share)[:, None]
        bias *= exists[:, None]
        hidden = torch.relu(hidden @ weight + bias)
    weight, _ = layers[-1]
    strength = torch.arange(1, network.sizes[-2] + 1) ** -lanes.strength_decay[:, None]
    weight *= strength.float()[..., None] / weight.norm(dim=2, keepdim=True).clamp(min=1e-6)
    return theta


def upper_quantile(values: Tensor, share: Tensor) -> Tensor:
    """Return what a share of the values is above.

    Args:
        values: Shape (K, N, n).
        share: Shape (K,).

    Returns:
        Shape (K, n).
    """
    above = (share * values.shape[1]).long().clamp(max=values.shape[1] - 1)
    ordered = values.sort(dim=1, descending=True).values
    return ordered[torch.arange(len(values)), above]


def calibration_inputs(dimension: int) -> Tensor:
    """Return the inputs that biases of the second layer are set by, shape (`CALIBRATION_INPUTS`, D)."""
    return torch.randn(CALIBRATION_INPUTS, dimension, generator=generator(0, "calibration inputs"))


def draw_grid_weights(fan_in: int, fan_out: int, source: torch.Generator) -> Tensor:
    """Draw weights (fan_in, fan_out) from `WEIGHT_GRID`."""
    return WEIGHT_GRID[torch.randint(len(WEIGHT_GRID), (fan_in, fan_out), generator=source)]
