"""What one student saw: when page and first curve came, each move of the slider, each frame, what went wrong."""

from __future__ import annotations

from dataclasses import dataclass, field


class LostError(Exception):
    """A student cannot go on; the message says why."""


@dataclass
class Move:
    """One move of a slider. Times are seconds since the epoch; `shown` is None until a figure shows the new value."""

    value: float
    sent: float
    shown: float | None = None


@dataclass
class Seen:
    """One student's record. Times are seconds since the epoch, but where told.

    Attributes:
        name: "student 3" or "page 1".
        lesson: File name of the notebook.
        refused: Whether the server said that the room is full.
        status: HTTP status of the page.
        asked: When the page was asked for.
        first_byte, whole_page, first_curve: Seconds from there; None if it never came.
        playing: When training began.
        frames: When each frame of the training lab came (for a page: was drawn).
        steps: (time, steps trained so far, over all runs).
        moves: Moves of the slider.
        gaps: (begin, end) of each time between two frames while training ran, if longer than a second.
        troubles: What went wrong, in words.
    """

    name: str
    lesson: str
    refused: bool = False
    status: int = 0
    asked: float = 0.0
    first_byte: float | None = None
    whole_page: float | None = None
    first_curve: float | None = None
    playing: float | None = None
    frames: list[float] = field(default_factory=list)
    steps: list[tuple[float, int]] = field(default_factory=list)
    moves: list[Move] = field(default_factory=list)
    gaps: list[tuple[float, float]] = field(default_factory=list)
    troubles: list[str] = field(default_factory=list)
    _since: float | None = None
    _step: int = 0

    def frame(self, now: float) -> None:
        """Note a frame."""
        self.frames.append(now)
        if self._since is not None:
            self._gap_until(now)
            self._since = now

    def transport(self, now: float, state: str, step: int) -> None:
        """Note what the lab says of its run."""
        trained = self.steps[-1][1] if self.steps else 0
        self.steps.append((now, trained + max(0, step - self._step)))
        self._step = step
        if state == "running":
            self.playing = self.playing or now
            self._since = self._since or now
        else:
            self.rest(now)

    def rest(self, now: float) -> None:
        """Note that training does not run any more."""
        if self._since is not None:
            self._gap_until(now)
        self._since = None

    def _gap_until(self, now: float) -> None:
        if now - self._since > 1:
            self.gaps.append((self._since, now))
