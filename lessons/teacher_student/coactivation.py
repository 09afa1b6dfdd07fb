"""Joint firing of two teacher nodes, and the biases of batch normalization in a file of weights."""

from __future__ import annotations

from pathlib import Path

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.teacher_student.settings import StudentSettings
from lessons.teacher_student.student import activations
from lessons.teacher_student.teacher import draw_teachers, teacher_network


def coactivation(lanes: Lanes[StudentSettings], inputs: int = 20_000) -> tuple[Tensor, Tensor]:
    """Count on which share of Gaussian inputs the nodes of each lane's teacher fire, alone and in pairs.

    Args:
        lanes: Of `TeacherStudentSettings`; what counts is the teacher: `active_share`, `teacher_width`, `teacher_seed`.
        inputs: How many inputs.

    Returns:
        P(i) of first-layer nodes, shape (K, n), and P(i and j), shape (K, n, n); the diagonal repeats P(i).
    """
    network, theta = teacher_network(lanes), draw_teachers(lanes)
    drawn = torch.randn(inputs, network.sizes[0], generator=generator(0, "coactivation"))
    fires = (activations(network, theta, drawn)[0][0] > 0).float()
    joint = fires.mT @ fires / inputs
    return joint.diagonal(dim1=1, dim2=2), joint


def saved_biases(path: str | Path) -> dict[str, Tensor]:
    """Read the biases of all batch normalizations from a file of weights, such as torchvision's vgg16_bn.

    The file is opened with `weights_only=True`: it can hold tensors, but nothing that runs. A batch normalization is
    known by its `running_mean`.

    Args:
        path: Of a state dict saved by `torch.save`, by itself or under the key "state_dict" or "model".

    Returns:
        Layer -> biases, shape (C,), in the order of the file.

    Raises:
        ValueError: If the file cannot be read as such, or holds no batch normalization; one sentence.
    """
    try:
        saved = torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:
        raise ValueError(f"{path} could not be read as a file of weights: {type(error).__name__}.") from error
    for key in ("state_dict", "model"):
        saved = saved[key] if isinstance(saved, dict) and isinstance(saved.get(key), dict) else saved
    if not isinstance(saved, dict):
        raise ValueError(f"{path} holds no weights by name.")
    layers = [name.removesuffix(".running_mean") for name in saved if str(name).endswith(".running_mean")]
    found = {layer: saved[f"{layer}.bias"] for layer in layers if isinstance(saved.get(f"{layer}.bias"), Tensor)}
    if not found:
        raise ValueError(f"{path} holds no batch normalization with biases.")
    return {layer: bias.float() for layer, bias in found.items()}
