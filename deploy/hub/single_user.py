"""Start the server of one learner, in place of `jupyterhub-singleuser`: notebooks, limits and the page to open first.

Everything that a learner's server needs beside the hub is set here, so that it is the same with each spawner, in a
container and on one machine.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Mapping
from pathlib import Path

from deploy.hub.own_copy import refresh
from deploy.kernel_environment import KERNEL_ENVIRONMENT
from deploy.places import HUB_SETTINGS, LAB_SETTINGS, NOTEBOOKS

JUPYTER_SETTINGS = (HUB_SETTINGS, LAB_SETTINGS)
FIRST_PAGES = {"lab": "/lab/tree/index.ipynb", "voila": "/voila/render/index.ipynb"}


def environment(given: Mapping[str, str], folder: Path) -> dict[str, str]:
    """Return what a learner's server needs in its environment beside what is given.

    Args:
        given: The environment as the spawner made it. `LESSONS_AS` (`lab` or `voila`) names the page to open first.
        folder: The root of the learner's server.

    Raises:
        ValueError: If `LESSONS_AS` is neither.
    """
    opened = given.get("LESSONS_AS") or "lab"
    if opened not in FIRST_PAGES:
        raise ValueError(f"LESSONS_AS is '{opened}'; it can be {' or '.join(FIRST_PAGES)}.")
    settings = [*map(str, JUPYTER_SETTINGS), *filter(None, [given.get("JUPYTER_CONFIG_PATH")])]
    return {
        **KERNEL_ENVIRONMENT,
        **given,
        "JUPYTER_CONFIG_PATH": os.pathsep.join(settings),
        "JUPYTERHUB_ROOT_DIR": str(folder),
        "JUPYTERHUB_DEFAULT_URL": given.get("JUPYTERHUB_DEFAULT_URL") or FIRST_PAGES[opened],
    }


def limit_memory(size: int) -> None:
    """Limit what each process of this server may allocate, from now on; a training that wants more gets an error.

    A container's limit ends the whole server instead. Without effect where the system knows no such limit.

    Args:
        size: Bytes.
    """
    if sys.platform != "linux":
        return
    import resource

    _, most = resource.getrlimit(resource.RLIMIT_DATA)
    size = size if most == resource.RLIM_INFINITY else min(size, most)
    resource.setrlimit(resource.RLIMIT_DATA, (size, size))


def main(arguments: list[str]) -> None:
    """Become the single-user server; does not return."""
    folder = Path(os.environ.get("LESSONS_FOLDER") or "~/notebooks").expanduser()
    settings = environment(os.environ, folder)
    kept = refresh(NOTEBOOKS, folder)
    if kept:
        print(f"Newer versions exist, and yours were kept because you edited them: {', '.join(kept)}.", flush=True)
    if settings.get("MEM_LIMIT"):
        limit_memory(int(settings["MEM_LIMIT"]))
    os.execve(sys.executable, [sys.executable, "-m", "jupyterhub.singleuser", *arguments], settings)
