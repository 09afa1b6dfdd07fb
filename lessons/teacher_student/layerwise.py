"""Training all layers at once against one layer after the other."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Literal

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.lanes import Lanes
from lessons.core.losses import squared_distance
from lessons.core.network import DenseNetwork
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import setting
from lessons.core.training import State, Training, TrainingExperiment
from lessons.teacher_student.settings import StudentSettings
from lessons.teacher_student.student import draw_students, student_network
from lessons.teacher_student.task import Task
from lessons.teacher_student.training import learning_rates, readings

Method = Literal["end to end", "greedy", "random first layer"]


class LayerwiseSettings(StudentSettings):
    """Settings of `Layerwise`."""

    method: Method = setting(
        "end to end",
        label="method",
        doc="All layers at once; the first layer with a readout of its own and then the others; or the others only.",
    )
    depth: int = declared.depth(doc="Hidden layers of teacher and students.", low=1, high=2, slider=None)
    outputs: int = setting(
        20,
        label="outputs",
        symbol="C",
        doc="Outputs of teacher and students.",
        low=1,
        high=100,
        slider=(1, 30),
        scale="log",
        shared=True,
    )
    overparameterization: float = setting(
        2.0,
        label="over-parameterization",
        symbol="m/n",
        doc="Student nodes for each teacher node, in every hidden layer.",
        low=0.1,
        high=20.0,
        slider=(0.5, 10.0),
        scale="log",
    )
    init_scale: float = declared.init_scale(
        default=0.5, doc="Hidden weights start as N(0, 2 s²/fan_in).", low=0.001, slider=(0.05, 2.0)
    )
    top_scale: float = setting(
        0.5,
        label="top layer's scale",
        symbol="s_top",
        doc="The top layer's weights start as N(0, 2 s_top²/fan_in).",
        low=0.0001,
        high=10.0,
        slider=(0.005, 2.0),
        scale="log",
    )
    horizon: int = setting(
        3000,
        label="horizon",
        symbol="T",
        unit="steps",
        doc="When the cosine has fallen to 0; the greedy method's does so at the end of each part.",
        low=1,
        high=1_000_000,
        slider=(500, 10_000),
        scale="log",
    )
    switch_at: int = setting(
        1500,
        label="first layer trains for",
        unit="steps",
        doc="In the greedy method; afterwards the first layer is frozen.",
        low=1,
        high=1_000_000,
        slider=(200, 5000),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps(default=3000, high=1_000_000, slider=(500, 10_000))


@dataclass
class LayerwiseState(State):
    """State of the trainings: parameters (K, P + m C), optimizer, and the gradient there, once measured."""

    theta: Tensor
    optimizer: LaneOptimizer
    gradient: Tensor = field(init=False)


class LayerwiseTraining(Training[LayerwiseState, LayerwiseSettings]):
    """Each lane trains at each step what its plan names."""

    def __init__(self, lanes: Lanes[LayerwiseSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.task = student_network(lanes), Task(lanes, device)
        self.plan = Plan(lanes, self.network)

    def start(self) -> LayerwiseState:
        readout = torch.zeros(len(self.lanes), readout_size(self.network))
        theta = torch.cat([draw_students(self.lanes), readout], 1).to(self.device)
        return LayerwiseState(theta, LaneOptimizer.of(self.lanes))

    def measure(self, now: LayerwiseState) -> dict[str, Tensor]:
        loss, now.gradient = self.plan.loss_and_gradient(now.theta, *self.task.batch(now.step), now.step)
        values = {"loss": loss}
        if now.step % self.lanes.shared.measure_every == 0:
            student = now.theta[:, : self.network.parameter_count]
            values |= readings(self.network, student, self.task)[0]
        return values

    def advance(self, now: LayerwiseState) -> None:
        h = Hyperparameters.of(self.lanes, now.theta)
        eta = self.plan.learning_rates(self.lanes, now.step).to(now.theta)
        update = now.optimizer.update(now.gradient, replace(h, learning_rate=eta[:, None]))
        trained = self.plan.trained(now.step).to(self.device)
        now.theta = now.theta + torch.where(trained, update, 0)


class Layerwise(TrainingExperiment[LayerwiseSettings]):
    """Students with two hidden layers (or one), trained end to end, greedily, or on a frozen random first layer.

    The greedy method first trains the first layer together with a linear readout of its own that predicts the targets
    as well as it can; then that layer is frozen, and the second and the top layer are trained on it. The same number of
    steps is made in all.

    Measures, in float32: `loss` (K,), what is minimized at present, on the batch about to be used, and what
    `TeacherStudent` measures on test inputs, of the whole student; while the first layer trains greedily the layers
    above it are as drawn.
    """

    name = "layerwise"
    title = "All layers at once, or one after the other"
    settings_type = LayerwiseSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (top-down modulation)",
        "Bengio, Lamblin, Popovici & Larochelle 2007, NeurIPS 19 (greedy layer-wise training)",
        "Belilovsky, Eickenberg & Oyallon 2019, arXiv 1812.11446 (where greedy training does scale)",
    )
    training = LayerwiseTraining


class Plan:
    """The order of training. theta holds the student's parameters (K, P) and then the readout (K, m C).

    What it says of lanes and parameters is on the CPU, as their settings are.
    """

    def __init__(self, lanes: Lanes[LayerwiseSettings], network: DenseNetwork):
        self._network, self._switch_at = network, lanes.shared.switch_at
        methods = lanes.values("method")
        self._is_greedy = torch.tensor([method == "greedy" for method in methods])
        self._is_joint = torch.tensor([method == "end to end" for method in methods])
        inputs, width = network.sizes[:2]
        is_first = torch.zeros(network.parameter_count + readout_size(network), dtype=torch.bool)
        is_first[: (inputs + 1) * width] = True
        is_first[network.parameter_count :] = True
        self._is_first = is_first
        self._any_greedy = "greedy" in methods
        self._first = DenseNetwork((inputs, width, network.sizes[-1]), "relu")

    def first_only(self, step: int) -> Tensor:
        """Return which lanes train their first layer by itself at this step, shape (K,)."""
        return self._is_greedy & (step < self._switch_at)

    def trained(self, step: int) -> Tensor:
        """Return which parameters are updated, shape (K, P + m C)."""
        first_only = self.first_only(step)[:, None]
        return torch.where(first_only, self._is_first, ~self._is_first | self._is_joint[:, None])

    def learning_rates(self, lanes: Lanes, step: int) -> Tensor:
        """Return eta at a step, shape (K,): in the greedy method each part has a schedule of its own."""
        whole, first = step / lanes.horizon, torch.full_like(lanes.horizon, step / self._switch_at)
        rest = (step - self._switch_at) / (lanes.horizon - self._switch_at).clamp(min=1)
        parts = first if step < self._switch_at else rest
        return learning_rates(lanes, torch.where(self._is_greedy, parts, whole))

    def loss_and_gradient(self, theta: Tensor, inputs: Tensor, targets: Tensor, step: int) -> tuple[Tensor, Tensor]:
        """Return half the squared error of what is trained at present, (K,), and its gradient, (K, P + m C)."""
        loss, gradient = self._of_student(theta, inputs, targets)
        if not self._any_greedy or step >= self._switch_at:
            return loss, gradient
        first_only = self.first_only(step).to(theta.device)
        own_loss, own_gradient = self._of_first(theta, inputs, targets)
        return torch.where(first_only, own_loss, loss), torch.where(first_only[:, None], own_gradient, gradient)

    def _of_student(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Of the whole student; its gradient does not touch the readout."""
        count = self._network.parameter_count
        on_batch = self._network.loss_on(inputs, targets, squared_distance)
        loss, gradient = on_batch.loss_and_gradient(theta[:, :count])
        return loss, torch.cat([gradient, torch.zeros_like(theta[:, count:])], 1)

    def _of_first(self, theta: Tensor, inputs: Tensor, targets: Tensor) -> tuple[Tensor, Tensor]:
        """Of the first layer and its readout, which are a net of their own, with biases of 0 at its outputs."""
        first, count = (self._network.sizes[0] + 1) * self._network.sizes[1], self._network.parameter_count
        biases = theta.new_zeros(len(theta), self._network.sizes[-1])
        own_theta = torch.cat([theta[:, :first], theta[:, count:], biases], 1)
        loss, own = self._first.loss_on(inputs, targets, squared_distance).loss_and_gradient(own_theta)
        above = torch.zeros_like(theta[:, first:count])
        return loss, torch.cat([own[:, :first], above, own[:, first : -biases.shape[1]]], 1)


def readout_size(network: DenseNetwork) -> int:
    """Return the number of weights from the first hidden layer straight to the outputs."""
    return network.sizes[1] * network.sizes[-1]
