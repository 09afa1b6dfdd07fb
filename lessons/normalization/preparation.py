"""Inputs as they are, centred, standardised, whitened or deconvolved."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.data.digits import load_digits, split_rows
from lessons.core.generators import generator
from lessons.normalization.conditioning_settings import ConditioningSettings
from lessons.normalization.deconvolution import inverse_square_root

RANK = 1e-10  # variances below this share of the largest count as none


def examples(settings: ConditioningSettings) -> tuple[Tensor, Tensor]:
    """Return inputs (N, D) and targets (N, C), float64, before any preparation.

    Two correlated inputs: means, deviations and correlation of the sample are exactly those of the settings, and the
    target, with C = 1, is u_1 - u_2 / 2 + 1, where u are the standardised inputs. Digits: pixels from 0 to 1, and the
    one-hot label.
    """
    if settings.data == "digits":
        images, labels = load_digits()
        rows, _ = split_rows(settings.train_size)
        return images[rows].double() / 16, torch.eye(10, dtype=torch.float64)[labels[rows]]
    source = generator(settings.seed, "two inputs")
    drawn = torch.randn(settings.train_size, 2, generator=source, dtype=torch.float64)
    rho = settings.correlation
    colour = torch.tensor([[1.0, rho], [0.0, (1 - rho**2) ** 0.5]], dtype=torch.float64)
    unit = prepared(drawn, "whitened", epsilon=0.0) @ colour
    target = unit @ torch.tensor([[1.0], [-0.5]], dtype=torch.float64) + 1
    return (unit + settings.offset) * torch.tensor([1.0, settings.scale], dtype=torch.float64), target


def prepared(x: Tensor, inputs: str, epsilon: float, iterations: int = 5) -> Tensor:
    """Return the inputs after a preparation, shape (N, D).

    Variances are biased: they divide by N. An input that never changes becomes 0 under all preparations but "raw".

    Args:
        x: Shape (N, D).
        inputs: A value of `Preparation`. "standardised": (x - mu) / sigma, input by input; their correlations stay.
            "whitened": (x - mu) (C + epsilon I)^(-1/2) with the covariance C, which is ZCA; directions in which x has
            no variance are left at 0. "deconvolved": the same root by Newton and Schulz.
        epsilon: For the last two.
        iterations: For the last.

    Sources: LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.3; Bell & Sejnowski 1997 (ZCA); Ye et
    al. 2020, arXiv 1905.11926.
    """
    if inputs == "raw":
        return x
    centred = x - x.mean(0)
    if inputs == "centred":
        return centred
    if inputs == "standardised":
        deviation = centred.square().mean(0).sqrt()
        return centred / torch.where(deviation > 0, deviation, torch.ones_like(deviation))
    covariance = centred.T @ centred / len(x)
    if inputs == "whitened":
        return centred @ _root(covariance, epsilon)
    unit = torch.eye(len(covariance), dtype=x.dtype)
    return centred @ inverse_square_root((covariance + epsilon * unit)[None], iterations)[0]


def _root(covariance: Tensor, epsilon: float) -> Tensor:
    values, vectors = torch.linalg.eigh(covariance)
    kept = values > RANK * values[-1]
    factors = torch.where(kept, (values + epsilon).clamp_min(1e-300).rsqrt(), torch.zeros_like(values))
    return (vectors * factors) @ vectors.T
