"""A line search for the strong Wolfe conditions, written as a generator so that many lanes can search at once."""

from __future__ import annotations

import math
from collections.abc import Generator
from dataclasses import dataclass

DECREASE, CURVATURE = 1e-4, 0.9
MOST_TRIALS = 25
SMALLEST_BRACKET = 1e-9


@dataclass(frozen=True)
class Trial:
    """Loss and slope (directional derivative) at one step length along a direction."""

    length: float
    loss: float
    slope: float


Search = Generator[float, Trial, float]


def strong_wolfe(origin: Trial, first_length: float, size: float) -> Search:
    """Look for a step length at which the loss has fallen enough and the slope has flattened enough.

    Yields a step length, is sent the `Trial` made there, and returns the length to take. It makes the trials that
    `torch.optim.LBFGS(line_search_fn="strong_wolfe")` makes, which follows minFunc (Schmidt 2005); the conditions are
    (3.7) of Nocedal & Wright 2006, Numerical Optimization, 2nd ed. Unlike there, a loss that is nan is too high.

    Args:
        origin: Loss and slope at length 0; the slope is negative.
        first_length: Where to look first.
        size: Largest component of the direction; it ends where a bracket times this is below `SMALLEST_BRACKET`.
    """
    before, here = origin, (yield first_length)
    for trial in range(MOST_TRIALS):
        too_high = not _has_fallen(here, origin) or (trial > 1 and here.loss >= before.loss)
        if not too_high and _is_flat(here, origin):
            return here.length
        if too_high or here.slope >= 0:
            return (yield from _zoom(origin, [before, here], MOST_TRIALS - trial, size))
        nearest = here.length + 0.01 * (here.length - before.length)
        length = _cubic_minimum(before, here, nearest, 10 * here.length)
        before, here = here, (yield length)
    return [origin, here][_lower([origin, here])].length


def _zoom(origin: Trial, bracket: list[Trial], trials: int, size: float) -> Search:
    """Narrow a bracket that holds a good length (algorithm 3.6 of Nocedal & Wright)."""
    low, near_end = _lower(bracket), False
    for _ in range(trials):
        if abs(bracket[1].length - bracket[0].length) * size < SMALLEST_BRACKET:
            break
        length, near_end = _inside(bracket, near_end)
        here = yield length
        if not _has_fallen(here, origin) or here.loss >= bracket[low].loss:
            bracket[1 - low] = here
            low = _lower(bracket)
            continue
        if _is_flat(here, origin):
            return here.length
        if here.slope * (bracket[1 - low].length - bracket[low].length) >= 0:
            bracket[1 - low] = bracket[low]
        bracket[low] = here
    return bracket[low].length


def _has_fallen(here: Trial, origin: Trial) -> bool:
    return here.loss <= origin.loss + DECREASE * here.length * origin.slope


def _is_flat(here: Trial, origin: Trial) -> bool:
    return abs(here.slope) <= -CURVATURE * origin.slope


def _lower(bracket: list[Trial]) -> int:
    return 1 if bracket[1].loss < bracket[0].loss else 0


def _inside(bracket: list[Trial], near_end: bool) -> tuple[float, bool]:
    """The cubic's minimum, kept a tenth away from the ends if it was near one twice in a row or is not between them.

    Returns:
        The length, and whether it is near an end.
    """
    low, high = sorted(trial.length for trial in bracket)
    length = _cubic_minimum(bracket[0], bracket[1], low, high)
    margin = 0.1 * (high - low)
    if min(high - length, length - low) >= margin:
        return length, False
    if not near_end and low < length < high:
        return length, True
    return (high - margin if high - length < length - low else low + margin), False


def _cubic_minimum(one: Trial, other: Trial, low: float, high: float) -> float:
    """Minimum of the cubic through both losses and slopes, within bounds; their middle if it has none.

    Source: (3.59) of Nocedal & Wright.
    """
    left, right = (one, other) if one.length <= other.length else (other, one)
    width = right.length - left.length
    if width == 0:
        return (low + high) / 2
    bend = left.slope + right.slope - 3 * (left.loss - right.loss) / (left.length - right.length)
    square = bend * bend - left.slope * right.slope
    if not square >= 0:
        return (low + high) / 2
    root = math.sqrt(square)
    slopes = right.slope - left.slope + 2 * root
    if slopes == 0 or not math.isfinite(slopes):
        return (low + high) / 2
    return min(max(right.length - width * ((right.slope + root - bend) / slopes), low), high)
