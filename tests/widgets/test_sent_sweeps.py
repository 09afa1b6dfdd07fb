"""Labs whose cells are computed elsewhere: they come back one by one, and the lab stays what it is."""

import asyncio
import gzip
import multiprocessing
import os
import signal
import time
from concurrent.futures import Executor, Future, ThreadPoolExecutor

import numpy as np
import pytest
from headless import Browser, at_rest, live, played, steps_of, until

from lessons.core.sweeps.executors import Workers
from lessons.periodic.grid import map_sweep
from lessons.teacher_student.sweep import students_sweep
from widgets.lab.lab import Lab
from widgets.labs import periodic, teacher_student
from widgets.run.run_loop import State

pytestmark = pytest.mark.slow

MAP = {"width": 8, "depth": 1, "train_size": 50, "steps": 150, "rows": 2, "columns": 3, "learning_rate": 2.0}
STUDENTS = {"students": 2, "steps": 60, "horizon": 60, "measure_every": 20, "teacher_width": 3}


class ByHand(Executor):
    """Computes a task when the test says so; may fail instead."""

    def __init__(self) -> None:
        self.given: list[tuple[Future, object, tuple]] = []
        self.begun = 0

    def submit(self, fn, /, *args):
        self.given.append((future := Future(), fn, args))
        return future

    @property
    def waiting(self) -> int:
        return sum(not future.done() for future, _, _ in self.given)

    def work(self, error: Exception | None = None) -> None:
        """Compute the next one that nobody has cancelled."""
        while self.given:
            future, fn, args = self.given.pop(0)
            if not future.set_running_or_notify_cancel():
                continue
            self.begun += 1
            future.set_exception(error) if error else future.set_result(fn(*args))
            return


def back(lab: Lab) -> int:
    return int(lab.history["arrived"][-1].sum())


async def sent_by_hand(lanes_per_task: int) -> tuple[Lab, ByHand]:
    """Return a map that has sent its six cells, and who computes them."""
    executor = ByHand()
    lab = periodic.period_map(executor, lanes_per_task=lanes_per_task, **MAP)
    lab.handle({"do": "play"})
    await until(lambda: executor.waiting == 6 // lanes_per_task)
    return lab, executor


def cells_shown(browser: Browser, figure: int) -> np.ndarray:
    return np.array(browser.traces[figure][0]["z"], float)


def test_a_map_is_computed_by_workers_and_is_the_same_when_one_of_them_is_killed() -> None:
    async def scenario() -> None:
        lab = periodic.period_map(Workers(2), lanes_per_task=1, **{**MAP, "steps": 400})
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "play"})
        await until(lambda: back(lab) > 0, 120)
        os.kill(multiprocessing.active_children()[-1].pid, signal.SIGKILL)
        await until(lambda: lab.state is not State.RUNNING, 120)
        assert lab.state is State.FINISHED
        browser.settle()
        expected = map_sweep(lab.run.lanes).run()
        for name in ("count", "lowest_norm", "mean_norm", "period"):
            np.testing.assert_array_equal(lab.history[name][-1], expected[name])
        shown = expected["lowest_norm"].reshape(2, 3)
        np.testing.assert_array_equal(cells_shown(browser, 1), shown)
        assert np.isfinite(shown).any()
        assert np.array(browser.traces[3][0]["y"]) == pytest.approx(expected["norm"][0])
        assert "6 of 6" in lab.readings.value
        assert "dead worker was replaced" in lab.readings.value

    live(scenario)


def test_while_workers_compute_the_event_loop_is_free() -> None:
    async def scenario() -> None:
        lab = periodic.period_map(ByHand(), **MAP)
        lab.handle({"do": "play"})
        await asyncio.sleep(0.3)
        began, busy = time.perf_counter(), time.thread_time()
        await asyncio.sleep(1.0)
        assert time.thread_time() - busy < 0.3 * (time.perf_counter() - began)
        assert lab.state is State.RUNNING
        assert lab.panel.transport["step"] == 0
        assert lab.panel.transport["steps"] == 6

    live(scenario)


def test_cells_appear_as_they_come_and_the_panel_counts_them() -> None:
    async def scenario() -> None:
        executor = ByHand()
        lab = periodic.period_map(executor, lanes_per_task=2, **MAP)
        browser = Browser(lab.stage.figure).hello().settle()
        assert executor.given == [], "a lab that is opened sends nothing"
        lab.handle({"do": "play"})
        await until(lambda: executor.waiting == 3)
        for count in (2, 4, 6):
            executor.work()
            await until(lambda count=count: back(lab) == count)
            browser.settle()
            known = np.isfinite(cells_shown(browser, 1)).sum()
            assert known == np.isfinite(lab.history["lowest_norm"][-1]).sum()
            assert lab.history["mean_norm"].shape == (count + 1, 6)
            assert np.isfinite(lab.history["mean_norm"][-1]).sum() == count
        await until(lambda: lab.state is State.FINISHED)
        assert lab.panel.transport["step"] == lab.panel.transport["steps"] == 6

    live(scenario)


def test_pause_takes_back_what_has_not_begun_and_play_sends_it_again() -> None:
    async def scenario() -> None:
        lab, executor = await sent_by_hand(lanes_per_task=2)
        executor.work()
        await until(lambda: back(lab) == 2)
        lab.handle({"do": "pause"})
        assert executor.waiting == 0
        await asyncio.sleep(0.2)
        assert executor.waiting == 0
        lab.handle({"do": "play"})
        await until(lambda: executor.waiting == 2)
        executor.work()
        executor.work()
        await until(lambda: lab.state is State.FINISHED)
        assert executor.begun == 3
        assert back(lab) == 6

    live(scenario)


@pytest.mark.parametrize("asked", [{"do": "reset"}, {"do": "set", "lane": 0, "field": "seed", "value": 3}])
def test_a_reset_and_a_change_cancel_it_and_wait_for_play(asked) -> None:
    async def scenario() -> None:
        lab, executor = await sent_by_hand(lanes_per_task=2)
        lab.handle(asked)
        await at_rest(lab)
        assert executor.waiting == 0
        assert lab.state is State.IDLE
        lab.handle({"do": "play"})
        await until(lambda: executor.waiting == 3)
        assert lab.run.lanes.values("seed") == (3 if asked["do"] == "set" else 0,) * 6

    live(scenario)


def test_a_task_that_fails_is_told_beside_the_figures_and_the_others_come() -> None:
    async def scenario() -> None:
        lab, executor = await sent_by_hand(lanes_per_task=2)
        executor.work()
        executor.work(RuntimeError("the machine has gone"))
        executor.work()
        await until(lambda: lab.state is State.FINISHED)
        assert lab.board.notice["text"] == "η = 2, λ = 0.008; η = 4, λ = 0.004: RuntimeError: the machine has gone"
        assert np.isfinite(lab.history["mean_norm"][-1]).tolist() == [True, True, False, False, True, True]
        assert "of them failed" in lab.readings.value

    live(scenario)


def test_if_all_fail_for_one_reason_it_is_said_once() -> None:
    async def scenario() -> None:
        lab, executor = await sent_by_hand(lanes_per_task=1)
        for _ in range(6):
            executor.work(RuntimeError("the machine has gone"))
        await until(lambda: lab.state is State.FINISHED)
        assert lab.board.notice["text"].count("the machine has gone") == 1

    live(scenario)


def test_students_come_back_with_their_curves() -> None:
    async def scenario() -> None:
        with ThreadPoolExecutor(2) as pool:
            lab = teacher_student.recovery(pool, lanes_per_task=2, **STUDENTS)
            browser = Browser(lab.stage.figure).hello().settle()
            await played(lab)
            assert lab.state is State.FINISHED
            browser.settle()
        expected = students_sweep(lab.run.lanes, 2).run()
        np.testing.assert_array_equal(lab.history["fvu"][-1], expected["fvu"])
        for width in range(4):
            x, y = browser.points(0, width)
            assert x == [0, 20, 40, 60]
            assert y == pytest.approx((expected["found"][2 * width : 2 * width + 2].mean(0) / 3).tolist())
            assert browser.points(2, width)[1] == pytest.approx(expected["fvu"][2 * width : 2 * width + 2].tolist())
        assert steps_of(lab) == 60
        assert "8 of 8" in lab.readings.value

    live(scenario)


def test_going_back_a_step_sends_it_again_and_waits_there() -> None:
    async def scenario() -> None:
        with ThreadPoolExecutor(2) as pool:
            lab = periodic.period_map(pool, lanes_per_task=2, **MAP)
            await played(lab)
            first = lab.history["mean_norm"][-1].copy()
            lab.handle({"do": "go_to", "step": 2})
            await until(lambda: lab.state is State.PAUSED)
            assert len(lab.history) == 3
            lab.handle({"do": "play"})
            await until(lambda: lab.state is State.FINISHED)
            np.testing.assert_array_equal(lab.history["mean_norm"][-1], first)

    live(scenario)


def test_it_is_saved_with_a_row_for_each_cell_that_came() -> None:
    async def scenario() -> None:
        with ThreadPoolExecutor(2) as pool:
            lab, sent = periodic.period_map(pool, **MAP), []
            lab.panel.send = lambda content, buffers=None: sent.append((content, buffers))
            await played(lab)
            lab.handle({"do": "save", "kind": "csv", "lane": 0})
            await until(lambda: sent and sent[-1][0].get("type") == "file")
        text = gzip.decompress(bytes(sent[-1][1][0])).decode()
        rows = [line for line in text.splitlines() if not line.startswith("#")]
        assert len(rows) == 8
        assert "mean_norm [" in rows[0]

    live(scenario)


def test_what_is_no_executor_is_told_in_the_lab() -> None:
    async def scenario() -> None:
        lab = periodic.period_map(executor=3, **MAP)
        lab.handle({"do": "play"})
        await until(lambda: lab.state is State.FAILED)
        assert "an executor, or a function that makes one" in lab.board.notice["text"]

    live(scenario)
