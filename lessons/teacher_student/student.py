"""Students: ReLU networks that start from a random draw and learn."""

from __future__ import annotations

import math

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.core.network import DenseNetwork
from lessons.teacher_student.padding import draw_padded
from lessons.teacher_student.settings import StudentSettings


def student_widths(lanes: Lanes[StudentSettings]) -> Tensor:
    """Return the nodes in each hidden layer of each lane's student, shape (K,)."""
    return (lanes.overparameterization * lanes.shared.teacher_width).round().long().clamp(min=1)


def student_network(lanes: Lanes[StudentSettings]) -> DenseNetwork:
    """Return the shape of the widest student; narrower ones are filled up with zeros, see `padding.py`."""
    shape, width = lanes.shared, int(student_widths(lanes).max())
    return DenseNetwork((shape.dimension, *[width] * shape.depth, shape.outputs), "relu")


def draw_students(lanes: Lanes[StudentSettings], purpose: str = "student") -> Tensor:
    """Draw each lane's student from its `seed`: weights N(0, 2 s^2 / fan_in), biases 0.

    The scale s is `init_scale` in hidden layers (1 is He et al. 2015, arXiv 1502.01852, eq. 10) and `top_scale` in the
    top layer; fan_in counts the lane's own nodes.

    Args:
        lanes: Settings of the students.
        purpose: Stream of random numbers; another one gives another draw.

    Returns:
        theta of `student_network`, shape (K, P).
    """
    network = student_network(lanes)
    theta = draw_padded(network, lanes.values("seed"), student_widths(lanes), purpose, _draw)
    *hidden, (top, _) = network.layers(theta)
    for weight, _ in hidden:
        weight *= lanes.init_scale.float()[:, None, None]
    top *= lanes.top_scale.float()[:, None, None]
    return theta


def activations(network: DenseNetwork, theta: Tensor, inputs: Tensor) -> tuple[list[Tensor], Tensor]:
    """Return the activations of each hidden layer, (K, N, m) each, and the outputs (K, N, C).

    Args:
        network: Of teachers or students.
        theta: Shape (K, P).
        inputs: Shape (N, D) or (K, N, D).
    """
    hidden = inputs if inputs.dim() == 3 else inputs.expand(len(theta), *inputs.shape)
    layers, found = network.layers(theta), []
    for weight, bias in layers[:-1]:
        hidden = torch.relu(torch.baddbmm(bias, hidden, weight))
        found.append(hidden)
    weight, bias = layers[-1]
    return found, torch.baddbmm(bias, hidden, weight)


def _draw(fan_in: int, fan_out: int, source: torch.Generator) -> Tensor:
    return torch.randn(fan_in, fan_out, generator=source) * math.sqrt(2 / fan_in)
