"""Start the lesson server or JupyterLab on a free loopback port, and open pages in a system Chromium."""

from __future__ import annotations

import contextlib
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat
from playwright.sync_api import Browser, Playwright

ROOT = Path(__file__).resolve().parents[2]
PATIENCE = 180  # for a server to start where other tests keep all cores busy
CHROMIUM_ARGUMENTS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
BROWSERS = (
    *("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome"),
    # macOS and Windows put none of these names on the path.
    "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
    "/Applications/Chromium.app/Contents/MacOS/Chromium",
    r"C:\Program Files\Google\Chrome\Application\chrome.exe",
)


def browser_path() -> str | None:
    """Path of a system Chromium or Chrome; `CHROMIUM` in the environment wins.

    Raises:
        FileNotFoundError: If that names no program.
    """
    asked = os.environ.get("CHROMIUM")
    if asked and shutil.which(asked) is None:
        raise FileNotFoundError(f"CHROMIUM names '{asked}', which is no program.")
    return asked or next(filter(None, map(shutil.which, BROWSERS)), None)


def launch(playwright: Playwright) -> Browser:
    """Open a system Chromium."""
    return playwright.chromium.launch(executable_path=browser_path(), args=list(CHROMIUM_ARGUMENTS))


def write_notebook(path: Path, code: str) -> None:
    """Write a notebook of one cell."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(code.strip())])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


@contextlib.contextmanager
def lesson_server(
    notebooks: Path | None = None,
    log: Path | None = None,
    environment: dict[str, str] | None = None,
    options: Sequence[str] = (),
) -> Iterator[str]:
    """Serve a folder of notebooks (the lessons unless told) as `make serve` does; yields the address.

    Without plain pages, unless the options name some.
    """
    folder = [] if notebooks is None else [f"--Voila.root_dir={notebooks}"]
    pages = [] if any(option.startswith("--pages=") for option in options) else ["--pages="]
    script = [sys.executable, "-m", "deploy", "--no-browser", *folder, *pages, *options]
    with _server(script, "--port={port}", "/voila/static/voila.js", log, environment) as address:
        yield address


def pings(milliseconds: int) -> str:
    """The option of a server that asks for a sign of life so often, and takes four of silence for absence."""
    return f"--Voila.tornado_settings={{'ws_ping_interval': {milliseconds}, 'ws_ping_timeout': {4 * milliseconds}}}"


@contextlib.contextmanager
def served_page(folder: Path, code: str) -> Iterator[str]:
    """Serve a notebook of one cell; yields the page's address."""
    write_notebook(folder / "page.ipynb", code)
    with lesson_server(folder) as address:
        yield f"{address}/voila/render/page.ipynb"


@contextlib.contextmanager
def jupyterlab(folder: Path, home: Path, log: Path | None = None) -> Iterator[str]:
    """Start JupyterLab on a folder, without a token and with settings of its own; yields the address."""
    script = [sys.executable, "-m", "jupyterlab", "--no-browser", "--ip=127.0.0.1", "--allow-root"]
    script += [
        f"--notebook-dir={folder}",
        "--IdentityProvider.token=",
        "--LabApp.news_url=",
        "--ServerApp.port_retries=0",
    ]
    environment = {
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_CONFIG_PATH": str(ROOT / "deploy" / "jupyter"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
    }
    with _server(script, "--port={port}", "/api/status", log, environment) as address:
        yield address


@contextlib.contextmanager
def _server(
    script: list[str], port_option: str, health: str, log: Path | None, environment: dict[str, str] | None
) -> Iterator[str]:
    port = free_port()
    output = subprocess.DEVNULL if log is None else log.open("w")
    process = subprocess.Popen(
        [*script, port_option.format(port=port)],
        stdout=output,
        stderr=subprocess.STDOUT,
        env={**os.environ, **(environment or {})},
    )
    try:
        address = f"http://127.0.0.1:{port}"
        await_answer(process, address + health)
        yield address
    finally:
        end(process, 10)
        if log is not None:
            output.close()


def end(process: subprocess.Popen[bytes], seconds: float) -> None:
    """Ask a server to end, and end it where it does not within so long."""
    process.terminate()
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()


def await_answer(process: subprocess.Popen[bytes], address: str) -> None:
    """Wait until a server that was just started answers at this address."""
    deadline = time.monotonic() + PATIENCE
    while time.monotonic() < deadline:
        if process.poll() is not None:
            raise RuntimeError(f"The server ended at once with status {process.returncode}.")
        with contextlib.suppress(urllib.error.URLError, ConnectionError), urllib.request.urlopen(address, timeout=5):
            return
        time.sleep(0.1)
    raise TimeoutError(f"The server did not answer within {PATIENCE} seconds.")


def free_port() -> int:
    """A loopback port that nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]
