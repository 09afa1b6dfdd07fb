"""Digits as images whose contrast and brightness are changed, one by one."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
from torch import Tensor

from lessons.core.data.digits import Split, as_images, digits_split
from lessons.core.generators import generator
from lessons.normalization.conv_settings import ConvNormSettings

LOW_CONTRAST = 0.5  # that of half of the images where the contrast is the label


@dataclass(frozen=True)
class ConvImages:
    """What a net learns and what it is tested with; images of shape (N, 1, 8, 8).

    Attributes:
        split: Images as they are, as rows of 64 pixels, and labels.
        contrast: The test images, each with a contrast of its own.
        brightness: The test images, each with a brightness of its own.
    """

    split: Split
    contrast: Tensor
    brightness: Tensor

    @classmethod
    def of(cls, settings: ConvNormSettings) -> ConvImages:
        """Return the images that the settings ask for; they are the same for all seeds."""
        split, source = digits_split(settings.train_size), generator(0, "contrast and brightness")
        if settings.task == "which contrast":
            split = Split(*_dimmed(split.train_inputs, source), *_dimmed(split.test_inputs, source))
        images = as_images(split.test_inputs)
        factor, offset = (2 * torch.rand(2, len(images), 1, 1, 1, generator=source) - 1).unbind()
        contrast = images * torch.exp(math.log(settings.contrast) * factor)
        return cls(split, contrast, images + settings.brightness * offset)


def _dimmed(inputs: Tensor, source: torch.Generator) -> tuple[Tensor, Tensor]:
    """Return inputs of which about half have a low contrast, and 1 where they have, 0 elsewhere."""
    dim = torch.rand(len(inputs), generator=source) < 0.5
    return torch.where(dim[:, None], LOW_CONTRAST * inputs, inputs), dim.long()
