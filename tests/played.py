"""Plays a preset of a lab headless, over several seeds, to hold what the page says of it against what it does."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from lessons.core.history import History
from lessons.core.record import Change
from lessons.core.run import Run
from lessons.core.settings import Settings
from widgets.view.view import LabView

SEEDS = 5


@dataclass(frozen=True)
class Played:
    """A preset that was played to its end.

    Attributes:
        names: Of its lanes; in a sweep those that the sweep gives them.
        settings: Of its lanes, with the first seed.
        seeds: How many seeds were played.
    """

    names: tuple[str, ...]
    settings: tuple[Settings, ...]
    seeds: int
    _values: dict[str, np.ndarray]

    def __getitem__(self, quantity: str) -> np.ndarray:
        """A measured quantity, shape (seeds, T, K, ...)."""
        return self._values[quantity]

    def of(self, lane: str, quantity: str) -> np.ndarray:
        """A measured quantity of one lane, shape (seeds, T, ...)."""
        return self[quantity][:, :, self.names.index(lane)]


def played(view: type[LabView], preset: str | int = 0, seeds: int = SEEDS, **changes: Any) -> Played:
    """Play a preset to its end with its own seed and those that follow, the changes in flight that it makes included; a
    preset in which nothing is random is played once.

    Args:
        view: Whose preset.
        preset: Its name or number.
        seeds: How many.
        changes: Settings that all lanes get instead of the preset's own, as a person would type them.
    """
    return _played(view, preset, seeds, tuple(sorted(changes.items())))


@functools.lru_cache(maxsize=64)
def _played(view: type[LabView], preset: str | int, seeds: int, changes: tuple[tuple[str, Any], ...]) -> Played:
    shown = view()
    names = [each.name for each in shown.presets]
    chosen = shown.presets[preset if isinstance(preset, int) else names.index(preset)]
    fields = shown.settings_type.fields()
    none_behind = {"other_seeds": 0} if "other_seeds" in fields else {}  # the seeds that are asked for are lanes here
    lanes = [{**lane, **none_behind, **dict(changes)} for lane in chosen.lanes]
    field = fields.get("seed")
    if field is None:
        seeds = 1
    draws = [_seeded(shown, lanes, offset if field else None) for offset in range(seeds)]
    lane_names = chosen.names or tuple(f"lane {k + 1}" for k in range(len(lanes)))
    if shown.sweeps or (field is not None and field.shared):
        runs = [shown.lanes(settings, lane_names) for settings in draws]
        values = [_values(shown, run) for run in runs]
        together = {name: np.stack([each[name] for each in values]) for name in values[0]}
        return Played(tuple(runs[0].names), tuple(runs[0].settings), seeds, together)
    run = shown.lanes([each for settings in draws for each in settings], list(lane_names) * seeds)
    scheduled = [
        change.model_copy(update={"lane": change.lane + seed * len(lanes)})
        for change in chosen.changes
        for seed in range(seeds)
    ]
    together = {name: _by_seed(values, seeds) for name, values in _values(shown, run, scheduled).items()}
    return Played(tuple(lane_names), tuple(draws[0]), seeds, together)


def _seeded(view: LabView, lanes: Sequence[dict[str, Any]], offset: int | None) -> list[Settings]:
    settings = [view.settings_type.checked(lane) for lane in lanes]
    if offset is None:
        return settings
    return [each.with_value("seed", each.seed + offset) for each in settings]


def _values(view: LabView, lanes: Any, scheduled: Sequence[Change] = ()) -> dict[str, np.ndarray]:
    history = History()
    run = Run(view.experiment, lanes, scheduled=scheduled)
    history.extend([measured for measured in run if measured is not None])
    return {name: np.array(history[name]) for name in history.names}


def _by_seed(values: np.ndarray, seeds: int) -> np.ndarray:
    """From (T, seeds × K, ...) to (seeds, T, K, ...)."""
    steps, lanes, *rest = values.shape
    return np.swapaxes(values.reshape(steps, seeds, lanes // seeds, *rest), 0, 1)
