"""The measurements of a run, stacked over steps."""

from __future__ import annotations

from collections.abc import Callable, Iterator, KeysView, Mapping, Sequence
from itertools import chain
from typing import cast

import numpy as np
import torch
from torch import Tensor

from lessons.core.experiment import Measurement
from lessons.core.parts import InParts


class History:
    """Grows by chunks of measurements; `history["loss"]` is an array of shape (T, K, ...), T steps so far.

    Row t belongs to step t: every experiment yields step 0 first and then each step in turn. What was not measured at a
    step is NaN there, and `measured` tells it from what was measured and is no number.

    It is read as a mapping from names to arrays (`dict(history)`, `"loss" in history`), but its length is the number of
    steps, not of names.
    """

    def __init__(self) -> None:
        self._values: dict[str, np.ndarray] = {}
        self._measured: dict[str, np.ndarray] = {}
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

    def measured(self, name: str) -> np.ndarray:
        """Return at which steps a quantity was measured: bool, shape (T,); at none if it never was."""
        return self._measured[name][: self._length] if name in self else np.zeros(self._length, bool)

    def newest_step(self, name: str, step: int | None = None) -> int:
        """Return the last step, up to this one or to the end, at which a quantity was measured."""
        before = self.measured(name)[: None if step is None else step + 1]
        return len(before) - 1 - int(before[::-1].argmax())

    def newest(self, name: str, step: int | None = None) -> np.ndarray:
        """Return what was measured last of a quantity, up to this step or to the end, shape (K, ...)."""
        return self[name][self.newest_step(name, step)]

    def until(self, length: int) -> History:
        """Return a history of its own with the first rows of this one, and without a snapshot."""
        earlier = History()
        earlier._length = min(length, self._length)
        earlier._values = {name: values[: earlier._length].copy() for name, values in self._values.items()}
        earlier._measured = {name: flags[: earlier._length].copy() for name, flags in self._measured.items()}
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
        end = self._length + len(measurements)
        for name in dict.fromkeys(chain(self._values, *(m.values for m in measurements))):
            found = [m.values[name] for m in measurements if name in m.values]
            rows: slice | list[int] = slice(self._length, end)
            if len(found) < len(measurements):
                rows = [row for row, m in enumerate(measurements, self._length) if name in m.values]
            self._store(name, rows, torch.stack(found).cpu().numpy() if found else self._values[name][:0], end)
        self._length, self._snapshots = end, measurements[-1].snapshots

    def _store(self, name: str, rows: slice | list[int], values: np.ndarray, end: int) -> None:
        """Write what was measured of a quantity to these rows; it has room for `end` of them afterwards."""
        held = self._values.get(name)
        if held is None or len(held) < end:
            room = max(end, 2 * self._length, 64)
            missing = np.nan if np.issubdtype(values.dtype, np.floating) else 0  # whole numbers are never missing
            grown, measured = np.full((room, *values.shape[1:]), missing, values.dtype), np.zeros(room, bool)
            if held is not None:
                grown[: self._length], measured[: self._length] = held[: self._length], self.measured(name)
            self._values[name], self._measured[name] = grown, measured
        self._values[name][rows], self._measured[name][rows] = values, True
