"""Drives widgets without a kernel and without a browser."""

import asyncio
import json
import math
import pkgutil
import time
from collections.abc import Awaitable, Callable, Coroutine, Iterator
from importlib import import_module
from types import ModuleType
from typing import Any

import lab_cases
import numpy as np
from lab_case import LabCase

import widgets.labs
from lessons.core.settings import SettingField
from widgets.figure.decimate import thin
from widgets.figure.live_figure import POINTS_ON_SCREEN, LiveFigure
from widgets.lab.lab import Lab
from widgets.quiz.quiz import Quiz
from widgets.run.run_loop import State
from widgets.view.view import LabView


def modules_in(package: ModuleType) -> list[ModuleType]:
    return [import_module(f"{package.__name__}.{module.name}") for module in pkgutil.iter_modules(package.__path__)]


def views(base: type[LabView] = LabView) -> Iterator[type[LabView]]:
    """Every view of a topic that has a name of its own."""
    for view in base.__subclasses__():
        if "name" in vars(view) and view.__module__.startswith("widgets.labs."):
            yield view
        yield from views(view)


TOPICS = modules_in(widgets.labs)
VIEWS = {view.name: view for view in views()}
QUIZZES = {topic.__name__: quiz for topic in TOPICS for quiz in vars(topic).values() if isinstance(quiz, Quiz)}
QUESTIONS = {name: question for quiz in QUIZZES.values() for name, question in quiz.questions.items()}
CASES = {name: LabCase.of(view()) for name, view in VIEWS.items()}
CASES |= {name: case for module in modules_in(lab_cases) for name, case in module.CASES.items()}
POINTS_OF_A_PATH = 4000  # in traces.js
LABS = tuple(VIEWS)
INSTANT = tuple(name for name, view in VIEWS.items() if view.instant)
SWEEPS = tuple(name for name, view in VIEWS.items() if view.spread)
ONE_RUN = tuple(name for name in LABS if name not in SWEEPS)
HOT = {name: case.hot for name, case in CASES.items() if case.hot}
DIVERGING = {(name, case.diverging[0]): case.diverging[1] for name, case in CASES.items() if case.diverging}


def opened(name: str, **changes: Any) -> Lab:
    """A lab with small settings."""
    return factory(name)(**{**CASES[name].small, **changes})


def factory(name: str) -> Callable[..., Lab]:
    """The function of a topic that opens this lab."""
    return getattr(import_module(".".join(VIEWS[name].__module__.split(".")[:3])), name)


def failures(lab: Lab) -> list[str]:
    """Tracebacks of all failures to come, those included that are gone a moment later."""
    seen: list[str] = []
    lab.board.observe(
        lambda change: change["new"]["kind"] == "failed" and seen.append(change["new"]["details"]), names="notice"
    )
    return seen


def live(scenario: Callable[[], Coroutine[Any, Any, Any]]) -> Any:
    """Run a scenario on an event loop; an error that only the loop would log fails the test."""
    lost: list[dict[str, Any]] = []

    async def watched() -> Any:
        asyncio.get_running_loop().set_exception_handler(lambda _loop, context: lost.append(context))
        return await scenario()

    result = asyncio.run(watched())
    assert not lost, lost
    return result


async def until(condition: Callable[[], bool], seconds: float = 20.0) -> None:
    """Wait for a condition."""
    deadline = time.perf_counter() + seconds
    while not condition():
        assert time.perf_counter() < deadline, "waited in vain"
        await asyncio.sleep(0.002)


def at_rest(lab: Lab) -> Awaitable[None]:
    """Wait until a lab has carried out what was asked of it and is not running."""

    async def rest() -> None:
        await asyncio.sleep(0.03)  # a change starts the run again 20 ms later
        await until(lambda: not lab.session.due and lab.state is not State.RUNNING)

    return rest()


async def played(lab: Lab) -> None:
    """Play a lab to its end, as fast as it goes."""
    lab.handle({"do": "speed", "value": "fastest"})
    lab.handle({"do": "play"})
    await until(lambda: lab.state in (State.FINISHED, State.FAILED))


def steps_of(lab: Lab) -> int:
    return lab.run.lanes.shared.steps


def snapshot(lab: Lab) -> dict[str, np.ndarray]:
    """A copy of all measurements."""
    return {name: lab.history[name].copy() for name in lab.history.names}


def same(a: dict[str, np.ndarray], b: dict[str, np.ndarray], rows: int) -> bool:
    """Whether the first rows are equal, bit for bit."""
    return all(a[name][:rows].tobytes() == b[name][:rows].tobytes() for name in a)


def numeric(lab: Lab) -> list[SettingField]:
    fields = lab.view.settings_type.fields()
    return [fields[name] for name in lab.view.controls if fields[name].kind in ("number", "integer")]


def panel_agrees(lab: Lab) -> bool:
    """Whether the controls show what runs."""
    return [lane["values"] for lane in lab.panel.lanes] == [s.model_dump() for s in lab.run.lanes.settings]


def refusal(lab: Lab) -> str:
    """What the lab says no with; it is a short sentence."""
    text = lab.panel.refusal["text"]
    assert text.endswith(".")
    assert "\n" not in text
    assert len(text) < 350
    text.encode()
    return text


async def played_on(lab: Lab) -> None:
    """Let a lab that plays come to its end, fast."""
    lab.handle({"do": "speed", "value": "fastest"})
    await until(lambda: lab.state is not State.RUNNING)


def play_preset(lab: Lab, index: int) -> None:
    """Choose a preset and let it run, as fast as it goes."""
    lab.handle({"do": "preset", "index": index})
    lab.handle({"do": "speed", "value": "fastest"})
    lab.handle({"do": "play"})


async def opened_diverging(name: str) -> Lab:
    """A lab whose diverging preset has run until it diverged."""
    index = next(index for lab, index in DIVERGING if lab == name)
    lab = opened(name)
    play_preset(lab, index)
    await at_rest(lab)
    return lab


class Browser:
    """Keeps what live_figure.js keeps for one figure widget, and draws only when told to."""

    def __init__(self, figure: LiveFigure):
        self.figure = figure
        self.messages: list[tuple[dict[str, Any], list[bytes]]] = []
        self.waiting: list[tuple[dict[str, Any], list[bytes]]] = []
        self.drawn = figure.frames_sent
        self.given: list[dict[str, Any]] | None = None
        self.traces: list[list[dict[str, Any]]] = []
        self.layouts: list[dict[str, Any]] = []
        figure.send = self._arrive

    def _arrive(self, content: dict[str, Any], buffers: list[bytes] | None = None) -> None:
        json.dumps(content, allow_nan=False)  # the browser reads strict JSON
        if content["type"] == "probe":  # asked what has come, this one says nothing; see test_delivery.py
            return
        self.messages.append((content, buffers or []))
        if content["type"] in ("state", "frame"):
            self.waiting.append(self.messages[-1])

    def say(self, content: Any) -> None:
        """Send the kernel a message."""
        self.figure._receive(self.figure, content, [])

    def hello(self) -> "Browser":
        """Ask for everything, as each view does when it is put on the page."""
        self.waiting.clear()
        self.given, self.drawn = None, self.figure.frames_sent
        self.say({"type": "hello"})
        return self

    def draw(self) -> None:
        """Draw what has arrived and acknowledge the last of it."""
        drawn, self.waiting = self.waiting, []
        for content, buffers in drawn:
            self._apply(content, buffers[0])
        if drawn:
            self.drawn = drawn[-1][0]["n"]
            self.say({"type": "ack", "n": self.drawn})

    def settle(self) -> "Browser":
        """Draw until nothing more comes."""
        for _ in range(1000):
            if not self.waiting:
                return self
            self.draw()
        raise AssertionError("the kernel never stops sending")

    @property
    def unacknowledged(self) -> int:
        """States and frames sent and not yet acknowledged."""
        numbers = [c["n"] for c, _ in self.messages if "n" in c]
        return (numbers[-1] - self.drawn) if numbers else 0

    def frames(self) -> list[tuple[dict[str, Any], int]]:
        """Each frame, and its bytes on the wire."""
        return [(c, wire_bytes(c, b)) for c, b in self.messages if c["type"] == "frame"]

    def points(self, figure: int, trace: int) -> tuple[list[Any], list[Any]]:
        """What a trace shows."""
        data = self.traces[figure][trace]
        return list(data["x"]), list(data["y"])

    def _apply(self, content: dict[str, Any], buffer: bytes) -> None:
        if content["type"] == "state":
            self.given = [spec["data"] for spec in content["figures"]]
            self.traces = [[dict(trace) for trace in data] for data in self.given]
            self.layouts = [{} for _ in self.given]
        if self.given is None:
            return
        numbers, at = np.frombuffer(buffer), 0
        for kind, *rest in content["ops"]:
            if kind == "clear":
                self.traces = [[dict(trace) for trace in data] for data in self.given]
            elif kind == "layout":
                self.layouts[rest[0]].update(rest[1])
            elif kind == "replace":
                index, trace, count, key, *columns = rest
                values = [v if math.isfinite(v) else None for v in numbers[at : at + count].tolist()]
                rows = [values[k : k + columns[0]] for k in range(0, count, columns[0])] if columns else values
                self.traces[index][trace][key] = rows
                at += count
            else:
                index, trace, count, path = rest
                data = self.traces[index][trace]
                x = np.concatenate([data["x"], numbers[at : at + count]])
                y = np.concatenate([data["y"], numbers[at + count : at + 2 * count]])
                limit = POINTS_OF_A_PATH if path else POINTS_ON_SCREEN
                if len(x) > 2 * limit:
                    x, y = thin(x, y, limit, bool(path))
                data.update(x=x.tolist(), y=y.tolist())
                at += 2 * count
        assert at == len(numbers), "the operations take all the numbers"


def wire_bytes(content: dict[str, Any], buffers: list[bytes]) -> int:
    """Size of a message: JSON and buffers."""
    return len(json.dumps(content, ensure_ascii=False).encode()) + sum(map(len, buffers))
