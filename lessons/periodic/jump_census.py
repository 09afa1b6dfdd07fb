"""Do breakdowns and turns of the weights go together? Counts of either that come with the other, and without it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

BEFORE, AFTER = 50, 10  # steps around an onset that belong to the breakdown
APART = 20  # steps of rest between two jumps that are counted as two
SETTLED = 100  # steps of the first descent, which counts for nothing


@dataclass(frozen=True)
class JumpCensus:
    """What was counted for each of D sizes delta.

    Attributes:
        breakdowns: How many there were.
        with_jump: Breakdowns with a step that turns the weights by 1 - cos > delta, from `BEFORE` steps before their
            onset to `AFTER` after it; shape (D,).
        jumps: Series of such steps, with no more than `APART` steps of rest within each; shape (D,).
        with_breakdown: Those of them that a breakdown comes with, shape (D,).
        by_chance: Share of all stretches of `BEFORE` + `AFTER` steps that have such a step, shape (D,); nan where the
            run is too short.
    """

    breakdowns: int
    with_jump: np.ndarray
    jumps: np.ndarray
    with_breakdown: np.ndarray
    by_chance: np.ndarray


def census(turns: np.ndarray, onsets: Sequence[np.ndarray], deltas: np.ndarray) -> JumpCensus:
    """Count over K lanes.

    Args:
        turns: 1 - cos of each step, shape (T, K).
        onsets: Step of each breakdown's onset, lane by lane. One whose last steps are not in the run is left out.
        deltas: Shape (D,).
    """
    largest, stretches, jumps, along = [], [], np.zeros(len(deltas), int), np.zeros(len(deltas), int)
    for turn, steps in zip(turns.T, onsets, strict=True):
        whole = steps[(steps >= SETTLED) & (steps + AFTER < len(turn))]
        largest += [turn[max(0, onset - BEFORE) : onset + AFTER].max() for onset in whole]
        if len(turn) >= SETTLED + BEFORE + AFTER:
            stretches.append(np.lib.stride_tricks.sliding_window_view(turn[SETTLED:], BEFORE + AFTER).max(1))
        counted = [_series(turn, steps, delta) for delta in deltas]
        jumps += [count for count, _ in counted]
        along += [count for _, count in counted]
    return JumpCensus(
        len(largest),
        (np.array(largest)[:, None] > deltas).sum(0),
        jumps,
        along,
        (np.concatenate(stretches)[:, None] > deltas).mean(0) if stretches else np.full(len(deltas), np.nan),
    )


def _series(turn: np.ndarray, onsets: np.ndarray, delta: float) -> tuple[int, int]:
    """How many series of turns beyond delta there are in a lane, and how many of them come with a breakdown."""
    at = SETTLED + np.flatnonzero(turn[SETTLED:] > delta)
    if not len(at):
        return 0, 0
    breaks = np.flatnonzero(np.diff(at) > APART)
    begins, ends = at[[0, *(breaks + 1)]], at[[*breaks, len(at) - 1]]
    along = ((begins[:, None] - AFTER <= onsets) & (onsets <= ends[:, None] + BEFORE)).any(1)
    return len(begins), int(along.sum())
