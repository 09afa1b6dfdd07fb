"""Fill a class with simulated learners, so that a teacher can try an hour alone the evening before.

They join a class of a server that runs, answer its questions as people might, and leave it on Ctrl-C.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import signal
import sys
from collections.abc import Sequence
from random import Random

from deploy.classroom.classroom import MOST_MEMBERS
from deploy.classroom.client import ClassClient, NoAnswer, connections, read_address
from deploy.classroom.refusal import Refused
from deploy.classroom.simulated_learner import SimulatedLearner
from deploy.descriptors import RESERVE, raised_to

ADDRESS = "http://127.0.0.1:8866"
ARRIVING_SECONDS = 8.0  # in which all have typed the code
LEAVING_SECONDS = 15.0
LOOK_SECONDS = 0.5
LONGEST_PROMPT = 48
NO_CODE = "Which class? Name the code that the server has printed: --code CODE."


class Rehearsal:
    """Learners of one class.

    Args:
        address: Of the server, with a slash at its end.
        code: Of the class.
        students: How many are to join.
        hurry: How many times faster than people they are.
        seed: Of all that is left to chance.
    """

    def __init__(self, address: str, code: str, students: int, hurry: float = 1.0, seed: int | None = None):
        self._code, self._hurry, self._chance = code, hurry, Random(seed)
        shared = connections(students)
        self.learners = [
            SimulatedLearner(ClassClient(shared, address), f"{self._chance.random()}", hurry) for _ in range(students)
        ]
        self.refusal = ""

    async def go_on(self) -> None:
        """Let all join, one after the other, and stay until the class is over.

        Raises:
            Refused: If not even one may join.
            NoAnswer: If the server cannot be reached.
        """
        first, *others = self.learners
        await first.join(self._code)
        gap = ARRIVING_SECONDS / self._hurry / len(self.learners)
        async with asyncio.TaskGroup() as attending:
            attending.create_task(first.attend())
            for learner in others:
                await asyncio.sleep(gap * self._chance.expovariate(1))
                try:
                    await learner.join(self._code)
                except (Refused, NoAnswer) as trouble:
                    self.refusal = str(trouble)
                    break
                attending.create_task(learner.attend())

    async def leave(self) -> int:
        """Let all leave, as far as the server answers; returns how many are still in the class."""
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(LEAVING_SECONDS):
                await asyncio.gather(*(each.leave() for each in self.learners), return_exceptions=True)
        return sum(each.is_in for each in self.learners)

    def line(self) -> str:
        """Return in one line what happens."""
        inside = [each for each in self.learners if each.is_in]
        said = f"{len(inside)} have joined" + (f" ({self.refusal})" if self.refusal else "")
        lost = sum(not each.is_heard for each in inside)
        vote = next((each.vote for each in inside if each.is_heard), None)
        if inside and lost == len(inside):
            return f"{said}; they wait for the server."
        if vote is None:
            return f"{said}; no question is open."
        answered = sum((vote["id"], vote["round"]) in each.answered for each in inside)
        round_ = "" if vote["round"] == 1 else ", second vote"
        return f"{said}; {answered} have answered “{_short(vote['asked']['prompt'])}” ({vote['stage']}{round_})."


async def run(rehearsal: Rehearsal, out: Line) -> None:
    """Rehearse until the class is over, or this is cancelled; nobody stays behind."""
    with contextlib.suppress(NotImplementedError):  # on Windows, where Ctrl-C alone ends it
        task = asyncio.current_task()
        assert task is not None
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, task.cancel)
    telling = asyncio.ensure_future(_tell(rehearsal, out))
    try:
        await rehearsal.go_on()
        out.end("The class is over.")
    finally:
        telling.cancel()
        is_over = not any(each.is_in for each in rehearsal.learners)
        left = await rehearsal.leave()
        if not is_over:
            out.end(f"The server does not answer: {left} could not leave." if left else "All have left the class.")


async def _tell(rehearsal: Rehearsal, out: Line) -> None:
    while True:
        await asyncio.sleep(LOOK_SECONDS)
        out.show(rehearsal.line())


class Line:
    """A line that is written over on a terminal; elsewhere a line a change."""

    def __init__(self) -> None:
        self._is_terminal = sys.stdout.isatty()
        self._shown = ""

    def show(self, text: str) -> None:
        """Show a text in the place of the one before."""
        if text == self._shown:
            return
        if self._is_terminal:
            print(f"\r{text.ljust(len(self._shown))}", end="", flush=True)
        else:
            print(text, flush=True)
        self._shown = text

    def end(self, text: str) -> None:
        """Write a last line below."""
        print(f"\n{text}" if self._is_terminal and self._shown else text, flush=True)
        self._shown = ""


def main(arguments: Sequence[str]) -> int:
    """Rehearse as the arguments say; returns the exit status."""
    asked = _parser().parse_args(arguments)
    try:
        address, code = read_address(asked.address)
        code = asked.code or code or _typed()
    except ValueError as trouble:
        return _sorry(str(trouble))
    raised_to(RESERVE + 2 * asked.students)
    try:
        asyncio.run(run(Rehearsal(address, code, asked.students, asked.hurry, asked.seed), Line()))
    except (Refused, NoAnswer) as trouble:
        return _sorry(str(trouble))
    except (KeyboardInterrupt, asyncio.CancelledError):
        pass  # it was asked to end
    return 0


def _typed() -> str:
    code = input("Code of the class: ").strip() if sys.stdin.isatty() else ""
    if not code:
        raise ValueError(NO_CODE)
    return code


def _sorry(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


def _short(prompt: str) -> str:
    return prompt if len(prompt) <= LONGEST_PROMPT else f"{prompt[: LONGEST_PROMPT - 1].rstrip()}…"


def _students(text: str) -> int:
    if not text.isdecimal() or not 1 <= int(text) <= MOST_MEMBERS:
        raise argparse.ArgumentTypeError(f"a class has 1 to {MOST_MEMBERS} members, not {text}")
    return int(text)


def _hurry(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0.01 <= value <= 1000:
        raise argparse.ArgumentTypeError(f"0.01 to 1000 times as fast as people, not {text}")
    return value


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="training-dynamics-lab rehearse", description=__doc__)
    parser.add_argument("--students", type=_students, default=30, help="how many join (30)")
    parser.add_argument("--address", default=ADDRESS, help=f"of the server, or to join at ({ADDRESS})")
    parser.add_argument("--code", default="", help="of the class; asked for if it is not given")
    parser.add_argument("--hurry", type=_hurry, default=1.0, help="how many times faster than people they are (1)")
    parser.add_argument("--seed", type=int, help="of what is left to chance; another one each time if not given")
    return parser
