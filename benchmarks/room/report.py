"""What came of a room, in numbers, and what is to be said against it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from benchmarks.room.fairness import jain, quantile, rate
from benchmarks.room.processes import KERNEL, PARENT, SERVER, Process, Sample, between
from benchmarks.room.reader import Read
from benchmarks.room.seen import Move, Seen

# A lab that trains and shows nothing for so long is frozen to whoever sits before it.
FROZEN_SECONDS = 5.0
# An operator's monitor asks every few seconds; a server that keeps it waiting for longer keeps all pages waiting.
HEALTH_SECONDS = 1.0
MEGABYTE = 1e6


@dataclass(frozen=True)
class Report:
    """A room's record.

    Attributes:
        seen: What each student saw.
        samples: Processes of the server, each second.
        window: (begin, end) of the time in which all trained, seconds since the epoch; zeros if they never did.
        kernels_left: Kernels that were still there after all had left.
        load: The machine's load average over 1, 5 and 15 minutes before the room opened.
        health: How long each answer about the server's health took, in seconds.
        read: What each reader met.
    """

    seen: Sequence[Seen]
    samples: Sequence[Sample]
    window: tuple[float, float]
    kernels_left: int
    load: tuple[float, float, float]
    health: Sequence[float] = ()
    read: Sequence[Read] = ()

    @property
    def trained(self) -> list[Seen]:
        """The students who trained."""
        return [each for each in self.seen if each.playing is not None]

    @property
    def refused(self) -> list[Seen]:
        """The students who were told that the room is full."""
        return [each for each in self.seen if each.refused]

    def reasons(self) -> list[str]:
        """Say what was lost or frozen; empty if nothing was."""
        found = [f"{each.name}: {reason}" for each in self.seen for reason in self._against(each)]
        found += [f"reader {k + 1}: {trouble}" for k, each in enumerate(self.read) for trouble in each.troubles]
        if self.kernels_left:
            found.append(f"{self.kernels_left} kernels did not end with their pages.")
        if (slowest := max(self.health, default=0.0)) > HEALTH_SECONDS:
            found.append(f"The server took {slowest:.1f} s to say how it is.")
        return found

    def _against(self, each: Seen) -> Iterable[str]:
        yield from each.troubles
        if each.refused:
            return
        if each.playing is None:
            yield "It never trained."
            return
        if self.steps_a_second(each) <= 0:
            yield "It trained no step while all trained."
        if lost := sum(move.shown is None for move in each.moves):
            yield f"{lost} of {len(each.moves)} moves of the slider were never shown."
        if (gap := self.longest_gap(each)) > FROZEN_SECONDS:
            yield f"It was frozen for {gap:.1f} s."

    def steps_a_second(self, each: Seen) -> float:
        """Steps a second of one student while all trained."""
        return rate(each.steps, *self.window)

    def frames_a_second(self, each: Seen) -> float:
        """Frames a second of one student while all trained."""
        begin, end = self.window
        return sum(begin <= frame <= end for frame in each.frames) / (end - begin)

    def longest_gap(self, each: Seen, opening: bool = False) -> float:
        """Longest time without a frame while it trained, in seconds; 0 if none was longer than a second.

        Of a gap that began or ended outside of that time, only what lies in it counts; often that is nothing.

        Args:
            each: The student.
            opening: Look at the time before all trained instead.
        """
        begin, end = (0.0, self.window[0]) if opening else self.window
        return max([0.0, *(min(end, last) - max(begin, first) for first, last in each.gaps)])

    def as_dict(self) -> dict[str, Any]:
        """All numbers, for JSON. Seconds, milliseconds and megabytes as the names say; None where nothing was seen."""
        return {
            "students": len(self.seen),
            "trained": len(self.trained),
            "refused": len(self.refused),
            "reasons": self.reasons(),
            "load average before": [round(value, 2) for value in self.load],
            "window, s": round(self.window[1] - self.window[0], 1),
            "opening": {kind: _opening(some) for kind, some in self._kinds().items()},
            "slider to figure, ms": {kind: self._slider(some) for kind, some in self._kinds().items()},
            "slider while others open, ms": self._slider(self.seen, opening=True),
            "frames a second": _spread(self.frames_a_second(each) for each in self.trained),
            "longest gap, s": round(max(map(self.longest_gap, self.trained), default=0.0), 2),
            "longest gap while others open, s": round(
                max((self.longest_gap(each, opening=True) for each in self.trained), default=0.0), 2
            ),
            "steps a second": self._fairness(),
            "health, ms": self._health(),
            **({"readers": self._readers()} if self.read else {}),
            "memory, MB": self._memory(),
            "processors": self._processors(),
            "each": [self._one(each) for each in self.seen],
        }

    def _kinds(self) -> dict[str, list[Seen]]:
        kinds = {kind: [each for each in self.seen if each.name.startswith(kind)] for kind in ("student", "page")}
        return {kind: some for kind, some in kinds.items() if some}

    def _slider(self, some: Sequence[Seen], opening: bool = False) -> dict[str, Any]:
        moves = [move for each in some for move in each.moves if (move.sent < self.window[0]) == opening]
        times = _times(moves)
        return {"moves": len(moves), "lost": len(moves) - len(times), **_quantiles(times, digits=0)}

    def _health(self) -> dict[str, Any]:
        times = [1000 * seconds for seconds in self.health]
        return {"asked": len(times), **_quantiles(times, digits=0), "p99": _rounded(quantile(times, 0.99), 0)}

    def _readers(self) -> dict[str, Any]:
        opened = [each.opened for each in self.read if each.opened is not None]
        records = [1000 * seconds for each in self.read for seconds in each.records]
        return {
            "came": len(opened),
            "first lab there, s": _quantiles(opened, digits=2),
            "records": len(records),
            "record, ms": _quantiles(records, digits=0),
            "each took, kB": _spread(each.bytes / 1000 for each in self.read),
        }

    def _fairness(self) -> dict[str, Any]:
        """By lesson, as a step of one lesson is not one of another."""
        lessons = sorted({each.lesson for each in self.trained})
        rates = {name: [self.steps_a_second(each) for each in self.trained if each.lesson == name] for name in lessons}
        return {name: {**_spread(some), "fairness": _rounded(jain(some), 3)} for name, some in rates.items()}

    def _memory(self) -> dict[str, Any]:
        peak = max(self.samples, key=lambda sample: sample.pss)
        kernels, parts = peak.of(KERNEL), {SERVER: peak.of(SERVER), PARENT: peak.of(PARENT)}
        return {
            "all, each page once": _megabytes(peak.pss),
            "kernels": len(kernels),
            **{f"a kernel, {name}": _spread_of(kernels, key) for name, key in _KINDS_OF_MEMORY.items()},
            **{f"{role}, each page once": _megabytes(sum(p.pss for p in some)) for role, some in parts.items()},
            "free on the machine, least": _megabytes(min(sample.free for sample in self.samples)),
        }

    def _processors(self) -> dict[str, Any]:
        first, last = between(list(self.samples), *self.window)
        seconds = max(last.time - first.time, 1e-9)
        used = {
            pid: (process.role, (process.cpu - first.processes[pid].cpu) / seconds)
            for pid, process in last.processes.items()
            if pid in first.processes
        }
        shares = {role: [share for kind, share in used.values() if kind == role] for role in (SERVER, PARENT, KERNEL)}
        return {
            **{f"{role}, cores": round(sum(some), 2) for role, some in shares.items()},
            "this tool, cores": round((last.own_cpu - first.own_cpu) / seconds, 2),
            "fairness among kernels": _rounded(jain(shares[KERNEL]), 3),
        }

    def _one(self, each: Seen) -> dict[str, Any]:
        trained = each.playing is not None
        return {
            "name": each.name,
            "lesson": each.lesson,
            "status": each.status,
            "first curve, s": _rounded(each.first_curve, 2),
            "frames a second": _rounded(self.frames_a_second(each), 1) if trained else None,
            "steps a second": _rounded(self.steps_a_second(each), 1) if trained else None,
            "slider, ms": _quantiles(_times(each.moves), digits=0),
            "moves, s and ms": [
                [round(move.sent - self.window[0], 1), *map(round, _times([move]))] for move in each.moves
            ],
            "troubles": list(each.troubles),
        }


_KINDS_OF_MEMORY = {"private": "uss", "each page once": "pss", "resident": "rss"}


def _opening(some: Sequence[Seen]) -> dict[str, Any]:
    parts = {"first byte": "first_byte", "whole page": "whole_page", "first curve": "first_curve"}
    times = {name: [getattr(each, key) for each in some if not each.refused] for name, key in parts.items()}
    return {f"{name}, s": _quantiles([t for t in found if t is not None], 2) for name, found in times.items()}


def _times(moves: Sequence[Move]) -> list[float]:
    """Milliseconds from the move to the figure."""
    return [1000 * (move.shown - move.sent) for move in moves if move.shown is not None]


def _quantiles(values: Sequence[float], digits: int) -> dict[str, Any]:
    shares = {"p50": 0.5, "p95": 0.95, "max": 1.0}
    return {name: _rounded(quantile(values, share), digits) for name, share in shares.items()}


def _spread(values: Iterable[float]) -> dict[str, Any]:
    held = list(values)
    shares = {"min": 0.0, "median": 0.5, "max": 1.0}
    return {name: _rounded(quantile(held, share), 1) for name, share in shares.items()}


def _spread_of(processes: Sequence[Process], key: str) -> dict[str, Any]:
    return _spread(getattr(process, key) / MEGABYTE for process in processes)


def _megabytes(count: float) -> int:
    return round(count / MEGABYTE)


def _rounded(value: float | None, digits: int) -> float | None:
    return None if value is None else float(np.round(value, digits))
