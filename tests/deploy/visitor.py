"""A visitor of a served room without a browser: asks for pages, and says how the server is."""

from __future__ import annotations

import contextlib
import json
import re
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Mapping

import psutil

_CONFIG = re.compile(r'<script[^>]*\sid="jupyter-config-data"[^>]*>(.*?)</script>', re.S)
PATIENCE = 60


def answer(
    address: str, method: str = "GET", headers: Mapping[str, str] | None = None, seconds: float = PATIENCE
) -> tuple[int, str]:
    """Status and text of a request."""
    request = urllib.request.Request(address, method=method, headers=dict(headers or {}))
    try:
        with urllib.request.urlopen(request, timeout=seconds) as response:
            return response.status, response.read().decode(errors="replace")
    except urllib.error.HTTPError as error:
        return error.code, error.read().decode(errors="replace")


def kernel_of_page(address: str) -> str:
    """Open a page and return the id of its kernel."""
    status, text = answer(address)
    assert status == 200, text[-500:]
    return json.loads(_CONFIG.search(text)[1])["kernelId"]


def health(address: str, seconds: float = PATIENCE) -> dict[str, object]:
    """What the health address says."""
    return json.loads(answer(f"{address}/health", seconds=seconds)[1])


def server_of(address: str) -> psutil.Process:
    """The process of a server that this test run has started."""
    port = int(address.rsplit(":", 1)[1])
    for process in psutil.Process().children(recursive=True):
        with contextlib.suppress(psutil.NoSuchProcess):  # others end while these are looked through
            if f"--port={port}" in process.cmdline():
                return process
    raise LookupError(f"No server of ours at {address}.")


def slowest_health(address: str, seconds: float) -> float:
    """Ask for the health again and again for so long; return how long the slowest answer took, in seconds."""
    slowest, end = 0.0, time.monotonic() + seconds
    while time.monotonic() < end:
        asked = time.monotonic()
        health(address, seconds=10)
        slowest = max(slowest, time.monotonic() - asked)
        time.sleep(0.05)
    return slowest


def await_that(holds: Callable[[], object], what: str, seconds: float = PATIENCE) -> None:
    """Wait until something holds."""
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, f"not within {seconds} s: {what}"
        time.sleep(0.1)
