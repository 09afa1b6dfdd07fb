"""Settings of a linear model whose inputs are prepared in different ways."""

from __future__ import annotations

from typing import Literal

from lessons.core import declared
from lessons.core.settings import Settings, setting

Preparation = Literal["raw", "centred", "standardised", "whitened", "deconvolved"]


class ConditioningSettings(Settings):
    """Settings of `Conditioning`; lanes differ in what they make of the data, and the data are one for all."""

    inputs: Preparation = setting(
        "raw",
        label="inputs",
        doc="As they are; mean 0; also standard deviation 1; decorrelated too (ZCA); by network deconvolution.",
    )
    data: Literal["two correlated inputs", "digits"] = setting(
        "two correlated inputs", label="data", doc="Drawn from a Gaussian, or the pixels of real images.", shared=True
    )
    correlation: float = setting(
        0.8,
        label="correlation",
        symbol="ρ",
        doc="Of the two inputs; the digits have their own.",
        low=-0.999,
        high=0.999,
        slider=(-0.99, 0.99),
        slider_step=0.01,
        shared=True,
    )
    scale: float = setting(
        3.0,
        label="scale",
        symbol="s",
        doc="Standard deviation of the second input; that of the first is 1.",
        low=0.01,
        high=100.0,
        slider=(0.1, 10.0),
        scale="log",
        shared=True,
    )
    offset: float = setting(
        0.0,
        label="offset",
        symbol="m",
        doc="Mean of both inputs, in units of their standard deviations.",
        low=-100.0,
        high=100.0,
        slider=(-5.0, 5.0),
        slider_step=0.1,
        shared=True,
    )
    relative_rate: float = setting(
        1.0,
        label="relative learning rate",
        symbol="η/η*",
        doc="In units of the best, η* = 2/(λₘₐₓ+λₘᵢₙ); it diverges above 1 + 1/κ.",
        low=0.0,
        high=3.0,
        slider=(0.1, 1.5),
        slider_step=0.01,
        hot=True,
    )
    iterations: int = setting(
        5,
        label="Newton-Schulz iterations",
        doc="Of the deconvolution: the more, the nearer to whitened.",
        low=1,
        high=40,
        slider=(1, 20),
    )
    epsilon: float = setting(
        1e-5,
        label="epsilon",
        symbol="ε",
        doc="Added to the variances by whitening and deconvolution.",
        low=0.0,
        high=10.0,
        slider=(1e-8, 1.0),
        scale="log",
    )
    train_size: int = declared.train_size(label="examples", doc="In the training set.")
    steps: int = declared.steps(default=200, high=100000, slider=(50, 5000))
    seed: int = declared.seed(doc="Draws the two inputs.", shared=True)
