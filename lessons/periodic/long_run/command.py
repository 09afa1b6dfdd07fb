"""The command `python -m lessons.periodic`."""

from __future__ import annotations

import argparse
import math
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import torch

from lessons.core.record import RunRecord
from lessons.core.settings import SettingError
from lessons.core.sweeps.options import add_settings, given
from lessons.core.sweeps.progress import ProgressBar
from lessons.periodic.long_run.checkpoint import Checkpoint, load_checkpoint, save_checkpoint
from lessons.periodic.long_run.images import load_images
from lessons.periodic.long_run.series_file import LANE, SeriesFile, read_series
from lessons.periodic.long_run.settings import DATASET_DEFAULTS, LongRunSettings
from lessons.periodic.long_run.training import QUANTITIES, LongRun
from lessons.periodic.phases import find_periods

NAME = "periodic long run"
TITLE = "Periods of batch normalization and weight decay: a long run"
SERIES, CHECKPOINT = "series.csv", "checkpoint.pt"
SHOWN = ("loss", "norm", "test_error")

_HELP = """\
Train a scale-invariant net with weight decay and watch its periods, without a notebook. The folder OUT gets series.csv,
which a lesson's notebook opens, and checkpoint.pt, from which a run that was ended goes on."""
_EXAMPLES = """\
On the digits:            python -m lessons.periodic
As in the paper:          python -m lessons.periodic --dataset cifar10 --data FOLDER --device cuda --out convnet
ResNet-18 on CIFAR-100:   python -m lessons.periodic --dataset cifar100 --data FOLDER --device cuda --out resnet
After it was ended:       python -m lessons.periodic --resume --out convnet --data FOLDER --device cuda
A map over η and λ:       python -m lessons.periodic map --help

FOLDER holds the files of the python version of https://www.cs.toronto.edu/~kriz/cifar.html; nothing is downloaded."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code: 0 at the end, 2 if something was refused, 130 if it was interrupted."""
    options = _parser().parse_args(arguments)
    try:
        return _run(options)
    except (SettingError, ValueError, OSError) as error:
        print(f"{error}", file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(
        "python -m lessons.periodic",
        description=_HELP,
        epilog=_EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument(
        "--out", type=Path, default=Path("periodic_run"), help="folder of results (default: %(default)s)"
    )
    parser.add_argument("--data", type=Path, help="folder with the CIFAR files")
    parser.add_argument("--device", default="cpu", help="where to train, such as cuda (default: %(default)s)")
    parser.add_argument("--resume", action="store_true", help="go on with the run in OUT, with its settings")
    parser.add_argument(
        "--checkpoint-every", type=float, default=60.0, metavar="SECONDS", help="(default: %(default)s)"
    )
    parser.add_argument(
        "--threads", type=int, help="threads on the CPU (default: 1 for the mlp, else torch's own choice)"
    )
    settings = parser.add_argument_group(
        "settings", "Their defaults depend on the data set; those shown are for the digits."
    )
    add_settings(settings, LongRunSettings)
    return parser


def _run(options: argparse.Namespace) -> int:
    wanted = given(options, LongRunSettings)
    checkpoint = _stored(options, wanted)
    settings = LongRunSettings.checked(checkpoint.settings) if checkpoint else _settings(wanted)
    _check_device(options.device)
    run = LongRun(settings, load_images(settings, options.data), options.device)
    if checkpoint:
        run.load(checkpoint.state)
    options.out.mkdir(parents=True, exist_ok=True)
    record = RunRecord(experiment=NAME, names=(LANE,), settings=(settings.model_dump(),), device=options.device)
    keep = checkpoint.series_bytes if checkpoint else None
    threads = options.threads or (1 if settings.network == "mlp" else torch.get_num_threads())
    with _threads(threads), SeriesFile(options.out / SERIES, QUANTITIES, record, TITLE, keep) as series:
        whole = _train(run, series, options.out / CHECKPOINT, options.checkpoint_every)
    print(_summary(options.out / SERIES))
    return 0 if whole else 130


def _stored(options: argparse.Namespace, wanted: dict[str, Any]) -> Checkpoint | None:
    path = options.out / CHECKPOINT
    if not options.resume:
        if path.exists():
            raise ValueError(
                f"{options.out} holds a run: go on with it by --resume, or choose another folder by --out."
            )
        return None
    if wanted:
        raise ValueError(
            "A run goes on with its own settings: leave out " + ", ".join(f"--{n.replace('_', '-')}" for n in wanted)
        )
    return load_checkpoint(path, options.device)


def _settings(wanted: dict[str, Any]) -> LongRunSettings:
    defaults = DATASET_DEFAULTS[wanted.get("dataset", "digits")]
    return LongRunSettings.checked({**defaults, **wanted})


def _check_device(device: str) -> None:
    try:
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise ValueError(f"There is no device {device!r} here: {str(error).splitlines()[0]}") from None


@contextmanager
def _threads(count: int) -> Iterator[None]:
    """Small nets are slower on two threads than on one."""
    before = torch.get_num_threads()
    torch.set_num_threads(count)
    try:
        yield
    finally:
        torch.set_num_threads(before)


def _train(run: LongRun, series: SeriesFile, path: Path, every: float) -> bool:
    """Train to the end, or to an interruption; either way the last state is stored. Return whether it is the end."""
    progress, stored, last = (
        ProgressBar(run.steps, run.step, sys.stderr),
        time.monotonic(),
        dict.fromkeys(QUANTITIES, math.nan),
    )
    _store(run, series, path)
    try:
        for step, values in run:
            if values is not None:
                series.add(step, values)
                last = values
            progress.show(step, {name: last[name] for name in SHOWN}, last=step == run.steps)
            if time.monotonic() - stored > every:
                _store(run, series, path)
                stored = time.monotonic()
    except KeyboardInterrupt:
        print(f"\nInterrupted at step {run.step}. Go on with --resume.", file=sys.stderr)
        return False
    _store(run, series, path)
    return True


def _store(run: LongRun, series: SeriesFile, path: Path) -> None:
    save_checkpoint(Checkpoint(run.settings.model_dump(), run.state(), series.secure()), path)


def _summary(path: Path) -> str:
    """Return what the series tells, in one sentence."""
    series = read_series(path.read_text(encoding="utf-8"))
    periods = find_periods(series["loss"][:, None], series["norm"][:, None])
    onsets = series["step"][periods.onsets[0]].astype(int)
    lasting = f", {(onsets[-1] - onsets[0]) / (len(onsets) - 1):.0f} steps apart on average" if len(onsets) > 1 else ""
    return f"{path}: {len(series['step'])} rows, {len(onsets)} breakdowns{lasting}."
