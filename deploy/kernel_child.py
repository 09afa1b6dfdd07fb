"""A kernel in a forked process: what a fresh interpreter would have had, set right, then ipykernel as always."""

from __future__ import annotations

import ctypes
import os
import random
import signal
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from multiprocessing import current_process, parent_process

from deploy.kernel_environment import SWITCH_SECONDS

THREADS = "/proc/self/task"
TRIM_SECONDS = 5


def run(arguments: Sequence[str], environment: Mapping[str, str], folder: str) -> None:
    """Be a kernel until it is told to end. `arguments` are those of `ipykernel_launcher`."""
    if len(os.listdir(THREADS)) > 1:
        raise RuntimeError("The process that kernels are forked from has started threads.")
    current_process().daemon = False  # it may start processes itself
    os.setsid()  # a group of its own, as an ordinary kernel has: an interrupt reaches it and what it started
    os.environ.clear()
    os.environ.update(environment)
    os.chdir(folder)
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    sys.setswitchinterval(SWITCH_SECONDS)
    _limit_memory(int(environment.get("LESSONS_KERNEL_MEGABYTES", 0)))
    _reseed()
    threading.Thread(target=_end_with_the_server, daemon=True).start()
    threading.Thread(target=_give_memory_back, daemon=True).start()
    # 1 means that ipykernel watches no parent; the parent of this process is not what it lives for.
    sys.argv = ["ipykernel_launcher", *arguments, "--IPKernelApp.parent_handle=1"]
    import ipywidgets
    from ipykernel.kernelapp import IPKernelApp

    ipywidgets.register_comm_target()  # done at its import in an ordinary kernel; here there was no kernel yet
    IPKernelApp.launch_instance()


def _limit_memory(megabytes: int) -> None:
    """Let what asks for more fail alone, with a sentence in its lab, before the machine runs out of memory."""
    import resource  # not on Windows, where nothing is forked

    if megabytes:
        resource.setrlimit(resource.RLIMIT_DATA, (megabytes * 2**20, megabytes * 2**20))


def _reseed() -> None:
    """Give each global generator a state of its own: a copied one would deal all students the same numbers."""
    import numpy
    import torch

    random.seed()
    numpy.random.seed()
    torch.default_generator.manual_seed(random.getrandbits(63))


def _give_memory_back() -> None:
    """Return freed memory to the system now and then; the C library keeps what a run has used, thirty times over."""
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)
    while trim is not None:
        time.sleep(TRIM_SECONDS)
        trim(0)


def _end_with_the_server() -> None:
    parent = parent_process()
    assert parent is not None
    parent.join()
    os._exit(1)
