"""The normalizations of `layers` by torch's own kernels: the same numbers up to rounding, in a third of the time.

For dense nets, whose features have no positions: x is (K, N, C), factors gamma and offsets beta are (K, C).
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional

from lessons.normalization.layers import EPSILON, MOMENTUM, RunningStatistics, batch_statistics
from lessons.normalization.layers import batch_norm as plain_batch_norm


def batch_norm(
    x: Tensor, running: RunningStatistics, gamma: Tensor, beta: Tensor, training: bool
) -> tuple[Tensor, RunningStatistics]:
    """Return batch norm of x and the running statistics after it; in evaluation the same ones.

    The features of all lanes are the channels of one batch. A single sample is left to `layers.batch_norm`: torch's
    module refuses it.
    """
    lanes, samples, channels = x.shape
    if training and samples == 1:
        statistics = batch_statistics(x)
        return plain_batch_norm(x, statistics, gamma, beta), running.after(statistics)
    mean, variance = running.mean, running.variance
    if training:  # the kernel writes into them
        mean, variance = mean.clone(), variance.clone()
    flat = [each.reshape(-1) for each in (mean, variance, gamma, beta)]
    rows = x.transpose(0, 1).reshape(samples, lanes * channels)
    out = functional.batch_norm(rows, flat[0], flat[1], flat[2], flat[3], training, MOMENTUM, EPSILON)
    shaped = out.view(samples, lanes, channels).transpose(0, 1)
    return shaped, RunningStatistics(mean, variance) if training else running


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    """Return layer norm of x."""
    return _affine(functional.layer_norm(x, x.shape[2:], eps=EPSILON), gamma, beta)


def group_norm(x: Tensor, groups: int, gamma: Tensor, beta: Tensor) -> Tensor:
    """Return group norm of x; functional.group_norm is the same, and refuses a single sample with groups of one."""
    return _affine(torch.group_norm(x.flatten(0, 1), groups, eps=EPSILON).view(x.shape), gamma, beta)


def _affine(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return (gamma[:, None] * x).add(beta[:, None])
