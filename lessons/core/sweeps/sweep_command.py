"""Options and output shared by commands that sweep: where to compute, how to show it, where to put the table."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from lessons.core.settings import SettingError
from lessons.core.sweeps.executors import Workers, scheduler
from lessons.core.sweeps.progress import ProgressBar
from lessons.core.sweeps.sweep import ExecutorLike, Sweep
from lessons.core.sweeps.sweep_results import SweepResults
from lessons.core.sweeps.sweep_table import write_sweep

INTERRUPTED = 130


def add_sweep_options(parser: argparse.ArgumentParser, out: str, lanes_per_task: int) -> None:
    """Give a parser the options that `run_sweep` reads."""
    where = parser.add_mutually_exclusive_group()
    where.add_argument("--workers", type=int, metavar="N", help="compute in N processes (default: in this one)")
    where.add_argument("--scheduler", metavar="ADDRESS", help="send it to a dask cluster, such as tcp://10.0.0.1:8786")
    parser.add_argument("--out", type=Path, default=Path(out), help="the table (default: %(default)s)")
    parser.add_argument(
        "--lanes-per-task",
        type=int,
        default=lanes_per_task,
        metavar="K",
        help="cells that train side by side; the numbers depend on it in their last digits (default: %(default)s)",
    )


def run_sweep(make: Callable[[], Sweep], options: argparse.Namespace) -> int:
    """Compute a sweep, with a progress bar on stderr, and write its table after each task.

    Args:
        make: Returns the sweep, or raises SettingError or ValueError where something is refused.
        options: With those of `add_sweep_options`.

    Returns:
        Exit code: 0 at the end, 1 if a cell failed, 2 if something was refused, 130 if it was interrupted.
    """
    try:
        sweep = make()
        with _executor(options) as executor:
            return _compute(sweep, executor, options.out)
    except (SettingError, ValueError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 2


@contextmanager
def _executor(options: argparse.Namespace) -> Iterator[ExecutorLike]:
    if options.scheduler:
        with scheduler(options.scheduler) as executor:
            yield executor
    else:
        yield None if options.workers is None else Workers(options.workers)


def _compute(sweep: Sweep, executor: ExecutorLike, path: Path) -> int:
    write_sweep(path, sweep, SweepResults(len(sweep)))  # what cannot be written should say so before the work
    progress = ProgressBar(len(sweep), 0, sys.stderr, "cell")
    with sweep.start(executor) as running:
        try:
            for outcome in running:
                write_sweep(path, sweep, running.results)
                if outcome.error:
                    print(f"\n{sweep.named(outcome.cells)}: {outcome.error}", file=sys.stderr)
                progress.show(running.done, last=running.finished)
        except KeyboardInterrupt:
            print(f"\nInterrupted: {path} has {running.done} of {running.total} cells.", file=sys.stderr)
            return INTERRUPTED
    failed = len(running.results.errors)
    print(f"{path}: {running.done - failed} cells" + (f", {failed} failed." if failed else "."))
    return 1 if failed else 0
