"""The nets of all lanes: lanes of one normalization and one kind of batches run together."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, fields

import torch
from torch import Tensor

from lessons.core.batches import EpochBatches
from lessons.core.curvature.sharpness import HessianVectorProduct
from lessons.core.data.digits import Split
from lessons.core.lanes import Lanes, lanes_of_each
from lessons.core.losses import LOSSES, accuracy
from lessons.normalization.network import Batch, NormalizedNetwork, NormalizedShape
from lessons.normalization.normalizers import Memory, normalizer
from lessons.normalization.training_settings import NormalizedNetShape

Memories = list[list[Memory]]  # of each group of lanes, of each hidden layer


@dataclass(frozen=True)
class LaneGroup:
    """Lanes that run together.

    Attributes:
        rows: Which lanes.
        network: Their nets.
        batches: Their batches.
    """

    rows: Tensor | slice
    network: NormalizedNetwork
    batches: EpochBatches


class NormalizedNets:
    """K nets, each with its own normalization and its own batches.

    Args:
        lanes: With the settings of `NormalizedNetSettings`.
        data: What they train on.
    """

    def __init__(self, lanes: Lanes[NormalizedNetShape], data: Split):
        shared = lanes.shared
        self.shape = NormalizedShape((64, *[shared.width] * shared.depth, 10))
        self.data = data
        self._loss = LOSSES[shared.loss]
        self._lanes = lanes
        names = ("normalization", "groups", "batch_size", "batches")
        keys = list(zip(*(lanes.values(name) for name in names), strict=True))
        self.groups = [
            LaneGroup(
                rows,
                NormalizedNetwork(self.shape, shared.activation, normalizer(name, groups)),
                EpochBatches(lanes.seed[rows], size, data, order),
            )
            for (name, groups, size, order), rows in lanes_of_each(keys).items()
        ]
        rows_in_turn = [torch.arange(len(lanes))[group.rows] for group in self.groups]
        self._back = torch.cat(rows_in_turn).argsort()

    def initial(self) -> Tensor:
        """Draw theta, shape (K, P)."""
        weight_normed = torch.tensor([name == "weight" for name in self._lanes.values("normalization")])
        return self.shape.initial(self._lanes.seed, self._lanes.init_scale, weight_normed)

    def memories(self, theta: Tensor) -> Memories:
        """Return what the layers remember at the start."""
        return [group.network.memories(theta[group.rows], self._lanes.seed[group.rows]) for group in self.groups]

    def batch(self, step: int) -> list[Batch]:
        """Return each group's batch of a step."""
        return [group.batches.at(step) for group in self.groups]

    def loss_and_gradient(
        self, theta: Tensor, batch: Sequence[Batch], memories: Memories
    ) -> tuple[Tensor, Tensor, Memories]:
        """Return each lane's loss on its batch in training (K,), its gradient (K, P), and the memories after it.

        Args:
            theta: Shape (K, P).
            batch: Of each group.
            memories: Before the batch.
        """
        losses, gradients, after = [], [], []
        for group, on, memory in zip(self.groups, batch, memories, strict=True):
            loss, gradient, kept = group.network.loss_and_gradient(theta[group.rows], on, memory, self._loss)
            losses.append(loss)
            gradients.append(gradient)
            after.append(kept)
        return self._in_order(losses), self._in_order(gradients), after

    def hessian_at(self, theta: Tensor, memories: Memories) -> HessianVectorProduct:
        """Return v -> H v on shape (K, P), for the loss on all training images as one batch, as in training."""
        everything = (self.data.train_inputs, self.data.train_labels)
        products = [
            group.network.hessian_at(theta[group.rows], everything, memory, self._loss)
            for group, memory in zip(self.groups, memories, strict=True)
        ]
        return lambda vector: self._in_order(
            [product(vector[group.rows]) for group, product in zip(self.groups, products, strict=True)]
        )

    def gradients(self, theta: Tensor, batch: Sequence[Batch], memories: Memories) -> tuple[Tensor, Tensor]:
        """Return losses (K, S) and their gradients (K, S, P) at S points of each lane, theta (K, S, P)."""
        points = theta.shape[1]
        losses, gradients = [], []
        for group, (inputs, labels), memory in zip(self.groups, batch, memories, strict=True):
            flat = theta[group.rows].flatten(0, 1)
            if inputs.dim() == 3:
                inputs, labels = (part.repeat_interleave(points, 0) for part in (inputs, labels))
            repeated = [_repeated(each, points) for each in memory]
            loss, gradient, _ = group.network.loss_and_gradient(flat, (inputs, labels), repeated, self._loss)
            losses.append(loss.unflatten(0, (-1, points)))
            gradients.append(gradient.unflatten(0, (-1, points)))
        return self._in_order(losses), self._in_order(gradients)

    def stretch(self, theta: Tensor, memories: Memories) -> Tensor:
        """Return the largest singular value of each hidden layer's weights as they are used, shape (K, depth)."""
        found = []
        for group, memory in zip(self.groups, memories, strict=True):
            layers = self.shape.layers(theta[group.rows])[:-1]
            used = [group.network.normalizer.weight(*each) for each in zip(layers, memory, strict=True)]
            found.append(torch.stack([torch.linalg.matrix_norm(weight, ord=2) for weight in used], 1))
        return self._in_order(found)

    @torch.no_grad()
    def test_accuracy(self, theta: Tensor, memories: Memories) -> Tensor:
        """Return the share of test images that are right in evaluation, shape (K,)."""
        return self._in_order(
            [
                accuracy(
                    group.network(theta[group.rows], self.data.test_inputs, memory, training=False)[0],
                    self.data.test_labels,
                )
                for group, memory in zip(self.groups, memories, strict=True)
            ]
        )

    @torch.no_grad()
    def train_accuracies(self, theta: Tensor, memories: Memories, step: int, most: int = 64) -> tuple[Tensor, Tensor]:
        """Return the share of the same training images that are right in training and in evaluation, both (K,).

        In training each of an epoch's batches, `most` of them at most, is normalized by its own statistics.
        """
        pairs = [
            _both_modes(group, self.data, theta[group.rows], memory, step, most)
            for group, memory in zip(self.groups, memories, strict=True)
        ]
        return self._in_order([pair[0] for pair in pairs]), self._in_order([pair[1] for pair in pairs])

    def _in_order(self, parts: list[Tensor]) -> Tensor:
        """Results of the groups, joined in the order of the lanes."""
        return parts[0] if len(parts) == 1 else torch.cat(parts)[self._back]


def _both_modes(
    group: LaneGroup, data: Split, theta: Tensor, memory: list[Memory], step: int, most: int
) -> tuple[Tensor, Tensor]:
    """Accuracy of one group's lanes on the same images in training and in evaluation."""
    rows = group.batches.of_epoch(step)[:, :most].to(data.train_labels.device)
    rows = rows.expand(len(theta), -1, -1)
    images, labels = data.train_inputs[rows.flatten(1)], data.train_labels[rows.flatten(1)]
    evaluated = accuracy(group.network(theta, images, memory, training=False)[0], labels)
    if not group.network.normalizer.reads_batch:
        return evaluated, evaluated
    count = rows.shape[1]
    many = theta.repeat_interleave(count, 0)
    repeated = [_repeated(each, count) for each in memory]
    batches, of_batches = data.train_inputs[rows.flatten(0, 1)], data.train_labels[rows.flatten(0, 1)]
    trained = accuracy(group.network(many, batches, repeated, training=True)[0], of_batches)
    return trained.view(len(theta), count).mean(1), evaluated


def _repeated(memory: Memory, times: int) -> Memory:
    """The same memory for `times` copies of each lane."""
    if memory is None:
        return None
    return type(memory)(*(getattr(memory, field.name).repeat_interleave(times, 0) for field in fields(memory)))
