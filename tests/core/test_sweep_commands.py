"""Sweeps from a terminal: a table of the same numbers wherever they were computed, also of a sweep that was ended."""

import csv
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest
from distributed import LocalCluster

from lessons.core.sweeps.progress import ProgressBar
from lessons.core.table import read_record
from lessons.periodic import map_command
from lessons.periodic.grid import grid_lanes, map_sweep
from lessons.teacher_student import widths_command

pytestmark = pytest.mark.slow

MAP = ["--learning-rates", "2", "4", "--weight-decays", "0.004", "0.008", "--steps", "150", "--width", "8"]
MAP += ["--lanes-per-task", "2"]
WIDTHS = ["widths", "--widths", "1", "2", "--students", "3", "--steps", "40", "--teacher-width", "3"]


def table(path: Path) -> list[dict[str, str]]:
    text = path.read_text(encoding="utf-8")
    return list(csv.DictReader(line for line in text.splitlines() if not line.startswith("#")))


def test_the_table_of_a_map_has_its_cells_in_order_and_their_numbers(tmp_path, capsys) -> None:
    path = tmp_path / "map.csv"
    assert map_command.main([*MAP, "--out", str(path)]) == 0
    lanes = grid_lanes([2.0, 4.0], [0.004, 0.008], steps=150, width=8)
    expected = map_sweep(lanes, 2).run()
    rows = table(path)
    assert [row["cell"] for row in rows] == lanes.names
    assert [float(row["weight_decay"]) for row in rows] == [0.004, 0.008, 0.004, 0.008]
    for name in ("count", "period", "lowest_norm", "mean_norm"):
        np.testing.assert_array_equal([float(row[name]) for row in rows], expected[name])
    assert "norm" not in rows[0], "long series are left out"
    record = read_record(path.read_text(encoding="utf-8"))
    assert record.settings == tuple(settings.model_dump() for settings in lanes.settings)
    captured = capsys.readouterr()
    assert "4 cells." in captured.out
    assert "100%  cell 4 of 4" in captured.err


@pytest.fixture
def address() -> Iterator[str]:
    with LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=":0") as cluster:
        yield cluster.scheduler_address


def test_workers_and_a_cluster_write_the_same_table(tmp_path, address) -> None:
    for command, arguments in ((map_command, MAP), (widths_command, [*WIDTHS, "--lanes-per-task", "2"])):
        texts = []
        for where in ([], ["--workers", "2"], ["--scheduler", address]):
            path = tmp_path / "table.csv"
            assert command.main([*arguments, *where, "--out", str(path)]) == 0
            texts.append(path.read_bytes())
        assert texts[0] == texts[1] == texts[2]


def test_the_table_of_students_has_a_row_for_each(tmp_path) -> None:
    path = tmp_path / "widths.csv"
    assert widths_command.main([*WIDTHS, "--seed", "5", "--out", str(path)]) == 0
    rows = table(path)
    assert [(row["overparameterization"], row["seed"]) for row in rows] == [
        (width, seed) for width in ("1.0", "2.0") for seed in "567"
    ]
    assert {"fvu", "recovered.0", "best_correlation.0.2", "weight_cosine.2"} <= set(rows[0])


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        (["--learning-rates", "-1"], ", not -1."),
        (["--steps", "0"], ", not 0."),
        (["--workers", "0"], "at least 1 worker"),
        (["--lanes-per-task", "0"], "at least 1 lane"),
        (["--out", "no/such/folder/map.csv"], "No such file"),
    ],
)
def test_what_is_refused_is_told_in_a_sentence_before_anything_starts(arguments, sentence, capsys) -> None:
    assert map_command.main([*MAP, *arguments]) == 2
    captured = capsys.readouterr()
    assert sentence in captured.err
    assert captured.out == ""


def test_a_program_that_a_test_starts_hears_ctrl_c_even_where_the_test_does_not(start) -> None:
    """Shells start background jobs with SIGINT ignored, which children keep; a Python that does raises no interrupt."""
    show = "import signal; print(signal.getsignal(signal.SIGINT) is signal.default_int_handler)"
    before = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        run = start([sys.executable, "-c", show], stdout=subprocess.PIPE)
    finally:
        signal.signal(signal.SIGINT, before)
    assert run.communicate(timeout=60)[0].split() == [b"True"]


@pytest.mark.parametrize("where", [[], ["--workers", "2"]])
def test_ctrl_c_ends_it_soon_and_keeps_what_was_computed(tmp_path, start, where) -> None:
    """As in a terminal: the interrupt reaches all processes of the group."""
    path, rates = tmp_path / "map.csv", ["0.5", "0.6", "0.7", "0.8", "0.9", "1", "1.1", "1.2", "1.3", "1.4"]
    command = [sys.executable, "-m", "lessons.periodic", "map", "--learning-rates", *rates, "--weight-decays", "0.004"]
    command += ["--steps", "2500", "--width", "16", "--out", str(path), "--lanes-per-task", "1", *where]
    run = start(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    deadline = time.monotonic() + 120
    while not path.exists() or not table(path):
        assert time.monotonic() < deadline
        assert run.poll() is None, run.stderr.read()
        time.sleep(0.02)
    os.killpg(run.pid, signal.SIGINT)
    _, said = run.communicate(timeout=60)
    rows = table(path)
    assert 1 <= len(rows) < 10
    assert run.returncode == 130
    assert f"has {len(rows)} of 10 cells" in said.decode()
    assert "Traceback" not in said.decode()
    assert all(np.isfinite(float(row["mean_norm"])) for row in rows)


def test_workers_end_when_the_program_is_killed(tmp_path, start) -> None:
    """Nobody can tell them; they notice by themselves, while they compute and while they wait."""
    path = tmp_path / "map.csv"
    command = [sys.executable, "-m", "lessons.periodic", "map", "--steps", "2000", "--out", str(path)]
    run = start([*command, "--lanes-per-task", "1", "--workers", "2"], stderr=subprocess.DEVNULL)
    deadline = time.monotonic() + 120
    while not path.exists() or not table(path):
        assert time.monotonic() < deadline
        time.sleep(0.05)
    workers = psutil.Process(run.pid).children(recursive=True)
    run.kill()
    run.wait()
    assert len(workers) >= 2
    assert not psutil.wait_procs(workers, timeout=60)[1]


def test_the_progress_bar_says_share_unit_and_values(capsys) -> None:
    bar = ProgressBar(8, 0, sys.stderr, "cell")
    bar.show(2)
    assert capsys.readouterr().err == "", "where it is no terminal, it speaks seldom"
    bar.show(8, {"loss": 0.25}, last=True)
    assert capsys.readouterr().err.split() == ["[" + 24 * "#" + "]", "100%", "cell", "8", "of", "8", "loss", "0.25"]
