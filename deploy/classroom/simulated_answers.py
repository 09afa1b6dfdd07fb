"""Answers as a class might give them: spread around a belief that many share, with some that are far off.

A simulated learner knows nothing of the others, nor what is true. What many believe is drawn from the question alone;
in a second round, after they have talked, learners answer nearer to it and to what they said before.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from random import Random
from typing import Any

from deploy.classroom.asked import Asked, Axis

FAR_OFF = 0.08  # share of those whose number is any number
SPREAD, SPREAD_LATER = 0.14, 0.04  # standard deviation of numbers, as a share of the range
FAVOURED, FAVOURED_LATER = 0.45, 0.8  # chance of the option that most believe in, beside that of any option
KEPT = 0.5  # of the first answer in the second
LEFT_OUT = 0.3  # chance that a curve does not reach an end
EDGE = 0.02  # of the figure's height: nobody draws on its frame

Heights = Sequence[float | None]


def plausible(asked: Asked, chance: Random, first: Any = None) -> Any:
    """Return an answer.

    Args:
        asked: The question.
        chance: Of this learner.
        first: What the same learner said in the first round; None in the first.
    """
    belief = Random(f"{asked.name}: {asked.prompt}")
    match asked.kind:
        case "number":
            return _number(asked, chance, belief, first)
        case "choice":
            return _option(len(asked.options), chance, belief, first)
        case _:
            return _sketch(asked, chance, belief, first)


def _number(asked: Asked, chance: Random, belief: Random, first: float | None) -> float:
    span = asked.high - asked.low
    believed = asked.low + span * belief.uniform(0.25, 0.75)
    if first is not None:
        value = KEPT * first + (1 - KEPT) * believed + span * chance.gauss(0, SPREAD_LATER)
    elif chance.random() < FAR_OFF:
        value = chance.uniform(asked.low, asked.high)
    else:
        value = believed + span * chance.gauss(0, SPREAD)
    if asked.step > 0:
        value = asked.low + asked.step * round((value - asked.low) / asked.step)
    return float(f"{min(max(value, asked.low), asked.high):.10g}")


def _option(count: int, chance: Random, belief: Random, first: int | None) -> int:
    if count == 0:
        return 0  # what the server says to this is its own affair
    favourite = belief.randrange(count)
    if first is not None and chance.random() < KEPT:
        return first
    is_favoured = chance.random() < (FAVOURED if first is None else FAVOURED_LATER)
    return favourite if is_favoured else chance.randrange(count)


def _sketch(asked: Asked, chance: Random, belief: Random, first: Heights | None) -> list[float | None]:
    """A curve that levels off, as most of a training do, drawn by a hand that is not quite steady."""
    if asked.axes is None:
        return []
    axis, count = asked.axes.y, asked.axes.columns
    start, end, bend = belief.uniform(0.15, 0.85), belief.uniform(0.15, 0.85), belief.uniform(1, 5)
    believed = _levelling(start, end, bend)
    if first is None:
        drawn = _levelling(start + chance.gauss(0, 0.12), end + chance.gauss(0, 0.12), bend * _factor(chance))
        shares = _by_hand([drawn(column / (count - 1)) for column in range(count)], chance, 0.03)
        return _without_ends([_height(axis, share) for share in shares], chance)
    mixed = []
    for column, height in enumerate(first):
        many = believed(column / (count - 1))
        mine = many if height is None else _share(axis, height)
        mixed.append(KEPT * mine + (1 - KEPT) * many)
    return [_height(axis, share) for share in _by_hand(mixed, chance, 0.015)]


def _levelling(start: float, end: float, bend: float) -> Callable[[float], float]:
    return lambda place: end + (start - end) * math.exp(-bend * place)


def _factor(chance: Random) -> float:
    return math.exp(chance.gauss(0, 0.4))


def _by_hand(shares: Sequence[float], chance: Random, swing: float) -> list[float]:
    """The same curve with two slow waves and a tremor, within the figure."""
    waves = [(chance.gauss(0, swing), half, chance.uniform(0, 2 * math.pi)) for half in (1, 2)]

    def moved(place: float, share: float) -> float:
        waved = sum(size * math.sin(half * math.pi * place + phase) for size, half, phase in waves)
        return min(max(share + waved + chance.gauss(0, 0.004), EDGE), 1 - EDGE)

    return [moved(column / (len(shares) - 1), share) for column, share in enumerate(shares)]


def _without_ends(heights: list[float | None], chance: Random) -> list[float | None]:
    """One column in twelve at most is left out at an end."""
    most = len(heights) // 12
    for end in (range(most), range(len(heights) - most, len(heights))):
        if chance.random() < LEFT_OUT:
            for column in end:
                heights[column] = None
    return heights


def _height(axis: Axis, share: float) -> float:
    low, high = axis.range
    place = low + share * (high - low)
    return float(f"{10**place if axis.log else place:.4g}")


def _share(axis: Axis, height: float) -> float:
    low, high = axis.range
    place = (math.log10(height) if height > 0 else low) if axis.log else height
    return (place - low) / (high - low) if high != low else 0.5
