"""Tiny files in the form of the CIFAR python version."""

from __future__ import annotations

import pickle
from pathlib import Path

import numpy as np

from lessons.periodic.long_run.cifar import CIFAR, ROW


def tiny_cifar(folder: Path, name: str, rows: int = 8, protocol: int = 2) -> tuple[np.ndarray, np.ndarray]:
    """Write a data set of `rows` images a file into its own folder below `folder`; return all training rows, labels."""
    source, files = np.random.default_rng(0), CIFAR[name]
    place = folder / files.folder
    place.mkdir(parents=True)
    images, labels = [], []
    for part in (*files.train, *files.test):
        data = source.integers(0, 256, (rows, ROW), dtype=np.uint8)
        numbers = source.integers(0, files.classes, rows).tolist()
        stored = {b"data": data, files.labels: numbers, b"batch_label": b"a part", b"filenames": [b"x.png"] * rows}
        (place / part).write_bytes(pickle.dumps(stored, protocol))
        if part in files.train:
            images.append(data)
            labels += numbers
    return np.concatenate(images), np.array(labels)
