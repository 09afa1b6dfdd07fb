"""A sweep under way: hands over tasks, takes what comes back, goes on when workers die."""

from __future__ import annotations

import itertools
import uuid
from collections import Counter, deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, wait

from lessons.core.sweeps.executors import InTurn, WorkerPool, Workers
from lessons.core.sweeps.sweep_results import Outcome, SweepResults
from lessons.core.sweeps.sweep_task import Answer, Batch, run_task

# A task is given up when so many workers have died with it, and all of them when so many pools have been replaced.
MOST_DEATHS = 3
MOST_POOLS = 12


class RunningSweep:
    """Iterate over it to wait for outcomes in the order in which they come; or `poll` it, which does not wait.

    To be closed: `with sweep.start(executor) as running`.

    Attributes:
        results: What has come back so far.
        replaced: How often a pool with a dead worker was replaced by a fresh one.
    """

    def __init__(self, batches: Sequence[Batch], executor: Executor | Callable[[], Executor] | None):
        if not (executor is None or isinstance(executor, Executor) or callable(executor)):
            raise TypeError(f"A sweep is sent to an executor, or a function that makes one, not to {executor!r}.")
        self._batches, self._cells, self.replaced = batches, sum(len(batch.cells) for batch in batches), 0
        self.results = SweepResults(self._cells)
        self._in_turn = executor is None or isinstance(executor, InTurn)
        self._at_once = 1 if self._in_turn else len(batches)
        if isinstance(executor, Workers):
            self._at_once = executor.count
        self._pool = InTurn() if executor is None else executor if isinstance(executor, Executor) else None
        self._make = None if isinstance(executor, Executor) else executor
        self._blames = isinstance(executor, Workers)
        self._waiting = deque(range(len(batches)))
        self._flying: dict[Future[Answer], int] = {}
        self._deaths: Counter[int] = Counter()
        self._found: list[Outcome] = []
        self._tickets = (f"{uuid.uuid4().hex} {count}" for count in itertools.count())

    def __enter__(self) -> RunningSweep:
        return self

    def __exit__(self, *_exception: object) -> None:
        self.close()

    def __iter__(self) -> Iterator[Outcome]:
        while not self.finished:
            yield from self.poll(None)

    @property
    def done(self) -> int:
        """Cells that have come back."""
        return self.results.done

    @property
    def total(self) -> int:
        """All cells."""
        return self._cells

    @property
    def finished(self) -> bool:
        """True if nothing more will come."""
        return not (self._waiting or self._flying or self._found)

    def poll(self, seconds: float | None = 0.0) -> list[Outcome]:
        """Return the outcomes that are new.

        Args:
            seconds: How long to wait until there is one; None for as long as it takes.
        """
        self._hand_over()
        if not self._found:
            self._collect(wait(self._flying, seconds, FIRST_COMPLETED).done)
            if not self._in_turn:  # a worker that has ended a task gets the next one before anything else happens
                self._hand_over()
        found, self._found = self._found, []
        return found

    def hold(self) -> None:
        """Take back what has not begun; the next `poll` hands it over again."""
        taken = [task for future, task in self._flying.items() if future.cancel()]
        self._flying = {future: task for future, task in self._flying.items() if not future.cancelled()}
        self._waiting.extendleft(sorted(taken, reverse=True))

    def close(self) -> None:
        """End it: what has not begun never will. Waits for nothing; may be called twice."""
        self._waiting.clear()
        for future in self._flying:
            future.cancel()
        self._flying.clear()
        self._end_pool()

    # ---- handing over ----

    def _hand_over(self) -> None:
        while self._waiting and len(self._flying) < self._room():
            task = self._waiting[0]
            if self._pool is None:
                assert self._make is not None
                self._pool = self._make()
            try:
                future = self._pool.submit(run_task, self._batches[task].packed, next(self._tickets))
            except BrokenExecutor:
                self._mend([])
            except RuntimeError as error:  # it was shut down
                self._give_up([*self._waiting], f"The executor takes no tasks: {error}.")
            else:
                self._waiting.popleft()
                self._flying[future] = task

    def _room(self) -> int:
        """Tasks to be under way at once: one, if a worker has died with some and it must be told with which."""
        near = [*self._flying.values(), *itertools.islice(self._waiting, 1)]
        return 1 if self._blames and any(self._deaths[task] for task in near) else self._at_once

    # ---- taking back ----

    def _collect(self, ended: Iterable[Future[Answer]]) -> None:
        dead = []
        for future in ended:
            task = self._flying.pop(future)
            error = None if future.cancelled() else future.exception()
            if isinstance(error, BrokenExecutor):
                dead.append(task)
            elif future.cancelled() or error is not None:
                why = "It was cancelled by somebody else." if error is None else f"{type(error).__name__}: {error}"
                self._tell(task, Answer(error=why[:500]))
            else:
                self._tell(task, future.result())
        if dead:
            self._mend(dead)

    def _tell(self, task: int, answer: Answer) -> None:
        cells = self._batches[task].cells
        outcome = Outcome(cells, answer.values, answer.error, answer.details)
        try:
            self.results.take(outcome)
        except ValueError as error:  # other shapes than the tasks before
            outcome = Outcome(cells, error=str(error))
            self.results.take(outcome)
        self._found.append(outcome)

    def _give_up(self, tasks: Sequence[int], why: str) -> None:
        for task in tasks:
            self._tell(task, Answer(error=why))
        gone = set(tasks)
        self._waiting = deque(task for task in self._waiting if task not in gone)

    # ---- when a worker has died ----

    def _mend(self, dead: list[int]) -> None:
        """Go on with a fresh pool, if that can be had: one dead process ends a pool, and all that was under way."""
        dead = sorted({*dead, *self._take_survivors()})
        self._deaths.update(dead)
        self._end_pool()
        if self._make is None:
            why = "A worker process died, and nobody said how to make another (give a function: Workers(2))."
            self._give_up([*dead, *self._waiting], why)
        elif self.replaced == MOST_POOLS:
            self._give_up([*dead, *self._waiting], f"Worker processes died again and again, {MOST_POOLS + 1} times.")
        else:
            self._pool, self.replaced = None, self.replaced + 1
            lost = [task for task in dead if self._deaths[task] >= MOST_DEATHS]
            self._waiting.extendleft(sorted(set(dead) - set(lost), reverse=True))
            self._give_up(lost, f"{MOST_DEATHS} worker processes died while they computed it.")

    def _take_survivors(self) -> list[int]:
        """Empty what is under way: tell what still came back; return the others."""
        flying, self._flying, others = self._flying, {}, []
        for future, task in flying.items():
            if future.done() and not future.cancelled() and future.exception() is None:
                self._tell(task, future.result())
            else:
                others.append(task)
        return others

    def _end_pool(self) -> None:
        if self._make is None or self._pool is None:
            return
        if isinstance(self._pool, WorkerPool):
            self._pool.stop()
        else:
            self._pool.shutdown(wait=False)
        self._pool = None
