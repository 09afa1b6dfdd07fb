"""Nets of torch.nn as lanes: what is trained of each is a row of one matrix, so that rules and records know them.

They run one after the other, so that lanes may differ in their layers and in the size of their batches, and a net is
the one that torch.nn has, not written twice. As groups of one convolution five nets of four channels would take some
three quarters of the time.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.func import functional_call

from lessons.core.losses import accuracy, cross_entropy
from lessons.core.parts import Parts

Buffers = dict[str, Tensor]


@dataclass(frozen=True)
class OnBatches:
    """What K nets have made of their batches.

    Attributes:
        loss: Cross-entropy, shape (K,).
        error: Share of the examples that are named wrongly, shape (K,).
        gradient: Of the loss with respect to theta, shape (K, P).
        buffers: Of each net after it, such as the running statistics of batch norm.
    """

    loss: Tensor
    error: Tensor
    gradient: Tensor
    buffers: list[Buffers]


class LaneNets:
    """K classifiers with as many trained parameters each; parameters that need no gradient stay as they were made.

    Args:
        nets: One a lane.
        device: Where they are.
    """

    def __init__(self, nets: Sequence[nn.Module], device: str = "cpu"):
        self._nets = [net.to(device) for net in nets]
        self._shapes = {name: p.shape for name, p in nets[0].named_parameters() if p.requires_grad}
        self._lengths = [shape.numel() for shape in self._shapes.values()]

    def initial(self) -> Tensor:
        """Return the parameters that the nets were made with, theta, shape (K, P)."""
        rows = [[p.detach().flatten() for p in net.parameters() if p.requires_grad] for net in self._nets]
        return torch.stack([torch.cat(row) for row in rows])

    def buffers(self) -> list[Buffers]:
        """Return the buffers that the nets were made with."""
        return [_copied(dict(net.named_buffers())) for net in self._nets]

    def on_batches(
        self, theta: Tensor, buffers: Sequence[Buffers], batches: Sequence[tuple[Tensor, Tensor]]
    ) -> Parts[OnBatches]:
        """Return loss and gradient in training mode, a part a lane.

        Args:
            theta: Shape (K, P).
            buffers: Of each net; they are left as they are.
            batches: Inputs (B, ...) and class numbers (B,) of each net.
        """
        found = []
        for lane, (inputs, labels) in enumerate(batches):
            row, kept = theta[lane].detach().requires_grad_(), _copied(buffers[lane])
            scores = self._scores(lane, row, kept, inputs, training=True)[None]
            loss = cross_entropy(scores, labels)
            (gradient,) = torch.autograd.grad(loss.sum(), row)
            found.append((loss.detach(), 1 - accuracy(scores.detach(), labels), gradient[None], kept))
            yield
        losses, errors, gradients, after = zip(*found, strict=True)
        return OnBatches(torch.cat(losses), torch.cat(errors), torch.cat(gradients), list(after))

    @torch.no_grad()
    def errors(self, theta: Tensor, buffers: Sequence[Buffers], inputs: Tensor, labels: Tensor) -> Tensor:
        """Return the share of these examples that each net names wrongly in evaluation mode, shape (K,).

        Args:
            theta: Shape (K, P).
            buffers: Of each net.
            inputs: Shape (N, ...).
            labels: Shape (N,).
        """
        lanes = enumerate(zip(theta, buffers, strict=True))
        scores = [self._scores(lane, row, known, inputs, training=False) for lane, (row, known) in lanes]
        return 1 - accuracy(torch.stack(scores), labels)

    def _scores(self, lane: int, row: Tensor, buffers: Buffers, inputs: Tensor, training: bool) -> Tensor:
        """Class scores of one net, shape (B, C); in training mode it writes into its buffers."""
        parts = zip(self._shapes.items(), row.split(self._lengths), strict=True)
        parameters = {name: part.view(shape) for (name, shape), part in parts}
        scores: Tensor = functional_call(self._nets[lane].train(training), {**parameters, **buffers}, (inputs,))
        return scores


def _copied(buffers: Buffers) -> Buffers:
    return {name: value.clone() for name, value in buffers.items()}
