"""Executors for the tasks of a sweep: in this process, in processes of this machine, or on a cluster of others."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import torch

from lessons.core.sweeps.sweep_task import stop_at

NO_CLUSTER = (
    "Sending work to a scheduler needs the package 'distributed', which is not installed here: "
    "pip install 'training-dynamics-lab[cluster]'."
)


class InTurn(Executor):
    """Runs each task here and now, when it is submitted."""

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Return a future that has its result."""
        future: Future[Any] = Future()
        threads = torch.get_num_threads()
        try:
            future.set_result(fn(*args, **kwargs))
        finally:
            torch.set_num_threads(threads)
        return future


class WorkerPool(ProcessPoolExecutor):
    """Fresh processes of this machine that load the lessons alone; they end with this one, however it ends.

    Started by `spawn`: a process forked off torch's threads may hang.

    Args:
        count: How many processes.
    """

    def __init__(self, count: int):
        context = multiprocessing.get_context("spawn")
        self._stop = context.RawValue("b", 0)  # without a lock, which a killed worker might hold for ever
        super().__init__(count, mp_context=context, initializer=_begin, initargs=(self._stop,))

    def stop(self) -> None:
        """End all tasks, those under way at their next step, and the processes; does not wait for it."""
        self._stop.value = 1
        self.shutdown(wait=False, cancel_futures=True)


@dataclass(frozen=True)
class Workers:
    """Makes pools of `count` worker processes: what a sweep needs to go on when one of them dies.

    Raises:
        ValueError: If `count` is not at least 1.
    """

    count: int

    def __post_init__(self) -> None:
        if self.count < 1:
            raise ValueError(f"There must be at least 1 worker, not {self.count}.")

    def __call__(self) -> WorkerPool:
        return WorkerPool(self.count)


@contextmanager
def scheduler(address: str, patience: float = 10.0) -> Iterator[Executor]:
    """An executor that sends tasks to the dask cluster with its scheduler at this address.

    The workers need the same version of this package, and one thread each (`dask worker --nthreads 1`) to share out
    their cores. A worker that dies is dask's business: its tasks are run elsewhere.

    Args:
        address: Such as `tcp://127.0.0.1:8786`.
        patience: Seconds until it must have answered.

    Raises:
        ValueError: If the package `distributed` is missing, or nobody answers.
    """
    try:
        from distributed import Client
    except ImportError:
        raise ValueError(NO_CLUSTER) from None
    try:
        client = Client(address, timeout=patience, set_as_default=False)
    except (OSError, ValueError) as error:
        raise ValueError(f"No scheduler answers at {address}: {error}") from None
    with client:
        yield client.get_executor(pure=False)


def _begin(flag: Any) -> None:
    """Prepare a worker process, before its first task."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C in a terminal reaches all of its processes; one will answer
    stop_at(flag)
    torch.set_num_threads(1)
    threading.Thread(target=_end_with_parent, daemon=True).start()


def _end_with_parent() -> None:
    """Nobody else would tell a worker: it waits at a pipe that it holds open itself."""
    parent = multiprocessing.parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
