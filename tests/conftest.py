"""What tests share: a browser, where there is one, threads, programs that they start, the history of an experiment."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import hypothesis
import pytest
import torch

from deploy.hub.proxy import MISSING
from lessons.core.experiment import Experiment
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings
from tests.browser.served import browser_path

ROOT = Path(__file__).resolve().parents[1]
ASK = "No Chromium or Chrome was found. Install one (Debian: apt-get install chromium) or name it in CHROMIUM."

# The same few examples each time: a test is not to fail by chance. `--hypothesis-profile=explore` looks further.
hypothesis.settings.register_profile("few", max_examples=25, derandomize=True, database=None, deadline=None)
hypothesis.settings.register_profile("explore", max_examples=500, database=None, deadline=None)
hypothesis.settings.load_profile("few")


def pytest_configure() -> None:
    """Refuse a browser that is none, and take one thread.

    These nets are too small to share out, and threads that wait for each other can cost tenfold. LESSONS_TEST_THREADS
    asks for more: sums that are shared out are rounded otherwise (`make test-processors`).
    """
    torch.set_num_threads(int(os.environ.get("LESSONS_TEST_THREADS", "1")))
    try:
        browser_path()
    except FileNotFoundError as error:
        raise pytest.UsageError(str(error)) from None


# Of the labs and experiments, those that `make check` looks at.
FEW = ("parabola", "net", "bowl_sweep")


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add what `make check` asks for."""
    parser.addoption("--few", action="store_true", help=f"of labs and experiments only {FEW}, and nothing that is slow")


def _is_of_the_few(item: pytest.Item) -> bool:
    """Whether `make check` runs a test: not a slow one, and of those for each lab or experiment those for a few."""
    given = item.callspec.params if isinstance(item, pytest.Function) and hasattr(item, "callspec") else {}
    lab, experiment = given.get("name"), getattr(given.get("cls"), "name", None)
    is_for_labs = item.path.parent.name == "widgets" and isinstance(lab, str) and lab not in FEW
    return not (item.get_closest_marker("slow") or is_for_labs or (experiment and experiment not in FEW))


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Run browser tests last; skip them where there is no browser, but never in continuous integration.

    Last, because they are slow, and because playwright keeps an event loop running from the first to the last of them.
    """
    if config.getoption("--few"):
        config.hook.pytest_deselected(items=[item for item in items if not _is_of_the_few(item)])
        items[:] = [item for item in items if _is_of_the_few(item)]
    items.sort(key=lambda item: item.get_closest_marker("browser") is not None)
    if browser_path() is not None or os.environ.get("CI"):
        return
    for item in items:
        if item.get_closest_marker("browser"):
            item.add_marker(pytest.mark.skip(reason=ASK))


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """Run an experiment to its end: `history_of(Bowl(), settings or lanes)`."""

    def run(experiment: Experiment, lanes: Lanes | Sequence[Settings]) -> History:
        history = History()
        history.extend(list(experiment.run(lanes if isinstance(lanes, Lanes) else Lanes(lanes))))
        return history

    return run


@pytest.fixture
def start() -> Iterator[Callable[..., subprocess.Popen[bytes]]]:
    """Start a program in a process group of its own: `start([sys.executable, ...], stdout=subprocess.PIPE)`.

    It hears Ctrl-C, as in a terminal, also where this run was told not to (a background job of a shell, say). When the
    test is over, passed or not, what is left of the group is killed, and its pipes are closed.
    """
    with contextlib.ExitStack() as started:

        def begin(command: Sequence[str], **options: Any) -> subprocess.Popen[bytes]:
            before = signal.signal(signal.SIGINT, signal.default_int_handler)  # a child keeps SIG_IGN, and no handler
            try:
                process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options)
            finally:
                signal.signal(signal.SIGINT, before)
            started.enter_context(process)
            started.callback(_kill_group, process)
            return process

        yield begin


def _kill_group(process: subprocess.Popen[bytes]) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)


def pytest_report_header() -> str:
    """Say at the start in which browser tests run."""
    return f"browser: {browser_path() or ASK}"


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Say at the end, where it is read, which tests did not run for want of a browser or of the hub's proxy."""
    if browser_path() is None:
        terminalreporter.write_line(f"Browser tests did not run. {ASK}", red=True, bold=True)
    elif any(MISSING in str(report.longrepr) for report in terminalreporter.stats.get("skipped", [])):
        terminalreporter.write_line(f"Tests of the hub in a browser did not run. {MISSING}", red=True, bold=True)
