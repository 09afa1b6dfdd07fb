"""A progress bar of plain text."""

from __future__ import annotations

import time
from collections.abc import Mapping
from typing import TextIO

WIDTH = 24


class ProgressBar:
    """One line that is written over in a terminal, or a new line now and then elsewhere.

    Args:
        steps: Length of the run.
        start: Where it begins.
        stream: Where to write, usually stderr.
    """

    def __init__(self, steps: int, start: int, stream: TextIO):
        self._steps, self._start, self._stream = steps, start, stream
        self._began = self._shown = time.monotonic()
        self._every, self._end = (0.2, "\r") if stream.isatty() else (10.0, "\n")

    def show(self, step: int, values: Mapping[str, float], last: bool = False) -> None:
        """Say how far the run is, if it is time to."""
        now = time.monotonic()
        if now - self._shown < self._every and not last:
            return
        self._shown = now
        self._stream.write(f"{self._line(step, values, now)}{chr(10) if last else self._end}")
        self._stream.flush()

    def _line(self, step: int, values: Mapping[str, float], now: float) -> str:
        share = step / max(self._steps, 1)
        bar = ("#" * round(WIDTH * share)).ljust(WIDTH, ".")
        shown = "  ".join(f"{name} {values[name]:.4g}" for name in ("loss", "norm", "test_error"))
        return f"[{bar}] {share:4.0%}  step {step} of {self._steps}  {shown}  {self._left(step, now)}   "

    def _left(self, step: int, now: float) -> str:
        if step <= self._start:
            return ""
        seconds = round((now - self._began) / (step - self._start) * (self._steps - step))
        hours, minutes = divmod(seconds // 60, 60)
        return f"{hours}:{minutes:02d}:{seconds % 60:02d} left"
