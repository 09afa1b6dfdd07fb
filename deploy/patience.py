"""How kernels give way to the server, through which all of them speak to their pages."""

from __future__ import annotations

import contextlib
import os
from pathlib import Path

# A kernel that has made its page has so much more patience than the server, and than the kernels of those who are still
# waiting for theirs. More than the server, whatever its own is: a server that waits for its kernels keeps all waiting.
PATIENT = 10
MOST = 19  # that Linux knows


def step_back(process_id: int) -> None:
    """Let a process give way to this one; where the system does not allow it, or the process has ended, it is left."""
    if not hasattr(os, "setpriority"):
        return
    with contextlib.suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, process_id, min(MOST, os.getpriority(os.PRIO_PROCESS, 0) + PATIENT))
    # Where Linux groups processes by session, what counts is the group's.
    with contextlib.suppress(OSError):
        _group(process_id).write_text(str(min(MOST, _patience_of_group() + PATIENT)))


def _patience_of_group() -> int:
    """This process's group's; the file says `/autogroup-12 nice 0`, or nothing in the group that all begin in."""
    words = _group(os.getpid()).read_text().split()
    return int(words[-1]) if words else 0


def _group(process_id: int) -> Path:
    return Path(f"/proc/{process_id}/autogroup")
