"""Tensors (N, C, H, W) as panels of cells, one panel a lane: a block of H x W positions for each sample and channel."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from widgets.figure.plots import as_text, grey

MOST_ACROSS = 5
APART = 1  # cells between two panels


@dataclass(frozen=True)
class Tiles:
    """The place of each cell: cell by cell in units of 1, samples downwards, channels to the right.

    Attributes:
        count: K, number of panels.
        shape: N, C, H, W.
    """

    count: int
    shape: tuple[int, int, int, int]

    @property
    def across(self) -> int:
        """Tiles in a row."""
        return min(self.count, MOST_ACROSS)

    @property
    def size(self) -> tuple[int, int]:
        """Rows and columns of cells of one panel."""
        samples, channels, height, width = self.shape
        return samples * height, channels * width

    @property
    def extent(self) -> tuple[int, int]:
        """Rows and columns of the whole picture."""
        rows, columns = self.size
        down = -(-self.count // self.across)
        return down * (rows + APART) - APART, self.across * (columns + APART) - APART

    def corner(self, panel: int) -> tuple[int, int]:
        """Row and column at which a panel begins."""
        rows, columns = self.size
        return panel // self.across * (rows + APART), panel % self.across * (columns + APART)

    def picture(self, tensors: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return x, y and z of a heatmap for tensors (K, N, C, H, W); NaN where there is no cell."""
        rows, columns = self.extent
        z = np.full((rows, columns), np.nan)
        for panel, tensor in enumerate(tensors):
            top, left = self.corner(panel)
            height, width = self.size
            z[top : top + height, left : left + width] = tensor.transpose(0, 2, 1, 3).reshape(height, width)
        return np.arange(columns) + 0.5, np.arange(rows) + 0.5, z

    def borders(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the lines between blocks, x and y, with NaN between lines."""
        x, y = [], []
        samples, channels, height, width = self.shape
        for panel in range(self.count):
            top, left = self.corner(panel)
            bottom, right = top + samples * height, left + channels * width
            for channel in range(channels + 1):
                x += [left + channel * width] * 2 + [np.nan]
                y += [top, bottom, np.nan]
            for sample in range(samples + 1):
                x += [left, right, np.nan]
                y += [top + sample * height] * 2 + [np.nan]
        return np.array(x), np.array(y)

    def middle(self, panel: int, cell: Sequence[int]) -> tuple[float, float]:
        """Return x and y of a cell (sample, channel, row, column)."""
        sample, channel, row, column = cell
        top, left = self.corner(panel)
        return left + channel * self.shape[3] + column + 0.5, top + sample * self.shape[2] + row + 0.5

    def cell_at(self, x: float, y: float) -> tuple[int, int, int, int]:
        """Return the cell (sample, channel, row, column) at a place, or the nearest."""
        rows, columns = self.size
        down = min(max(int(y), 0) % (rows + APART), rows - 1)
        right = min(max(int(x), 0) % (columns + APART), columns - 1)
        return down // self.shape[2], right // self.shape[3], down % self.shape[2], right % self.shape[3]

    def titles(self, names: Sequence[str]) -> list[dict[str, Any]]:
        """Return annotations that name each panel."""
        notes = []
        for panel, name in enumerate(names):
            top, left = self.corner(panel)
            at = {"x": left + self.size[1] / 2, "y": top, "xanchor": "center", "yanchor": "bottom"}
            notes.append({**at, "text": as_text(name), "showarrow": False, "font": {"size": 12}})
        return notes

    def ranges(self) -> dict[str, Any]:
        """Return the layout changes that make all of it seen, samples downwards."""
        rows, columns = self.extent
        return {"xaxis.range": [-0.2, columns + 0.2], "yaxis.range": [rows + 0.2, -0.14 * rows]}


def lit_scale(colours: Sequence[str]) -> list[tuple[float, str]]:
    """Return a colour scale for 0 (nothing) and k = 1, 2, ... (the k-th colour), for z from 0 to their number."""
    count = len(colours) + 1
    shades = [grey(0.0), *colours]
    return [(edge / count, shade) for k, shade in enumerate(shades) for edge in (k, k + 1)]
