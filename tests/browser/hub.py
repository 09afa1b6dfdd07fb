"""Start JupyterHub with the lessons on free loopback ports, and find every process that belongs to it."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest
from playwright.sync_api import Page

from deploy.hub.proxy import proxy_command
from tests.browser.served import ROOT, await_answer, free_port

CONFIG = ROOT / "deploy" / "hub" / "jupyterhub_config.py"
PASSWORD = "a-password-for-tests"
# Where tests run as root, servers have to be told that they may; ports are free ones.
ADDITIONS = """
load_subconfig({config!r})
c.Spawner.args = ["--allow-root"]
c.JupyterHub.hub_port = {hub_port}
c.ConfigurableHTTPProxy.api_url = "http://127.0.0.1:{api_port}"
"""


class Hub:
    """A running hub.

    Args:
        folder: Its state, its log and what its users write.
        choices: Further choices of the operator, as environment variables.
    """

    def __init__(self, folder: Path, **choices: str):
        self.folder = folder
        self.address = f"http://127.0.0.1:{free_port()}"
        config = folder / "config.py"
        config.write_text(ADDITIONS.format(config=str(CONFIG), hub_port=free_port(), api_port=free_port()))
        environment = {
            **os.environ,
            "LESSONS_HUB_URL": self.address,
            "LESSONS_HUB_STATE": str(folder / "state"),
            "LESSONS_HUB_PASSWORD": PASSWORD,
            **choices,
        }
        with (folder / "log.txt").open("w") as log:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "jupyterhub", f"--config={config}"],
                stdout=log,
                stderr=subprocess.STDOUT,
                cwd=folder,
                env=environment,
            )
        try:
            await_answer(self._process, f"{self.address}/hub/health")
        except BaseException:
            self.stop()
            raise

    def log_in(self, page: Page, name: str, password: str = PASSWORD) -> None:
        """Fill in the form that the page shows."""
        page.get_by_label("Username").fill(name)
        page.get_by_label("Password").fill(password)
        page.get_by_role("button", name="Sign in").click()

    def stop(self) -> int:
        """Ask the hub to end, as a terminal or systemd does; returns its status."""
        self._process.send_signal(signal.SIGTERM)
        try:
            return self._process.wait(60)
        except subprocess.TimeoutExpired:
            self._process.kill()
            return self._process.wait()

    def processes(self) -> list[psutil.Process]:
        """All that the hub has started, and what those have started: proxy, servers, kernels and services."""
        return psutil.Process(self._process.pid).children(recursive=True)

    def left_of(self, processes: list[psutil.Process], seconds: float) -> list[psutil.Process]:
        """What lives of these, and whatever else has this hub's folder in its environment, after this time at most.

        Kernels notice by themselves that their server has gone.
        """
        deadline = time.monotonic() + seconds
        while True:
            left = [process for process in {*processes, *psutil.process_iter()} if self._lives(process, processes)]
            if not left or time.monotonic() > deadline:
                return left
            time.sleep(0.2)

    def _lives(self, process: psutil.Process, known: list[psutil.Process]) -> bool:
        try:
            if not process.is_running() or process.status() == psutil.STATUS_ZOMBIE:
                return False
            return process in known or any(str(self.folder / "state") in value for value in process.environ().values())
        except psutil.Error:
            return False


@contextlib.contextmanager
def a_hub(folder: Path, **choices: str) -> Iterator[Hub]:
    """A running hub. Without a proxy the test that asks for it is skipped, in CI it fails."""
    try:
        proxy_command()
    except FileNotFoundError as reason:
        if os.environ.get("CI"):
            raise
        pytest.skip(str(reason))
    running = Hub(folder, **choices)
    yield running
    running.stop()
