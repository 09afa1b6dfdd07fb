"""What the browser is sent while a lab runs."""

import asyncio

import numpy as np
import pytest
from headless import (
    INSTANT,
    LABS,
    SWEEPS,
    Browser,
    live,
    opened,
    opened_diverging,
    played,
)

from widgets.run_loop import State

KB = 1024

OTHER_SWEEPS = ("saddle", "condition", "outlier_shift")
# Labs whose first traces are another quantity than the loss at each step: figure, quantity, and how often.
DRAWN = {
    "scheduled_net": ("loss", "smoothed_loss", 1),
    "classifier": ("loss", "train_loss", 3),
    "gain": ("gain", "gain", 1),
    "proxy": ("error", "fresh_error", 1),
}
SEED_CLOUDS = ("net_seeds", "schedule_seeds")


@pytest.mark.parametrize("name", LABS)
def test_the_browser_ends_with_the_whole_run_and_no_frame_is_large(name: str) -> None:
    async def scenario() -> None:
        lab = opened(name)
        browser = Browser(lab.stage.figure).hello().settle()
        lab.handle({"do": "reset"})
        lab.handle({"do": "speed", "value": 300 if name in INSTANT else 30})
        lab.handle({"do": "play"})
        while lab.state is State.RUNNING:
            browser.draw()
            assert browser.unacknowledged <= 2
            await asyncio.sleep(0.005)
        browser.settle()
        traces = sum(map(len, browser.traces))
        assert len(browser.frames()) > 1
        matrices = sum(
            8 * op[3] for content, _ in browser.messages[:1] for op in content.get("ops", []) if len(op) == 6
        )
        assert max(cost for _, cost in browser.frames()) <= KB + KB * traces + matrices
        drawn = [[{**trace} for trace in figure] for figure in browser.traces]
        browser.hello().settle()
        assert browser.traces == drawn, "a second display shows the same"
        loss = lab.history["loss"].astype(float)
        if name in SEED_CLOUDS:
            seen = lab.history[lab.view.clouds[0].quantity].astype(float)
            median = np.quantile(seen, 0.5, axis=1, method="nearest")
            assert browser.points(0, 2) == (list(range(len(seen))), median.tolist())
        elif name == "noise_floor":
            rates, shown = browser.points(0, 0)
            assert shown == pytest.approx(loss[len(loss) // 2 :].mean(0).tolist())
        elif name == "range_test":
            rates, shown = browser.points(0, 0)
            assert rates == lab.history["learning_rate"][:, 0].tolist()
            assert shown == lab.history["smoothed_loss"][:, 0].tolist()
        elif name in OTHER_SWEEPS:
            assert browser.points(0, 0)[0]
        elif name in SWEEPS:
            rates, shown = browser.points(0, 0)
            assert rates == pytest.approx(lab.run.lanes.learning_rate.tolist())
            assert [v for v in shown if v is not None] == loss[-1][[v is not None for v in shown]].tolist()
        elif name == "parabola":
            assert browser.points(0, 1) == (lab.history["position"][:, 0].tolist(), loss[:, 0].tolist())
        else:
            figure_name, quantity, every = DRAWN.get(name, ("loss", "loss", 1))
            figure = list(lab.view.figures(["a"], ["#111"])).index(figure_name)
            loss = lab.history[quantity].astype(float)
            for lane in range(len(lab.run.lanes)):
                steps = list(range(0, len(loss), every))
                assert browser.points(figure, lane) == (steps, loss[steps, lane].tolist())

    live(scenario)


def test_a_lab_nobody_looks_at_sends_two_messages_and_trains_on() -> None:
    async def scenario() -> None:
        lab = opened("net")
        sent = lab.stage.figure.frames_sent
        browser = Browser(lab.stage.figure)
        await played(lab)
        assert sent + len(browser.messages) == 2
        assert len(lab.history) == 13
        assert browser.hello().settle().points(0, 0)[0] == list(range(13))

    live(scenario)


def test_a_blow_up_is_marked_and_the_mark_goes_with_the_next_run() -> None:
    async def scenario() -> None:
        lab = await opened_diverging("bowl")
        browser = Browser(lab.stage.figure).hello().settle()
        notes = browser.layouts[2]["annotations"]
        assert [note["text"] for note in notes] == [f"✕ {lab.panel.lanes[0]['status']}"]
        lab.handle({"do": "reset"})
        browser.settle()
        assert browser.layouts[2]["annotations"] == []

    live(scenario)
