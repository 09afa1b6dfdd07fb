"""The measurements of a run, stacked over steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from typing import cast

import numpy as np
import torch
from torch import Tensor

from lessons.core.experiment import Measurement
from lessons.core.parts import InParts


class History:
    """Grows by chunks of measurements; `history["loss"]` is an array of shape (T, K, ...), T steps so far.

    Row t belongs to step t: every experiment yields step 0 first and then each step in turn.

    It is read as a mapping from names to arrays (`dict(history)`, `"loss" in history`), but its length is the number of
    steps, not of names.
    """

    def __init__(self) -> None:
        self._values: dict[str, np.ndarray] = {}
        self._snapshots: Mapping[str, Callable[[], Tensor]] = {}
        self._length = 0

    def __len__(self) -> int:
        return self._length

    def __getitem__(self, name: str) -> np.ndarray:
        return self._values[name][: self._length]

    def __iter__(self) -> Iterator[str]:
        return iter(self.names)

    def __contains__(self, name: object) -> bool:
        return name in self._values

    def keys(self) -> KeysView[str]:
        """The quantities held, as a dict has them."""
        return self._values.keys()

    def items(self) -> list[tuple[str, np.ndarray]]:
        """The quantities held, each with its array."""
        return [(name, self[name]) for name in self]

    def values(self) -> list[np.ndarray]:
        """The arrays."""
        return [self[name] for name in self]

    @property
    def names(self) -> tuple[str, ...]:
        """The quantities held."""
        return tuple(self._values)

    def until(self, length: int) -> History:
        """Return a history of its own with the first rows of this one, and without a snapshot."""
        earlier = History()
        earlier._values = {name: held[: min(length, self._length)].copy() for name, held in self._values.items()}
        earlier._length = min(length, self._length)
        return earlier

    def snapshot(self, name: str) -> np.ndarray:
        """Compute what the newest measurement offers under this name, shape (K, ...)."""
        return self._snapshots[name]().detach().cpu().numpy()

    def unfinished(self, names: Sequence[str]) -> list[InParts]:
        """Return those of the newest measurement's snapshots that are computed in parts and are not ready."""
        found = (self._snapshots.get(name) for name in names)
        return [cast(InParts, each) for each in found if each is not None and not getattr(each, "ready", True)]

    def extend(self, measurements: Sequence[Measurement]) -> None:
        """Append consecutive measurements."""
        if not measurements:
            return
        for name in measurements[0].values:
            rows = torch.stack([m[name] for m in measurements]).cpu().numpy()
            self._store(name, rows)
        self._length += len(measurements)
        self._snapshots = measurements[-1].snapshots

    def _store(self, name: str, rows: np.ndarray) -> None:
        end = self._length + len(rows)
        held = self._values.get(name)
        if held is None or len(held) < end:
            grown = np.empty((max(end, 2 * self._length, 64), *rows.shape[1:]), rows.dtype)
            if held is not None:
                grown[: self._length] = held[: self._length]
            self._values[name] = held = grown
        held[self._length : end] = rows
