"""A progress bar of plain text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TextIO

WIDTH = 24


class ProgressBar:
    """One line that is written over in a terminal, or a new line now and then elsewhere.

    Args:
        total: How much there is to do.
        start: How much is done already.
        stream: Where to write, usually stderr.
        unit: What is counted.
    """

    def __init__(self, total: int, start: int, stream: TextIO, unit: str = "step"):
        self._total, self._start, self._stream, self._unit = total, start, stream, unit
        self._began = self._shown = time.monotonic()
        self._every, self._end = (0.2, "\r") if stream.isatty() else (10.0, "\n")

    def show(self, done: int, values: Mapping[str, float] | None = None, last: bool = False) -> None:
        """Say how much is done, and some numbers of now, if it is time to."""
        now = time.monotonic()
        if now - self._shown < self._every and not last:
            return
        self._shown = now
        self._stream.write(f"{self._line(done, values or {}, now)}{chr(10) if last else self._end}")
        self._stream.flush()

    def _line(self, done: int, values: Mapping[str, float], now: float) -> str:
        share = done / max(self._total, 1)
        bar = ("#" * round(WIDTH * share)).ljust(WIDTH, ".")
        shown = [f"{name} {value:.4g}" for name, value in values.items()]
        parts = [f"[{bar}] {share:4.0%}", f"{self._unit} {done} of {self._total}", *shown, self._left(done, now)]
        return "  ".join(parts) + "   "

    def _left(self, done: int, now: float) -> str:
        if not self._start < done < self._total:
            return ""
        seconds = round((now - self._began) / (done - self._start) * (self._total - done))
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}:{minutes:02d}:{seconds % 60:02d} left"
