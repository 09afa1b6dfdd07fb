"""A real net on the digits or on points in the plane, trained on mini-batches by any of the gradient rules."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial

import torch
from torch import Tensor

from lessons.core.batches import FreshBatches
from lessons.core.data.digits import Split, digits_split
from lessons.core.data.point_sets import WINDOW, points_split
from lessons.core.lanes import Lanes
from lessons.core.losses import accuracy, cross_entropy
from lessons.core.network import DenseNetwork
from lessons.core.other_seeds import WithOtherSeeds
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters, Place
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import State, Training
from lessons.optimizers.scripts import classifier_script
from lessons.optimizers.settings import ClassifierSettings

GRID = 61


@dataclass
class ClassifierState(State):
    """State of the trainings.

    Attributes:
        theta: Parameters, shape (K, P).
        optimizer: With what it remembers.
        loss: Of the step's batch, shape (K,), once measured.
        gradient: Of that loss at theta, shape (K, P), once measured.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    loss: Tensor = field(init=False)
    gradient: Tensor = field(init=False)


class ClassifierTraining(Training[ClassifierState, ClassifierSettings]):
    """Mini-batches: each update follows the gradient of its batch's loss."""

    def __init__(self, lanes: Lanes[ClassifierSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.data = _network(lanes.shared), training_data(lanes.shared).to(device)
        self.batches = FreshBatches(lanes, self.data)

    def start(self) -> ClassifierState:
        theta = self.network.initial(self.lanes.seed, self.lanes.init_scale).to(self.device)
        return ClassifierState(theta, LaneOptimizer.of(self.lanes))

    def measure(self, now: ClassifierState) -> dict[str, Tensor]:
        inputs, labels, weight = self.batches.at(now.step)
        on_batch = self.network.loss_on(inputs, labels, cross_entropy, weight)
        now.loss, now.gradient = on_batch.loss_and_gradient(now.theta)
        values = {"loss": now.loss}
        if now.step % self.lanes.shared.measure_every == 0:
            values |= _readings(self.network, self.data, now.theta)
        return values

    def advance(self, now: ClassifierState) -> None:
        h = Hyperparameters.of(self.lanes, now.theta)
        now.theta = now.theta + now.optimizer.update(now.gradient, h, Place(now.theta, now.loss))

    def snapshots(self, now: ClassifierState) -> dict[str, Callable[[], Tensor]]:
        return _snapshots(self.network, now.theta)

    def failures(self, now: ClassifierState) -> Mapping[int, str]:
        return now.optimizer.failures


class Classifier(WithOtherSeeds[ClassifierSettings]):
    """Mini-batch training of a small net by cross-entropy.

    Each batch is drawn afresh from the training set, without replacement within the batch. Lanes of one seed share the
    initial weights (up to their scale) and the batches: a lane with smaller ones takes the first of the same examples.

    Measures, in float32 and of shape (K,): `loss`, that of the batch, at each step; and at every `measure_every`-th
    step `train_loss`, `train_accuracy` and `test_accuracy`, over all training and all test examples.

    Snapshots, for points in the plane: `probability` (K, G, G) of class 1 on a grid, row j and column i at (x_i, y_j)
    of `grid_axis`.
    """

    name = "classifier"
    title = "A net on digits and points"
    settings_type = ClassifierSettings
    references = (
        'Bottou, Curtis & Nocedal 2018, "Optimization Methods for Large-Scale Machine Learning", SIAM Review 60(2)',
        "Lang & Witbrock 1988 (two spirals)",
        "Alpaydin & Kaynak 1998, UCI Machine Learning Repository (digits)",
    )

    training = ClassifierTraining
    behind = ("loss", "train_loss", "test_accuracy")

    def script(self, settings: ClassifierSettings, changes: Sequence[Change] = ()) -> str:
        return classifier_script(settings, changes)


def training_data(shape: ClassifierSettings) -> Split:
    """Return what is trained and tested on."""
    if shape.data == "digits":
        return digits_split(shape.train_size)
    return points_split(shape.data, shape.train_size, shape.noise)


def grid_axis() -> Tensor:
    """Return the coordinates of the snapshot's columns, and of its rows, shape (G,)."""
    return torch.linspace(-WINDOW, WINDOW, GRID)


def _network(shape: ClassifierSettings) -> DenseNetwork:
    inputs, classes = (64, 10) if shape.data == "digits" else (2, 2)
    return DenseNetwork((inputs, *[shape.width] * shape.depth, classes), shape.activation)


def _readings(network: DenseNetwork, data: Split, theta: Tensor) -> dict[str, Tensor]:
    outputs = network(theta, data.train_inputs)
    return {
        "train_loss": cross_entropy(outputs, data.train_labels),
        "train_accuracy": accuracy(outputs, data.train_labels),
        "test_accuracy": accuracy(network(theta, data.test_inputs), data.test_labels),
    }


def _snapshots(network: DenseNetwork, theta: Tensor) -> dict[str, Callable[[], Tensor]]:
    return {} if network.sizes[0] != 2 else {"probability": partial(_probability, network, theta)}


def _probability(network: DenseNetwork, theta: Tensor) -> Tensor:
    y, x = torch.meshgrid(grid_axis(), grid_axis(), indexing="ij")
    points = torch.stack([x.flatten(), y.flatten()], 1).to(theta)
    return network(theta, points).softmax(-1)[..., 1].view(-1, GRID, GRID)
