"""Reads CIFAR-10 and CIFAR-100 from the "python version" files of their authors, without trusting them.

https://www.cs.toronto.edu/~kriz/cifar.html: each file is a pickle of a dictionary with the images as rows of 3072 bytes
(all red values, all green, all blue) and a list of labels. A pickle can run any code, so only what these files need is
allowed: dictionaries, lists, numbers, texts and numpy arrays.
"""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

ROW = 3 * 32 * 32


@dataclass(frozen=True)
class CifarFiles:
    """The places of a data set's parts: its folder's name, its files, the key of its labels, its number of classes."""

    folder: str
    train: tuple[str, ...]
    test: tuple[str, ...]
    labels: bytes
    classes: int


CIFAR = {
    "cifar10": CifarFiles(
        "cifar-10-batches-py", tuple(f"data_batch_{k}" for k in range(1, 6)), ("test_batch",), b"labels", 10
    ),
    "cifar100": CifarFiles("cifar-100-python", ("train",), ("test",), b"fine_labels", 100),
}


def read_cifar(folder: Path, name: str) -> tuple[tuple[np.ndarray, np.ndarray], tuple[np.ndarray, np.ndarray]]:
    """Return images (N, 3, 32, 32), uint8, and labels (N,), int64, for training and for testing.

    Args:
        folder: The folder with the files, or the one that holds it.
        name: "cifar10" or "cifar100".

    Raises:
        FileNotFoundError: If a file is missing.
        ValueError: If a file holds something else.
    """
    files = CIFAR[name]
    inner = folder / files.folder
    place = inner if inner.is_dir() else folder
    return _read_parts(place, files.train, files), _read_parts(place, files.test, files)


def _read_parts(place: Path, names: Sequence[str], files: CifarFiles) -> tuple[np.ndarray, np.ndarray]:
    parts = [_read_file(place / name, files) for name in names]
    return np.concatenate([images for images, _ in parts]), np.concatenate([labels for _, labels in parts])


def _read_file(path: Path, files: CifarFiles) -> tuple[np.ndarray, np.ndarray]:
    if not path.is_file():
        raise FileNotFoundError(f"There is no file {path}; it belongs to the folder {files.folder}.")
    try:
        with path.open("rb") as file:
            stored = _PlainUnpickler(file, encoding="bytes").load()
        return _images(stored[b"data"]), _labels(stored[files.labels], files.classes, len(stored[b"data"]))
    except FileNotFoundError:
        raise
    except Exception as error:
        raise ValueError(f"{path} is not a CIFAR file of the python version: {error}") from error


def _images(data: Any) -> np.ndarray:
    if not isinstance(data, np.ndarray) or data.dtype != np.uint8 or data.ndim != 2 or data.shape[1] != ROW:
        raise ValueError(f"images must be rows of {ROW} bytes")
    return data.reshape(-1, 3, 32, 32)


def _labels(labels: Any, classes: int, count: int) -> np.ndarray:
    if not isinstance(labels, list) or len(labels) != count or not all(type(label) is int for label in labels):
        raise ValueError("there must be a list with a whole number for each image")
    if labels and not 0 <= min(labels) <= max(labels) < classes:
        raise ValueError(f"labels must be from 0 to {classes - 1}")
    return np.array(labels, np.int64)


def _latin1(text: str, encoding: str) -> bytes:
    """Return how a newer Python writes bytes in an older pickle format."""
    if encoding != "latin1":
        raise pickle.UnpicklingError(f"the encoding {encoding!r} is not allowed")
    return text.encode("latin1")


_RECONSTRUCT = np.empty(0).__reduce__()[0]
_ALLOWED = {
    ("numpy.core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy._core.multiarray", "_reconstruct"): _RECONSTRUCT,
    ("numpy", "ndarray"): np.ndarray,
    ("numpy", "dtype"): np.dtype,
    ("_codecs", "encode"): _latin1,
}


class _PlainUnpickler(pickle.Unpickler):
    """Builds numpy arrays and Python's own containers, and nothing else."""

    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise pickle.UnpicklingError(f"{module}.{name} is not allowed")
        return _ALLOWED[module, name]
