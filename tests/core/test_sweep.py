"""Sweeps: the same numbers wherever they are computed, in order, with what went wrong told by name."""

import os
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from functools import partial
from multiprocessing import get_context

import numpy as np
import pytest
import sweep_parts as parts
import torch
from sweep_parts import CELLS, bits, small_sweep

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError
from lessons.core.sweeps.executors import WorkerPool, Workers
from lessons.core.sweeps.sweep import Sweep, differing
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.settings import BowlSettings, NetSettings
from lessons.divergence.sweep import learning_rate_sweep

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def expected() -> dict[str, bytes]:
    return bits(small_sweep().run())


class Backwards(Executor):
    """Runs what it has been given from the last to the first, when it is asked to."""

    def __init__(self) -> None:
        self.given: list[tuple[Future, object, tuple]] = []

    def submit(self, fn, /, *args):
        future = Future()
        self.given.append((future, fn, args))
        return future

    def work(self) -> None:
        for future, fn, args in reversed(self.given):
            if future.set_running_or_notify_cancel():
                future.set_result(fn(*args))
        self.given.clear()


@pytest.mark.parametrize("count", [1, 3])
def test_threads_and_processes_give_the_same_bits_as_one_process(expected, count) -> None:
    with ThreadPoolExecutor(count) as pool:
        assert bits(small_sweep().run(pool)) == expected
    with ProcessPoolExecutor(count, mp_context=get_context("spawn")) as pool:
        assert bits(small_sweep().run(pool)) == expected
    assert bits(small_sweep().run(Workers(count))) == expected


def test_a_task_has_the_numbers_of_a_run_with_its_lanes() -> None:
    sweep, history = small_sweep(lanes_per_task=4), History()
    history.extend(list(Net().run(Lanes(sweep.settings[4:8]))))
    found = sweep.run()
    np.testing.assert_array_equal(found["loss"][4:8], history["loss"][-1])
    assert [batch.cells for batch in sweep.batches] == [(0, 1, 2, 3), (4, 5, 6, 7), (8, 9)]


def test_results_are_in_order_whatever_the_order_in_which_they_come(expected) -> None:
    executor = Backwards()
    with small_sweep().start(executor) as running:
        assert (running.poll(), running.done, running.total) == ([], 0, CELLS)
        executor.work()
        outcomes = running.poll()
    assert {cell for outcome in outcomes for cell in outcome.cells} == set(range(CELLS))
    assert running.finished
    assert bits(running.results) == expected


def test_progress_counts_cells_and_what_has_not_come_is_nan() -> None:
    seen = []
    with small_sweep().start() as running:
        for outcome in running:
            seen.append((outcome.cells, running.done))
            arrived = running.results.arrived
            assert (np.isfinite(running.results["loss"]) == arrived).all()
            assert arrived.sum() == running.done
    assert seen == [((k, k + 1), k + 2) for k in range(0, CELLS, 2)]


def test_cells_that_disagree_in_what_lanes_share_go_to_different_tasks() -> None:
    cells = [NetSettings(width=width, steps=5, train_size=50) for width in (4, 4, 8, 8, 4)]
    sweep = Sweep(Net(), cells, parts.losses, lanes_per_task=3)
    assert [batch.cells for batch in sweep.batches] == [(0, 1), (2, 3), (4,)]
    assert np.isfinite(sweep.run()["loss"]).all()
    assert differing(sweep.settings)["width"].tolist() == [4, 4, 8, 8, 4]
    assert list(differing(sweep.settings)) == ["width"]


def test_a_sweep_of_lesson_3_goes_to_workers_as_it_is() -> None:
    lanes = learning_rate_sweep(BowlSettings, {"steps": 30}, 0.02, 4.0)
    together, history = Sweep(Bowl(), lanes.settings, parts.final, lanes.names, 64).run(Workers(1)), History()
    history.extend(list(Bowl().run(lanes)))
    np.testing.assert_array_equal(together["loss"], history["loss"][-1])


# ---- what is refused before anything starts ----


def test_refused_settings_are_told_with_the_names_of_their_cells() -> None:
    cells = [{"learning_rate": 0.1}, {"learning_rate": -1.0}, {"wdith": 4}]
    with pytest.raises(SettingError) as refusal:
        Sweep(Net(), cells, parts.losses, ["one", "two", "three"])
    assert [sentence.split(":")[0] for sentence in refusal.value.sentences] == ["two", "three"]
    assert ", not -1." in str(refusal.value)
    assert "'wdith'" in str(refusal.value)


def test_a_sweep_without_cells_or_lanes_or_with_a_reduction_that_cannot_be_sent_is_refused() -> None:
    with pytest.raises(SettingError, match="needs cells"):
        Sweep(Net(), [], parts.losses)
    with pytest.raises(ValueError, match="at least 1 lane"):
        small_sweep(lanes_per_task=0)
    with pytest.raises(ValueError, match="top level"):
        small_sweep(lambda lanes, measurements: {})
    with pytest.raises(ValueError, match="at least 1 worker"):
        Workers(0)


# ---- what goes wrong on the way ----


@pytest.mark.parametrize("executor", [None, ThreadPoolExecutor, Workers])
@pytest.mark.parametrize(("reduce", "why"), [(parts.failing, "boom"), (parts.raising_unreadable, "unreadable")])
def test_a_task_that_raises_is_told_with_its_cells_and_loses_no_others(expected, executor, reduce, why) -> None:
    sweep, told = small_sweep(reduce), []
    with sweep.start(executor and executor(2)) as running:
        told = [outcome for outcome in running if outcome.error]
    assert [(sweep.named(outcome.cells), why in outcome.error) for outcome in told] == [("seed 2; seed 3", True)]
    assert "Traceback" in told[0].details
    others = [cell for cell in range(CELLS) if cell not in (2, 3)]
    whole = small_sweep().run()
    for name in whole.values:
        assert running.results[name][others].tobytes() == whole[name][others].tobytes()
        assert np.isnan(running.results[name][[2, 3]]).all()
    assert set(running.results.errors) == {2, 3}
    assert running.results.done == CELLS


def test_results_of_a_wrong_shape_are_errors_of_their_cells() -> None:
    assert "first axis must be the 2 lanes" in small_sweep(parts.misshapen).run().errors[0]
    found = small_sweep(parts.uneven).run()
    assert set(found.errors) == {2, 3}
    assert "shape" in found.errors[2]
    assert np.isnan(found["loss"][[2, 3]]).all()


def test_a_name_that_nobody_returned_is_told_with_the_first_error() -> None:
    results = small_sweep(parts.failing, cells=4, lanes_per_task=4).run()
    with pytest.raises(KeyError, match="boom"):
        results["loss"]


def test_many_cells_are_named_in_a_short_sentence() -> None:
    assert small_sweep().named(range(10)) == "seed 0; seed 1; seed 2; seed 3 and 6 more"


# ---- workers that die ----


def test_a_worker_that_dies_once_changes_nothing(expected, tmp_path) -> None:
    once = tmp_path / "died"
    with small_sweep(partial(parts.dying, once=once)).start(Workers(2)) as running:
        assert [outcome.error for outcome in running] == [""] * 5
    assert once.exists()
    assert running.replaced == 1
    assert bits(running.results) == expected


def test_a_cell_with_which_workers_die_again_and_again_is_given_up_and_loses_no_others() -> None:
    with small_sweep(parts.dying).start(Workers(2)) as running:
        told = [outcome for outcome in running if outcome.error]
    assert [outcome.cells for outcome in told] == [(2, 3)]
    assert "3 worker processes died" in told[0].error
    assert running.replaced == 3
    assert np.isfinite(np.delete(running.results["loss"], [2, 3])).all()


def test_without_a_function_that_makes_another_pool_what_is_left_is_told() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool, small_sweep(parts.dying).start(pool) as run:
        told = [outcome for outcome in run if outcome.error]
    assert run.finished
    assert {cell for outcome in told for cell in outcome.cells} >= {2, 3, 8, 9}
    assert all("Workers(2)" in outcome.error for outcome in told)
    assert np.isfinite(run.results["loss"][:2]).all()


def test_a_pool_that_never_works_is_not_replaced_for_ever() -> None:
    made = []

    def broken() -> ProcessPoolExecutor:
        made.append(1)
        return ProcessPoolExecutor(1, mp_context=get_context("spawn"), initializer=os.abort)

    results = small_sweep(cells=4, lanes_per_task=1).run(broken)
    assert len(results.errors) == 4
    assert len(made) <= 4


def test_an_executor_that_was_shut_down_is_told() -> None:
    with ThreadPoolExecutor(1) as pool:
        pass
    results = small_sweep().run(pool)
    assert set(results.errors) == set(range(CELLS))
    assert "takes no tasks" in results.errors[0]


# ---- ending and holding ----


def test_closed_in_the_middle_it_keeps_what_has_come_and_starts_nothing_more(tmp_path) -> None:
    sweep = small_sweep(partial(parts.slow, folder=tmp_path, seconds=0.1), lanes_per_task=1)
    with ThreadPoolExecutor(1) as pool:
        with sweep.start(pool) as running:
            next(iter(running))
        done = running.done
    assert 1 <= done < CELLS
    assert len(list(tmp_path.iterdir())) <= done + 2
    assert np.isfinite(running.results["loss"]).sum() == done


def test_workers_end_within_a_step_when_the_sweep_is_closed(tmp_path) -> None:
    sweep = small_sweep(partial(parts.slow, folder=tmp_path, seconds=60.0), lanes_per_task=1, steps=10_000)
    with sweep.start(pools := Kept(1)) as running:
        while not list(tmp_path.iterdir()):
            running.poll(0.05)
    (pool,) = pools.made
    closed = time.monotonic()
    pool.shutdown(wait=True)
    assert time.monotonic() - closed < 20


class Kept(Workers):
    """Workers that remember the pools they made."""

    made: list[WorkerPool] = []

    def __call__(self) -> WorkerPool:
        self.made.append(super().__call__())
        return self.made[-1]


def test_held_and_asked_again_it_goes_on_and_the_numbers_are_the_same(expected) -> None:
    executor = Backwards()
    with small_sweep().start(executor) as running:
        running.poll()
        running.hold()
        executor.work()
        assert running.poll() == []
        assert running.done == 0
        executor.work()
        running.poll()
        assert running.done == CELLS
    assert bits(running.results) == expected


def test_every_task_trains_on_one_thread_and_this_process_keeps_its_own() -> None:
    before = torch.get_num_threads()
    try:
        torch.set_num_threads(2)
        assert (small_sweep(parts.threads).run()["threads"] == 1).all()
        assert torch.get_num_threads() == 2
        assert (small_sweep(parts.threads).run(Workers(2))["threads"] == 1).all()
    finally:
        torch.set_num_threads(before)
