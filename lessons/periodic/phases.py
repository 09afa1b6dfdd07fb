"""Phases of a training in periods, found from the loss and the norm alone, as the run goes on or afterwards."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

LOW_LOSS = 0.01
HIGH_LOSS = 0.1
RISE = 0.1
FALL = 0.02
STAYS = 10  # steps


class Phase(IntEnum):
    """Phases as in Lobacheva et al. 2021, section 4."""

    A = 0  # the loss falls, and so does the norm
    B = 1  # the loss is low; the norm falls on, and the effective learning rate grows
    C = 2  # breakdown: the loss jumps, and the norm with it if it may


@dataclass
class PhaseDetector:
    """Follows K lanes step by step.

    Phase A lasts until the loss has fallen to the share `LOW_LOSS` of its start, then comes B. A breakdown (phase C)
    begins where the norm has risen by the share `RISE` above its lowest since the last one, or where the loss has been
    low and is above the share `HIGH_LOSS` of its start: a norm that is held cannot rise. It is dated back to the lowest
    norm or, if the norm does not rise, to where the loss was last low. It ends when the norm has fallen by the share
    `FALL` below its highest since, or the loss has been low for `STAYS` steps. Until the norm has first fallen so far
    its rise does not count: the first steps stretch the weights too.

    Attributes:
        phase: Phase of each lane, values of `Phase`, shape (K,).
        count: Breakdowns so far, shape (K,).
        onset: Step of the last one's onset, shape (K,); -1 before the first.
        onsets: (step, lane) of each one's onset, in the order in which they were found.
    """

    lanes: int
    onsets: list[tuple[int, int]] = field(default_factory=list)

    def __post_init__(self) -> None:
        shape = (self.lanes,)
        self.phase = np.zeros(shape, np.int8)
        self.count = np.zeros(shape, np.int64)
        self.onset = np.full(shape, -1)
        self._step = -1
        self._rising = np.ones(shape, bool)
        self._low = np.zeros(shape, bool)
        self._low_at = np.zeros(shape, np.int64)
        self._low_for = np.zeros(shape, np.int64)
        self._first_loss = np.full(shape, np.nan)
        self._lowest = np.full(shape, np.inf)
        self._lowest_at = np.zeros(shape, np.int64)
        self._highest = np.zeros(shape)

    def update(self, loss: np.ndarray, norm: np.ndarray) -> np.ndarray:
        """Take the next step's loss and norm, each of shape (K,), and return the phases, shape (K,)."""
        self._step += 1
        if self._step == 0:
            self._first_loss = np.array(loss, float)
        # What goes up ends: the norm has fallen from its highest, or the loss has been low for a while.
        low = loss <= LOW_LOSS * self._first_loss
        self._highest = np.where(self._rising, np.maximum(self._highest, norm), self._highest)
        self._low_for = np.where(low, self._low_for + 1, 0)
        stays = (self._low_for >= STAYS) & (self.count > 0)
        calm = self._rising & ((norm < (1 - FALL) * self._highest) | stays)
        self._rising &= ~calm
        # The lowest norm since then, and the last low loss: where a breakdown will have begun.
        lower = ~self._rising & (calm | (norm < self._lowest))
        self._lowest = np.where(lower, norm, self._lowest)
        self._lowest_at = np.where(lower, self._step, self._lowest_at)
        self._low |= low
        self._low_at = np.where(low, self._step, self._low_at)
        # A breakdown is a norm well above its lowest, or a loss that was low and is high.
        by_norm = ~self._rising & (norm > (1 + RISE) * self._lowest)
        by_loss = ~self._jumping & self._low & (loss > HIGH_LOSS * self._first_loss)
        rises = norm > (1 + FALL) * self._lowest
        self._begin(by_norm | by_loss, np.where(rises, self._lowest_at, self._low_at), norm)
        self.phase = np.where(self._jumping, Phase.C, np.where(self._low, Phase.B, Phase.A)).astype(np.int8)
        return self.phase

    @property
    def _jumping(self) -> np.ndarray:
        """True where a breakdown goes on, shape (K,); the rise of the first steps is none."""
        return self._rising & (self.count > 0)

    def _begin(self, breaks: np.ndarray, onset: np.ndarray, norm: np.ndarray) -> None:
        """Begin a breakdown in some lanes."""
        self.count = self.count + breaks
        self.onset = np.where(breaks, onset, self.onset)
        self.onsets += [(int(onset[lane]), int(lane)) for lane in np.flatnonzero(breaks)]
        self._rising |= breaks
        self._low &= ~breaks
        self._highest = np.where(breaks, norm, self._highest)


@dataclass(frozen=True)
class Periods:
    """The phases of a whole run.

    Attributes:
        phase: Values of `Phase`, shape (T, K).
        onsets: Step of each breakdown's onset, lane by lane.
    """

    phase: np.ndarray
    onsets: tuple[np.ndarray, ...]

    @property
    def count(self) -> np.ndarray:
        """Breakdowns of each lane, shape (K,)."""
        return np.array([len(steps) for steps in self.onsets])

    @property
    def lengths(self) -> tuple[np.ndarray, ...]:
        """Steps from each onset to the next, lane by lane; what comes before the first one is no period yet."""
        return tuple(np.diff(steps) for steps in self.onsets)

    @property
    def mean_length(self) -> np.ndarray:
        """Mean period of each lane in steps, shape (K,); nan where there are less than two breakdowns."""
        return np.array([lengths.mean() if len(lengths) else np.nan for lengths in self.lengths])


def find_periods(loss: np.ndarray, norm: np.ndarray) -> Periods:
    """Find the phases in series of shape (T, K), as `PhaseDetector` does while they grow."""
    detector = PhaseDetector(loss.shape[1])
    phase = np.array([detector.update(*row) for row in zip(loss, norm, strict=True)]).reshape(loss.shape)
    onsets = np.array(detector.onsets, int).reshape(-1, 2)
    return Periods(phase, tuple(onsets[onsets[:, 1] == lane, 0] for lane in range(loss.shape[1])))


def recorded_onsets(onset: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return the step of each breakdown's onset, lane by lane, from the series `onset` of `Periodic`, (T, K)."""
    return tuple(steps[np.diff(steps, prepend=-1) != 0].astype(int) for steps in onset.T)


def recorded_periods(phase: np.ndarray, onset: np.ndarray) -> Periods:
    """Return what `find_periods` would find, from the series `phase` and `onset` of `Periodic`, each (T, K)."""
    return Periods(phase.astype(np.int8), recorded_onsets(onset))
