"""Images for long runs: kept as bytes on the device, standardised, shifted and mirrored batch by batch."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path

import torch
from torch import Tensor

from lessons.core.data.digits import load_digits, split_rows
from lessons.core.generators import generator
from lessons.periodic.long_run.cifar import CIFAR, read_cifar
from lessons.periodic.long_run.settings import LongRunSettings

DIGITS_TEST_SIZE = 500


@dataclass(frozen=True)
class Images:
    """A data set.

    Attributes:
        train: Shape (N, C, H, W), uint8.
        train_labels: Shape (N,).
        test: Shape (M, C, H, W), uint8.
        test_labels: Shape (M,).
        classes: How many there are.
        largest_shift: Of an augmented image, in pixels.
        mirrored: Whether an augmented image may be mirrored.
    """

    train: Tensor
    train_labels: Tensor
    test: Tensor
    test_labels: Tensor
    classes: int
    largest_shift: int
    mirrored: bool

    def to(self, device: str) -> Images:
        """Return the same images on another device."""
        tensors = ("train", "train_labels", "test", "test_labels")
        return replace(self, **{name: getattr(self, name).to(device) for name in tensors})

    def standardized(self, images: Tensor) -> Tensor:
        """Return bytes (B, C, H, W) as float32 with mean 0 and deviation 1 in each channel of the training images."""
        mean, deviation = self._moments
        return (images.float() - mean) / deviation

    @cached_property
    def _moments(self) -> tuple[Tensor, Tensor]:
        """Mean and deviation of each channel, shape (C, 1, 1), from the counts of the 256 values."""
        channels = self.train.transpose(0, 1).flatten(1).cpu()
        counts = torch.stack([torch.bincount(channel.int(), minlength=256) for channel in channels]).double()
        values, shares = torch.arange(256).double(), counts / counts.sum(1, keepdim=True)
        mean = (shares * values).sum(1)
        deviation = (shares * (values - mean[:, None]) ** 2).sum(1).sqrt().clamp_min(1e-6)
        mean, deviation = (m.float().to(self.train.device)[:, None, None] for m in (mean, deviation))
        return mean, deviation


def load_images(settings: LongRunSettings, folder: Path | None) -> Images:
    """Return the images that the settings ask for.

    Args:
        settings: Data set and number of training images.
        folder: Where CIFAR lies.

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file holds something else, CIFAR has no folder, or there are too few images.
    """
    images = _digits() if settings.dataset == "digits" else _cifar(settings.dataset, folder)
    count = settings.train_size or len(images.train)
    if count > len(images.train):
        raise ValueError(f"{count} training images were asked for; there are {len(images.train)}.")
    return replace(images, train=images.train[:count], train_labels=images.train_labels[:count])


def _digits() -> Images:
    images, labels = load_digits()
    train, test = split_rows(len(images) - DIGITS_TEST_SIZE, DIGITS_TEST_SIZE)
    pixels = images.to(torch.uint8).view(-1, 1, 8, 8)
    return Images(pixels[train], labels[train], pixels[test], labels[test], 10, 1, False)


def _cifar(name: str, folder: Path | None) -> Images:
    if folder is None:
        raise ValueError("CIFAR needs a folder: name it with --data.")
    train, test = read_cifar(folder, name)
    parts = [torch.from_numpy(part) for part in (*train, *test)]
    return Images(parts[0], parts[1], parts[2], parts[3], CIFAR[name].classes, 4, True)


def epoch_rows(seed: int, epoch: int, count: int, batch_size: int) -> Tensor:
    """Return which images each step of an epoch uses, shape (steps, batch_size); a last part batch is left out.

    A batch of all images keeps its order.
    """
    if batch_size == count:
        return torch.arange(count)[None]
    order = torch.randperm(count, generator=generator(seed, f"epoch {epoch}"))
    return order[: count // batch_size * batch_size].view(-1, batch_size)


def augmented(images: Tensor, seed: int, step: int, largest_shift: int, mirrored: bool) -> Tensor:
    """Return images (B, C, H, W) moved by whole pixels, 0 coming in, and half of them mirrored if `mirrored`.

    What is drawn depends on seed and step alone.
    """
    source, count, shift = generator(seed, f"augmentation {step}"), len(images), largest_shift
    offsets = torch.randint(2 * shift + 1, (2, count), generator=source).to(images.device)
    flipped = (torch.rand(count, generator=source) < 0.5).to(images.device) & mirrored
    height, width = images.shape[2:]
    padded = torch.nn.functional.pad(images, (shift, shift, shift, shift))
    rows = offsets[0][:, None] + torch.arange(height, device=images.device)
    columns = offsets[1][:, None] + torch.arange(width, device=images.device)
    columns = torch.where(flipped[:, None], columns.flip(1), columns)
    which, channels = (torch.arange(n, device=images.device) for n in images.shape[:2])
    return padded[which[:, None, None, None], channels[:, None, None], rows[:, None, :, None], columns[:, None, None]]
