"""Normalizations of activations, for K lanes at once: batch, layer, instance, group and RMS.

All take x of shape (K, N, C) or (K, N, C, H, W): lanes, samples, channels and, in images, positions. Factors gamma and
offsets beta are one for each channel, of shape (K, C). Each equals its module of torch.nn in each lane, forward and
backward; where torch.nn.LayerNorm and RMSNorm have factors for each position too, here they are one for each channel.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.normalization.axes import checked_groups

EPSILON = 1e-5  # torch.nn's default, but for RMSNorm
MOMENTUM = 0.1  # share of the new in the running statistics, torch's default


@dataclass(frozen=True)
class BatchStatistics:
    """Mean and variance of each channel, shape (K, C); the variance is biased: it divides by the number of values.

    Attributes:
        count: Values behind each, n = N H W.
    """

    mean: Tensor
    variance: Tensor
    count: int


@dataclass(frozen=True)
class RunningStatistics:
    """The statistics of batch norm in evaluation, shape (K, C): moving averages over the batches of the training."""

    mean: Tensor
    variance: Tensor

    @classmethod
    def start(cls, lanes: int, channels: int) -> RunningStatistics:
        """Mean 0 and variance 1, as torch begins."""
        return cls(torch.zeros(lanes, channels), torch.ones(lanes, channels))

    def after(self, batch: BatchStatistics, momentum: Tensor | float = MOMENTUM) -> RunningStatistics:
        """Return the averages after one more batch; its variance enters unbiased, as in torch: n/(n-1) times as large.

        One value has no unbiased variance: torch.nn.BatchNorm refuses it with a ValueError; here the running variance
        stays what it was.
        """
        mean = self.mean.lerp(batch.mean.detach(), momentum)
        if batch.count == 1:
            return RunningStatistics(mean, self.variance)
        unbiased = batch.variance.detach() * (batch.count / (batch.count - 1))
        return RunningStatistics(mean, self.variance.lerp(unbiased, momentum))


def batch_statistics(x: Tensor) -> BatchStatistics:
    """Return mean and biased variance of each channel over samples and positions: one for each channel."""
    axes = (1, *range(3, x.dim()))
    variance, mean = torch.var_mean(x, dim=axes, correction=0)
    return BatchStatistics(mean, variance, x[0, :, 0].numel())


def batch_norm(
    x: Tensor,
    statistics: BatchStatistics | RunningStatistics,
    gamma: Tensor,
    beta: Tensor,
    epsilon: float = EPSILON,
) -> Tensor:
    """Return gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta.

    In training `statistics` are `batch_statistics(x)`, in evaluation running ones. With one value a channel x - mu is 0
    and the outputs are beta, whatever the input.

    Source: Ioffe & Szegedy 2015, arXiv 1502.03167, algorithm 1.
    """
    factor = gamma * torch.rsqrt(statistics.variance + epsilon)
    return (x - _of_channels(statistics.mean, x)) * _of_channels(factor, x) + _of_channels(beta, x)


def layer_norm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta, mu and sigma over the features of one sample.

    Source: Ba, Kiros & Hinton 2016, arXiv 1607.06450, equation 4.
    """
    axes = tuple(range(2, x.dim()))
    return _affine(_standardised(x, axes, epsilon), gamma, beta)


def instance_norm(x: Tensor, gamma: Tensor, beta: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta, mu and sigma over the positions of one channel.

    Raises:
        ValueError: If x has no positions: one value has no variance.

    Source: Ulyanov, Vedaldi & Lempitsky 2016, arXiv 1607.08022, equation 4.
    """
    if x.dim() < 4:
        raise ValueError("Instance norm averages over positions; these are features without positions.")
    return _affine(_standardised(x, tuple(range(3, x.dim())), epsilon), gamma, beta)


def group_norm(x: Tensor, groups: int, gamma: Tensor, beta: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return gamma (x - mu) / sqrt(sigma^2 + epsilon) + beta, mu and sigma over a group of one sample's channels.

    Raises:
        ValueError: If the groups do not divide the channels.

    Source: Wu & He 2018, arXiv 1803.08494, equation 7.
    """
    grouped = x.unflatten(2, (checked_groups(groups, x.shape[2]), -1))
    return _affine(_standardised(grouped, tuple(range(3, grouped.dim())), epsilon).flatten(2, 3), gamma, beta)


def rms_norm(x: Tensor, gamma: Tensor, epsilon: float = EPSILON) -> Tensor:
    """Return gamma x / sqrt(mean of x^2 + epsilon) over the features of one sample; nothing is subtracted or added.

    Source: Zhang & Sennrich 2019, arXiv 1910.07467, equation 4; epsilon as in torch.nn.RMSNorm.
    """
    mean_square = x.square().mean(tuple(range(2, x.dim())), keepdim=True)
    return x * torch.rsqrt(mean_square + epsilon) * _of_channels(gamma, x)


def _standardised(x: Tensor, axes: tuple[int, ...], epsilon: float) -> Tensor:
    variance, mean = torch.var_mean(x, dim=axes, correction=0, keepdim=True)
    return (x - mean) * torch.rsqrt(variance + epsilon)


def _affine(x: Tensor, gamma: Tensor, beta: Tensor) -> Tensor:
    return torch.addcmul(_of_channels(beta, x), _of_channels(gamma, x), x)


def _of_channels(values: Tensor, x: Tensor) -> Tensor:
    """(K, C) shaped so that it broadcasts over x, (K, N, C, ...)."""
    return values[:, None].reshape(len(values), 1, -1, *[1] * (x.dim() - 3))
