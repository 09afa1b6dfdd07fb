"""Sweeps on a real dask cluster of this machine: the same numbers, also when a worker is killed on the way."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from functools import partial

import numpy as np
import pytest
import sweep_parts as parts
from distributed import Client, LocalCluster
from sweep_parts import bits, small_sweep

from lessons.core.sweeps.executors import scheduler

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def cluster() -> Iterator[LocalCluster]:
    with LocalCluster(
        n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=":0"
    ) as cluster:
        yield cluster


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return bits(small_sweep().run())


def test_a_cluster_gives_the_same_bits_as_one_process(cluster, expected) -> None:
    with Client(cluster) as client:
        assert bits(small_sweep().run(client.get_executor())) == expected
        assert bits(small_sweep().run(client.get_executor)) == expected


def test_a_scheduler_is_found_by_its_address(cluster, expected) -> None:
    with scheduler(cluster.scheduler_address) as executor:
        assert bits(small_sweep().run(executor)) == expected


def test_a_worker_killed_in_the_middle_changes_nothing(cluster, tmp_path) -> None:
    """Its task is run again elsewhere: begun once more than there are tasks."""
    sweep = small_sweep(partial(parts.slow, folder=tmp_path, seconds=1.0), lanes_per_task=1, cells=6)
    with Client(cluster) as client, sweep.start(client.get_executor()) as running:
        outcomes = iter(running)
        next(outcomes)
        begun = {path.name.rsplit(" ", 1)[0] for path in tmp_path.iterdir()}
        processing = {address: tasks for address, tasks in client.processing().items() if tasks}
        victim = client.run(os.getpid)[next(iter(processing))]
        os.kill(victim, signal.SIGKILL)
        assert [outcome.error for outcome in outcomes] == [""] * 5
    assert 1 <= len(begun) < 6, "it was killed in the middle"
    assert bits(running.results) == bits(small_sweep(lanes_per_task=1, cells=6).run())
    assert len(list(tmp_path.iterdir())) > 6


def test_a_task_with_which_workers_die_is_given_up_by_dask_and_loses_no_others(cluster) -> None:
    with Client(cluster) as client, small_sweep(parts.dying, lanes_per_task=5).start(client.get_executor()) as running:
        told = [outcome for outcome in running if outcome.error]
    assert [outcome.cells for outcome in told] == [(0, 1, 2, 3, 4)]
    assert told[0].error.startswith("KilledWorker")
    assert np.isfinite(running.results["loss"][5:]).all()


def test_closed_in_the_middle_nothing_more_begins(cluster, tmp_path) -> None:
    sweep = small_sweep(partial(parts.slow, folder=tmp_path, seconds=0.5), lanes_per_task=1)
    with Client(cluster) as client:
        with sweep.start(client.get_executor()) as running:
            next(iter(running))
        again = bits(small_sweep().run(client.get_executor()))
    assert len(list(tmp_path.iterdir())) < 10
    assert again == bits(small_sweep().run())


def test_nobody_at_the_address_is_told() -> None:
    with (
        pytest.raises(ValueError, match=r"No scheduler answers at tcp://127.0.0.1:9"),
        scheduler("tcp://127.0.0.1:9", patience=0.5),
    ):
        pass


def test_a_missing_package_is_told_and_the_lessons_do_not_load_it() -> None:
    """In a process of its own, in which importing the package fails."""
    program = (
        "import sys; sys.modules['distributed'] = None\n"
        "from lessons.periodic.map_command import main\n"
        "sys.exit(main(['--scheduler', 'tcp://127.0.0.1:9']))"
    )
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=os.curdir, check=False)
    assert run.returncode == 2
    assert "needs the package 'distributed'" in run.stderr
    assert "Traceback" not in run.stderr
