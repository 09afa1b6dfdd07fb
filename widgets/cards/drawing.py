"""A small drawing as SVG, for light and dark pages alike: what is not in a lane's colour has that of the text."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

WIDTH, HEIGHT = 320, 180
MARGIN = 14
MOST_POINTS = 240
GAP = np.array([0.06, -0.06])

Range = tuple[float, float]
Numbers = Sequence[float] | np.ndarray


@dataclass
class Drawing:
    """Curves over axes that are not drawn.

    Attributes:
        across: What lies at the left and at the right edge.
        up: What lies at the lower and at the upper edge.
        log: Whether heights are on a logarithmic scale.
        place: The part of the picture that it takes, from left and from top: x, y, width and height in units of 1/320.
    """

    across: Range
    up: Range
    log: bool = False
    place: tuple[float, float, float, float] = (MARGIN, MARGIN, WIDTH - 2 * MARGIN, HEIGHT - 2 * MARGIN)
    _parts: list[str] = field(default_factory=list)

    def curve(
        self,
        x: Numbers,
        y: Numbers,
        colour: str = "currentColor",
        width: float = 2.5,
        dash: str = "",
        fade: float = 1.0,
    ) -> Drawing:
        """Draw a curve through points, x and y of shape (N,); what is not finite leaves a gap."""
        points = self._points(np.asarray(x, dtype=float), np.asarray(y, dtype=float))
        style = f'stroke="{colour}" stroke-width="{width:g}" stroke-linejoin="round" stroke-linecap="round"'
        style += f' stroke-dasharray="{dash}"' if dash else ""
        style += f' opacity="{fade:g}"' if fade < 1 else ""
        self._parts.append(f'<path d="{_path(points)}" fill="none" {style}/>')
        return self

    def dot(self, x: float, y: float, colour: str = "currentColor", radius: float = 4) -> Drawing:
        """Draw a dot."""
        ((left, top),) = self._points(np.array([x]), np.array([y]))
        self._parts.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="{radius:g}" fill="{colour}"/>')
        return self

    def cell(self, x: float, y: float, colour: str, fade: float = 1.0) -> Drawing:
        """Fill the cell of width and height 1 whose lower left corner is at x and y, up to a gap to its neighbours."""
        left, right = self._points(np.array([x, x + 1]) + GAP, np.array([y, y + 1]) + GAP)
        box = f'x="{left[0]:.1f}" y="{right[1]:.1f}" width="{right[0] - left[0]:.1f}" height="{left[1] - right[1]:.1f}"'
        self._parts.append(f'<rect {box} rx="1.5" fill="{colour}" opacity="{fade:g}"/>')
        return self

    def words(self, x: float, y: float, text: str, anchor: str = "start") -> Drawing:
        """Write a few words whose end, middle or start is at x and y."""
        ((left, top),) = self._points(np.array([x]), np.array([y]))
        at = f'x="{left:.1f}" y="{top:.1f}" text-anchor="{anchor}"'
        self._parts.append(f'<text {at} fill="currentColor" font-size="12">{text}</text>')
        return self

    def _points(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """Places in the picture, shape (N, 2)."""
        low, high = self.up
        if self.log:
            with np.errstate(divide="ignore", invalid="ignore"):
                y = np.log(y)
            low, high = np.log(low), np.log(high)
        left, top, width, height = self.place
        across = left + width * (x - self.across[0]) / (self.across[1] - self.across[0])
        down = top + height * (high - y) / (high - low)
        return np.stack([across, down], axis=1)

    @property
    def parts(self) -> str:
        """What was drawn, as elements of SVG."""
        return "".join(self._parts)


def picture(*drawings: Drawing) -> str:
    """Return drawings as one SVG, which a card scales; nobody reads it aloud, as its card says what it is about."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" aria-hidden="true"'
    clip = f'<clipPath id="card"><rect width="{WIDTH}" height="{HEIGHT}"/></clipPath>'
    inside = "".join(drawing.parts for drawing in drawings)
    return f'{head} font-family="system-ui, sans-serif">{clip}<g clip-path="url(#card)">{inside}</g></svg>\n'


def _path(points: np.ndarray) -> str:
    """The path through points (N, 2), in whole tenths; of very many, some."""
    kept = points[:: max(1, len(points) // MOST_POINTS)]
    steps: list[str] = []
    pen = "M"
    for left, top in kept:
        if np.isfinite(left) and np.isfinite(top):
            steps.append(f"{pen}{left:.1f} {top:.1f}")
            pen = "L"
        else:
            pen = "M"
    return "".join(steps)


def in_range(*series: Numbers, room: float = 0.05, log: bool = False) -> Range:
    """Return a range of all values that are finite, and positive for a logarithmic scale, with some room."""
    values = np.concatenate([np.ravel(np.asarray(each, dtype=float)) for each in series])
    values = values[np.isfinite(values) & ((values > 0) if log else True)]
    low, high = float(values.min()), float(values.max())
    if log:
        ratio = (high / low) ** room
        return low / ratio, high * ratio
    return low - room * (high - low), high + room * (high - low)
