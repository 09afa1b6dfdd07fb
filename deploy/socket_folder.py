"""A folder of this user's for the sockets of kernels, with a path that is short enough for one."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path

# What a socket's path may hold: 103 bytes on macOS and BSD, 107 on Linux.
LONGEST = 103
# What comes after the root: Voilà's private folder, a kernel's connection file, and which of its five sockets.
BELOW = "/voila_12345678/kernel-00000000-0000-0000-0000-000000000000-ipc-5"


def fits(root: str) -> bool:
    """True if the path of a socket below this folder is short enough."""
    return len(os.fsencode(os.path.abspath(root) + BELOW)) <= LONGEST


def root() -> str:
    """Return the system's folder for temporary files; a shorter one where that is too long, as on macOS, if there is.

    Other users may see the folder; what Voilà makes in it is this user's alone.
    """
    usual = tempfile.gettempdir()
    others = (os.environ.get("XDG_RUNTIME_DIR", ""), "/tmp", "/var/tmp")
    return next((each for each in (usual, *others) if each and fits(each) and _can_be_written(each)), usual)


def _can_be_written(folder: str) -> bool:
    return Path(folder).is_dir() and os.access(folder, os.W_OK | os.X_OK)
