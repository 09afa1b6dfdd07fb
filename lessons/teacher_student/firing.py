"""Two teacher nodes rarely fire together, if each fires rarely: the assumption, over the bias."""

from __future__ import annotations

import torch

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement, Measurements
from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.teacher_student.teacher import draw_grid_weights
from lessons.teacher_student.theory import joint_share


class FiringSettings(Settings):
    """Settings of `Firing`."""

    teacher_width: int = setting(
        10, label="teacher nodes", symbol="n", doc="ReLU nodes of the teacher.", low=2, high=100, slider=(2, 50)
    )
    dimension: int = setting(
        20,
        label="input dimension",
        symbol="d",
        doc="Inputs are N(0, I). In few dimensions the nodes' weights cannot all point apart.",
        low=3,
        high=200,
        slider=(3, 100),
        scale="log",
    )
    fall: float = setting(
        0.07,
        label="fall of the bias",
        unit="a step",
        doc="By how much the bias, from +1 on, falls at each step, in standard deviations of what comes into a node.",
        low=0.001,
        high=0.2,
        slider=(0.01, 0.1),
        slider_step=0.01,
    )
    inputs: int = setting(
        20_000,
        label="inputs",
        doc="Gaussian inputs that are counted.",
        low=100,
        high=100_000,
        slider=(1000, 50_000),
        scale="log",
    )
    steps: int = setting(
        50,
        label="steps",
        doc="How often the bias falls.",
        low=1,
        high=1000,
        slider=(10, 200),
        shared=True,
    )
    seed: int = declared.seed(doc="Draws the teacher.")


class Firing(Experiment[FiringSettings]):
    """Counts how often the first-layer nodes of a random teacher fire, alone and in pairs, at lower and lower biases.

    Weights are a teacher's, of length 1, so that what comes into a node is N(0, 1). At step t all nodes have the bias
    1 - t `fall`. Measures, in float64 and of shape (K,):

    - `bias`;
    - `single`: share of inputs on which a node fires, mean over nodes; `single_theory` is Phi(b);
    - `joint`: share on which two different nodes fire, mean over pairs; `joint_theory` is the mean of the closed form;
    - `worst`: the largest share of any pair;
    - `loss`: joint / single, how often the other node fires where one does: what the assumption wants small.
    """

    name = "firing together"
    title = "How often two nodes fire together"
    settings_type = FiringSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (the assumption)",
        "Sheppard 1899, Philosophical Transactions A 192; Plackett 1954, Biometrika 41 (two Gaussians above a bias)",
    )

    def run(self, lanes: Lanes[FiringSettings], device: str = "cpu") -> Measurements:
        counts = [_Counts(settings, device) for settings in lanes.settings]
        for step in range(lanes.shared.steps + 1):
            found = [count.at(1 - count.fall * step) for count in counts]
            yield Measurement(step, {name: torch.stack([each[name] for each in found]) for name in found[0]})


class _Counts:
    """The sums that enter one lane's nodes, N inputs by n nodes, and the cosines of all pairs of nodes."""

    def __init__(self, settings: FiringSettings, device: str):
        shape = (settings.dimension, settings.teacher_width)
        weight = draw_grid_weights(*shape, generator(settings.seed, "teacher"))
        weight = weight / weight.norm(dim=0).clamp(min=1e-6)
        inputs = torch.randn(settings.inputs, settings.dimension, generator=generator(0, "coactivation"))
        self.fall = settings.fall
        self._into = (inputs @ weight).to(device)
        self._pairs = torch.triu_indices(shape[1], shape[1], 1)
        self._cosine = (weight.T @ weight)[self._pairs[0], self._pairs[1]].double()

    def at(self, bias: float) -> dict[str, torch.Tensor]:
        """Count at a bias."""
        fires = (self._into + bias > 0).float()
        joint = (fires.T @ fires / len(fires)).cpu().double()
        single, pairs = joint.diagonal().mean(), joint[self._pairs[0], self._pairs[1]]
        share = torch.special.ndtr(torch.tensor(bias, dtype=torch.float64))
        return {
            "bias": torch.tensor(bias, dtype=torch.float64),
            "single": single,
            "single_theory": share,
            "joint": pairs.mean(),
            "joint_theory": joint_share(share, self._cosine).mean(),
            "worst": pairs.max(),
            "loss": pairs.mean() / single.clamp(min=1e-12),
        }
