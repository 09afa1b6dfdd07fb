"""Kernels forked from one process that has imported everything: they start at once and share its memory.

An extension of Jupyter's (`jupyter_client.kernel_provisioners`). The fork server of `multiprocessing` keeps the parent,
starts it again when it has died, and passes on what a child needs. Where a kernel cannot be forked (no Linux, another
language, a parent that does not answer), it is started as an ordinary one.
"""

from __future__ import annotations

import asyncio
import contextlib
import multiprocessing
import os
import select
import signal
import sys
from concurrent.futures import Future, ThreadPoolExecutor
from multiprocessing import forkserver
from subprocess import Popen
from typing import Any, cast

from jupyter_client.connect import KernelConnectionInfo
from jupyter_client.provisioning.local_provisioner import LocalProvisioner

from deploy import kernel_child
from deploy.kernel_environment import SWITCH_SECONDS

NAME = "forked-kernel"
LAUNCHER = ["-m", "ipykernel_launcher"]
# Seconds after which a parent counts as dead. One that has imported all forks in milliseconds, where much else is done
# in a second or two; meanwhile a visitor waits, and then some seconds more for an ordinary kernel.
PATIENCE = 8.0
PATIENCE_WITH_IMPORTS = 60.0
ATTEMPTS = 2

_context = multiprocessing.get_context("forkserver") if sys.platform == "linux" else None
# One at a time: the fork server's answers come in the order of the questions, and a start takes milliseconds.
_starter = ThreadPoolExecutor(1, thread_name_prefix="fork")


def can_fork() -> bool:
    """True if this system lets kernels be forked."""
    return _context is not None and hasattr(os, "pidfd_open")


def start_parent() -> bool:
    """Let the parent start its imports, without waiting for them. False where kernels cannot be forked."""
    if not can_fork():
        return False
    assert _context is not None
    _context.set_forkserver_preload(["deploy.warm_parent"])
    forkserver.ensure_running()
    return True


def warm_up() -> Future[None]:
    """Start the parent; what is returned is done when it has forked a first child, or where there is no parent."""
    return _starter.submit(_fork_nothing) if start_parent() else _starter.submit(lambda: None)


def _fork_nothing() -> None:
    assert _context is not None
    child = _context.Process(target=os.getpid)
    child.start()
    child.join()
    _note_that_it_answers()


# The parent that has last been heard of, by its process number: it has done its imports.
_heard_of: int | None = None


def _note_that_it_answers() -> None:
    global _heard_of
    _heard_of = parent_pid()


def _patience() -> float:
    """Seconds that an answer may take."""
    return PATIENCE if _heard_of is not None and _heard_of == parent_pid() else PATIENCE_WITH_IMPORTS


def parent_pid() -> int | None:
    """The parent's process number, if there is one."""
    pid: int | None = forkserver._forkserver._forkserver_pid  # type: ignore[attr-defined] # private
    return pid


def end_parent() -> None:
    """End a parent that does not answer; the next start makes another one. Its children live on."""
    pid = parent_pid()
    if pid is not None:
        with contextlib.suppress(ProcessLookupError):
            handle = os.pidfd_open(pid)
            signal.pidfd_send_signal(handle, signal.SIGKILL)
            _has_ended(handle, 5)  # not `waitpid`: it is the fork server's to learn that it has ended
            os.close(handle)


def _has_ended(handle: int, seconds: float | None) -> bool:
    """True if a process ends within so long; None waits until it has. Not `select`: it knows descriptors up to 1023."""
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(None if seconds is None else 1000 * seconds))


class ForkedProcess:
    """The part of `subprocess.Popen` that Jupyter uses, for a process that is another one's child."""

    stdin = stdout = stderr = None

    def __init__(self, arguments: list[str], environment: dict[str, str], folder: str) -> None:
        assert _context is not None
        # Daemon: a server that exits ends it, and does not wait for it.
        self._process = _context.Process(target=kernel_child.run, args=(arguments, environment, folder), daemon=True)
        self._process.start()
        _note_that_it_answers()
        self.pid = cast(int, self._process.pid)
        # A handle of the process itself: its number could be given to another one, and the fork server could die.
        self._handle = os.pidfd_open(self.pid)
        self.returncode: int | None = None

    def poll(self) -> int | None:
        """Return None while it runs, else its exit status (255 if the fork server died before it)."""
        if self.returncode is None and _has_ended(self._handle, 0):
            self._process.join(0.2)  # the fork server is to tell the status; it may be hanging, and this is the loop
            self.returncode = 255 if self._process.exitcode is None else self._process.exitcode
            os.close(self._handle)
        return self.returncode

    def wait(self) -> int:
        """Wait until it has ended; return its exit status."""
        if self.returncode is None:
            _has_ended(self._handle, None)
        return cast(int, self.poll())

    def send_signal(self, number: int) -> None:
        """Send a signal to the process alone, if it still runs."""
        if self.poll() is None:
            signal.pidfd_send_signal(self._handle, number)

    def kill(self) -> None:
        """End it at once."""
        self.send_signal(signal.SIGKILL)

    def terminate(self) -> None:
        """Ask it to end."""
        self.send_signal(signal.SIGTERM)


class ForkedKernel(LocalProvisioner):
    """Forks a Python kernel from the warm parent; all else about it is as for an ordinary kernel."""

    async def launch_kernel(self, cmd: list[str], **kwargs: Any) -> KernelConnectionInfo:
        """Start the kernel; in the ordinary way if it cannot be forked."""
        folder = str(kwargs.get("cwd") or os.getcwd())
        # Plain strings: Voilà's names are of a type of its own, and a child would import all of Voilà to read them.
        environment = {str(name): str(value) for name, value in (kwargs.get("env") or os.environ).items()}
        process = await self._forked(cmd[3:], environment, folder) if _is_ours(cmd) else None
        if process is None:
            told = [f"--IPKernelApp.exec_lines=import sys; sys.setswitchinterval({SWITCH_SECONDS})"]
            return await super().launch_kernel([*cmd, *(told if _is_ours(cmd) else [])], **kwargs)
        self.process = cast(Popen[bytes], process)
        self.pid, self.pgid, self.cwd = process.pid, process.pid, folder
        return self.connection_info

    async def _forked(self, arguments: list[str], environment: dict[str, str], folder: str) -> ForkedProcess | None:
        for _ in range(ATTEMPTS):  # a parent that has died is noticed, and another one started, by the next attempt
            if not start_parent():
                return None
            try:
                return await self._fork(arguments, environment, folder)
            except TimeoutError:
                self.log.warning("The parent of kernels does not answer; it is replaced.")
                await asyncio.to_thread(end_parent)
                start_parent()  # so that it has imported all when the next one comes
                return None
            except (OSError, EOFError) as error:
                self.log.warning("A kernel could not be forked: %r", error)
        return None

    async def _fork(self, arguments: list[str], environment: dict[str, str], folder: str) -> ForkedProcess:
        """Fork a kernel.

        Raises:
            TimeoutError: If the parent does not answer, to this or to what was asked before.
        """
        loop, turn = asyncio.get_running_loop(), asyncio.Event()

        def start() -> ForkedProcess:
            loop.call_soon_threadsafe(turn.set)
            return ForkedProcess(arguments, environment, folder)

        job = _starter.submit(start)
        try:
            await asyncio.wait_for(turn.wait(), PATIENCE_WITH_IMPORTS)
            return await asyncio.wait_for(asyncio.wrap_future(job), _patience())
        except TimeoutError:
            job.cancel()
            job.add_done_callback(_end_what_came_late)
            raise


def _end_what_came_late(job: Future[ForkedProcess]) -> None:
    """End a kernel that was forked when an ordinary one had taken its place."""
    if not job.cancelled() and job.exception() is None:
        job.result().kill()


def _is_ours(cmd: list[str]) -> bool:
    return len(cmd) > 3 and cmd[1:3] == LAUNCHER and os.path.realpath(cmd[0]) == os.path.realpath(sys.executable)
