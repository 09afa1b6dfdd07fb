"""The UCI 8x8 handwritten digits: 1797 real images that ship with the lessons."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from importlib.resources import files

import numpy as np
import torch
from torch import Tensor

from lessons.core.generators import generator

SIDE = 8  # pixels of an image
CLASSES = 10


@dataclass(frozen=True)
class Split:
    """Inputs (N, 64), standardised as a whole, and class numbers (N,), for training and for testing."""

    train_inputs: Tensor
    train_labels: Tensor
    test_inputs: Tensor
    test_labels: Tensor

    def to(self, device: str) -> Split:
        """Return the same split on another device."""
        return Split(*(getattr(self, name).to(device) for name in self.__dataclass_fields__))


@cache
def load_digits() -> tuple[Tensor, Tensor]:
    """Return pixels in 0..16, float32, shape (1797, 64), and labels, int64, shape (1797,)."""
    with files(__package__).joinpath("digits.npz").open("rb") as file:
        stored = np.load(file)
        return torch.from_numpy(stored["images"]).float(), torch.from_numpy(stored["labels"]).long()


def as_images(inputs: Tensor) -> Tensor:
    """View rows of pixels (N, 64) as images of one channel, (N, 1, 8, 8)."""
    return inputs.view(-1, 1, SIDE, SIDE)


@cache
def digits_split(train_size: int, test_size: int = 500) -> Split:
    """Return a fixed random split. The same `train_size` always gives the same images, whatever a lane's seed.

    Pixels are shifted and scaled by one mean and one deviation for the whole image, taken from the training part.

    Raises:
        ValueError: If the two sizes together exceed 1797.
    """
    images, labels = load_digits()
    train, test = split_rows(train_size, test_size)
    mean, deviation = images[train].mean(), images[train].std()
    scaled = (images - mean) / deviation
    return Split(scaled[train], labels[train], scaled[test], labels[test])


def split_rows(train_size: int, test_size: int = 500) -> tuple[Tensor, Tensor]:
    """Return which of the stored images train and which test.

    Raises:
        ValueError: If the two sizes together exceed 1797.
    """
    count = len(load_digits()[0])
    if train_size + test_size > count:
        raise ValueError(f"{train_size} + {test_size} images were asked for; there are {count}.")
    order = torch.randperm(count, generator=generator(0, "digits split"))
    return order[test_size : test_size + train_size], order[:test_size]
