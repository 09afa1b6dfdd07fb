"""A class that votes: how soon its teacher sees an answer, and all pages a veil or the run's verdict.

    python -m benchmarks.classroom --voters 200
    python -m benchmarks.classroom --voters 200 --whole     with all of `python -m deploy --class` around it

Prints a table, writes bench_output/classroom.json. Voters and teacher are pages without a browser in one process, which
takes about as much of the machine as the server does. Starts the server itself, on this machine.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil

from benchmarks.class_pages import ListeningPage, Voter, all_heard, delays
from benchmarks.room.processes import listening_on
from deploy.classroom.asked import Asked
from deploy.classroom.classes import Classes
from deploy.classroom.client import ClassClient, connections
from deploy.classroom.store import RoomRow, Store
from deploy.descriptors import RESERVE, raised_to
from tests.browser.served import await_answer, end, free_port, lesson_server

OUTPUT = Path("bench_output") / "classroom.json"
GOALS = {
    "a number: answer to the teacher's tally, p50 and p95, ms": "p95 at most 300",
    "a sketch: answer to the teacher's tally, p50 and p95, ms": "p95 at most 300",
    "freeze to all pages, p50 and p95, ms": "p95 at most 500",
    "thirty at rest: share of a core": "at most 0.03",
}
MOST_VOTERS, AT_REST = 500, 30
# A class that thinks: lognormal, as in a rehearsal.
MEDIAN_SECONDS, SIGMA, LONGEST_SECONDS = 8.0, 0.6, 30.0
QUIET_SECONDS = 20.0
STEPS = {"title": "step", "log": False, "range": [0, 400]}
LOSSES = {"title": "loss", "log": True, "range": [-3, 1]}
NUMBER = {"kind": "number", "low": 0.0, "high": 20.0, "step": 0.5, "tolerance": 1.0}
SKETCH = {"kind": "sketch", "tolerance": 0.12, "axes": {"x": STEPS, "y": LOSSES, "columns": 33}}
CURVE = {"x": [float(step) for step in range(401)], "y": [10 / (1 + step) for step in range(401)]}
WORTH: dict[str, dict[str, Any]] = {
    "number": {"truth": 10.0, "tolerance": 1.0, "close": 3.0, "words": "You said {answer}; the run measured 10."},
    "sketch": {"curve": CURVE, "axis": LOSSES, "title": "step", "tolerance": 0.12, "close": 2.0},
}


class Measured:
    """A class on a server, with what was measured of it."""

    def __init__(self, address: str, room: RoomRow, process: psutil.Process, voters: int):
        shared = connections(voters + 2)
        self._room, self._process = room, process
        self.teacher = ListeningPage(ClassClient(shared, address))
        self.voters = [Voter(ClassClient(shared, address), number) for number in range(voters)]
        self.numbers: dict[str, Any] = {}
        self._asked = 0

    async def measure(self, questions: int) -> None:
        """Go through an hour: `questions` are behind the class when it is measured."""
        await self.teacher.client.post("class/key", {"key": self._room.key})
        await self.teacher.listen()
        await self._join(self.voters[:AT_REST])
        self._memory("memory with thirty, MB")
        begun = self._cpu()
        await asyncio.sleep(QUIET_SECONDS)
        self.numbers["thirty at rest: share of a core"] = round((self._cpu() - begun) / QUIET_SECONDS, 4)
        await self._join(self.voters[AT_REST:])
        for number in range(questions):
            vote, asked = await self._ask(SKETCH if number % 2 else NUMBER)
            await asyncio.gather(*(each.answer(vote, asked, 0.0) for each in self.voters))
            await self._reveal(vote, asked)
        await self._vote("a number", NUMBER)
        await self._freeze()
        await self._vote("a sketch", SKETCH)
        self._memory("memory at the end, MB")

    async def _join(self, voters: list[Voter]) -> None:
        for each in voters:
            await each.page.client.post("class/join", {"code": self._room.code})
            await each.page.listen()

    async def _ask(self, kind: dict[str, Any]) -> tuple[int, Asked]:
        self._asked += 1
        asked = {"name": f"question {self._asked}", "prompt": "Where will it be?", "statement": "", **kind}
        opened = time.perf_counter()
        await self.teacher.client.post("class/teach", {"do": "ask", "lesson": "divergence", "asked": asked})
        async with asyncio.timeout(30):
            while not (
                votes := [_vote(what) for what, at in self.teacher.heard.items() if at > opened and "vote" in what]
            ):
                await asyncio.sleep(0.01)
        self.teacher.tallies.clear()
        return max(votes), Asked.model_validate_json(json.dumps(asked))

    async def _vote(self, name: str, kind: dict[str, Any]) -> None:
        """Measure one vote from its question to its verdict."""
        vote, asked = await self._ask(kind)
        chance = Random(name)
        thoughts = [min(MEDIAN_SECONDS * chance.lognormvariate(0, SIGMA), LONGEST_SECONDS) for _ in self.voters]
        begun, began = self._cpu(), time.perf_counter()
        times = [each.answer(vote, asked, thought) for each, thought in zip(self.voters, thoughts, strict=True)]
        sent, taken = zip(*await asyncio.gather(*times), strict=True)
        await asyncio.sleep(1)
        took = time.perf_counter() - began
        late = delays(list(sent), self.teacher.tallies)
        self._note(f"{name}: answer to the teacher's tally", late)
        self._note(f"{name}: answer to its receipt", [b - a for a, b in zip(sent, taken, strict=True)])
        self.numbers[f"{name}: share of a core while all vote, {took:.0f} s"] = round((self._cpu() - begun) / took, 3)
        self._note(f"{name}: verdict to all pages", await self._reveal(vote, asked))

    async def _reveal(self, vote: int, asked: Asked) -> list[float]:
        worth = {"sentence": "It levels off.", "verdicts": WORTH[asked.kind]}
        since = time.perf_counter()
        await self.teacher.client.post("class/teach", {"do": "reveal", "vote": vote, "worth": worth})
        return await all_heard([each.page for each in self.voters], f"vote {vote} revealed", since)

    async def _freeze(self) -> None:
        since = time.perf_counter()
        await self.teacher.client.post("class/teach", {"do": "pace", "value": "frozen"})
        self._note("freeze to all pages", await all_heard([each.page for each in self.voters], "pace frozen", since))
        await self.teacher.client.post("class/teach", {"do": "pace", "value": "free"})

    def _note(self, name: str, seconds: list[float]) -> None:
        found = [round(1000 * float(each), 1) for each in np.quantile(seconds, [0.5, 0.95])]
        self.numbers[f"{name}, p50 and p95, ms"] = found

    def _cpu(self) -> float:
        used = self._process.cpu_times()
        return used.user + used.system

    def _memory(self, name: str) -> None:
        self.numbers[name] = round(self._process.memory_info().rss / 1e6, 1)


def _vote(heard: str) -> int:
    return int(heard.split()[1])


@contextmanager
def served(file: Path, is_whole: bool) -> Iterator[str]:
    """Start a server with a class that is kept in a file; yields its address, with a slash at its end."""
    if is_whole:
        with lesson_server(options=["--class", f"--class-file={file}", "--Voila.ip=127.0.0.1"]) as address:
            yield f"{address}/"
        return
    port = free_port()
    process = subprocess.Popen([sys.executable, "-m", "benchmarks.class_server", str(file), str(port)])
    try:
        await_answer(process, f"http://127.0.0.1:{port}/class/")
        yield f"http://127.0.0.1:{port}/"
    finally:
        end(process, 10)


def measure(voters: int, questions: int, is_whole: bool) -> dict[str, Any]:
    """Start a server, let a class vote; returns the numbers by name."""
    raised_to(RESERVE + 4 * voters)
    with TemporaryDirectory() as folder:
        file = Path(folder) / "class.sqlite3"
        with closing(Store(file)) as store:
            room = Classes(store).open().row
        with served(file, is_whole) as address:
            process = listening_on(int(address.rstrip("/").rpartition(":")[2]))
            measured = Measured(address, room, process, voters)
            asyncio.run(measured.measure(questions))
        with closing(Store(file)) as store:
            kept = len(list(store.answers(room.id)))
    return {**measured.numbers, "answers lost": (questions + 2) * voters - kept}


def main(arguments: list[str]) -> int:
    """Measure, print; returns 1 if an answer was lost."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.classroom", description=__doc__.split("\n")[0])
    parser.add_argument("--voters", type=int, default=200, choices=range(1, MOST_VOTERS + 1), metavar="1…500")
    parser.add_argument("--questions", type=int, default=6, choices=range(25), metavar="0…24", help="asked before")
    parser.add_argument("--whole", action="store_true", help="the whole lesson server, not the class alone")
    asked = parser.parse_args(arguments)
    numbers = measure(asked.voters, asked.questions, asked.whole)
    for name, value in numbers.items():
        print(name.ljust(62), str(value).ljust(18), GOALS.get(name, ""))
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps({"asked": vars(asked), **numbers}, indent=2, ensure_ascii=False), encoding="utf-8")
    print(f"\nWritten to {OUTPUT}")
    return 1 if numbers["answers lost"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
