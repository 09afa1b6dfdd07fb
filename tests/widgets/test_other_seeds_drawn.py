"""Other seeds in a lab: faint behind each lane, in no legend, no lanes of their own; right whatever is asked for."""

import ast
import asyncio
import csv

import numpy as np
import pytest
from headless import VIEWS, Browser, at_rest, live, opened, panel_agrees, played, refusal, snapshot, until
from test_saved_files import saved

from lessons.core.doctor import first_blow_up
from lessons.core.other_seeds import MOST_OTHERS, of_other_seeds
from lessons.core.run import Run
from lessons.core.table import read_record
from widgets.figure.covered import NoScreen
from widgets.run.run_loop import State
from widgets.view.other_seeds import all_seeds, mean_of_last

LABS = [
    name
    for name, view in VIEWS.items()
    if not view.spread and any(lane.get("other_seeds") for preset in view.presets for lane in preset.lanes)
]
every_lab = pytest.mark.parametrize("name", LABS)
LOSS = of_other_seeds("loss")


def faint(lab) -> dict[str, list]:
    """The traces of other seeds in each figure."""
    figures = lab.view.figures(lab.lanes.names, lab.lanes.colours)
    return {name: [trace for trace in each.data if "other seed" in trace.name] for name, each in figures.items()}


def test_each_comparison_of_lesson_5_that_trains_nets_has_them():
    assert {"normalized_net", "shift", "five_draws", "batches"} <= set(LABS)


@every_lab
def test_each_preset_has_some_and_they_can_be_left_out(name):
    view = VIEWS[name]()
    assert all(lane["other_seeds"] in (2, 4) for preset in view.presets for lane in preset.lanes)
    assert "other_seeds" in view.controls


@every_lab
def test_they_are_thin_see_through_behind_their_lane_and_neither_named_nor_hovered(name):
    lab = opened(name)
    figures = lab.view.figures(lab.lanes.names, lab.lanes.colours)
    assert any(faint(lab).values())
    for figure, traces in faint(lab).items():
        assert list(figures[figure].data[: len(traces)]) == traces, "drawn before, and so below, the lanes' own"
        assert [each.line.color for each in traces] == [c for c in lab.lanes.colours for _ in range(MOST_OTHERS)] or (
            not traces
        )
        for trace in traces:
            assert (trace.line.width, trace.showlegend, trace.hoverinfo) == (1, False, "skip")
            assert trace.opacity < 0.5


@every_lab
def test_without_them_nothing_is_faint_and_with_fewer_so_many_are_drawn(name):
    async def scenario() -> None:
        for count in (0, 2):
            lab = opened(name, other_seeds=count)
            browser = Browser(lab.stage.figure).hello().settle()
            await played(lab)
            browser.settle()
            lanes = len(lab.lanes)
            for number, traces in enumerate(faint(lab).values()):
                drawn = [len(browser.points(number, k)[0] or ()) > 0 for k in range(len(traces))]
                expected = ([True] * count + [False] * (MOST_OTHERS - count)) * lanes
                assert drawn == (expected if traces else [])
            assert (LOSS in lab.history) == (count > 0)

    live(scenario)


@every_lab
def test_numbers_names_and_script_are_those_of_a_lab_without_them(name):
    with_them, without = opened(name), opened(name, other_seeds=0)
    for lab in (with_them, without):
        lab.loop.forward(13)
    one, other = snapshot(with_them), snapshot(without)
    assert set(one) - set(other) == {of_other_seeds(each) for each in with_them.view.experiment.behind}
    assert all(one[each].tobytes() == other[each].tobytes() for each in other)
    assert with_them.session.fates == without.session.fates
    assert with_them.run.record.names == without.run.record.names
    assert len(with_them.run.record.settings) == len(with_them.lanes)
    assert code_of(saved(with_them, "script")[1]) == code_of(saved(without, "script")[1])


def code_of(script: str) -> str:
    """A script without its heading, which names all settings."""
    return ast.unparse(ast.parse(script).body[1:])


@every_lab
def test_a_change_in_flight_reaches_them_a_removed_lane_takes_its_own_and_another_brings_some(name):
    async def scenario() -> None:
        lab = opened(name, steps=200)
        lab.handle({"do": "play"})
        await until(lambda: lab.run.step >= 2)
        lab.change("learning_rate", 0.001, lane=1)
        lab.handle({"do": "pause"})
        assert panel_agrees(lab)
        (change,) = lab.run.changes
        lab.loop.forward(change.step + 4)
        untouched = opened(name, steps=200)
        untouched.loop.forward(change.step + 4)
        same = [
            lab.history[LOSS][: change.step + 4, lane].tobytes()
            == untouched.history[LOSS][: change.step + 4, lane].tobytes()
            for lane in range(len(lab.lanes))
        ]
        assert same == [lane != 1 for lane in range(len(lab.lanes))]
        count = len(lab.lanes)
        lab.handle({"do": "remove_lane", "lane": 1})
        await at_rest(lab)
        assert lab.history[LOSS].shape[1] == count - 1
        lab.handle({"do": "add_lane"})
        await at_rest(lab)
        assert lab.history[LOSS].shape[1] == count

    live(scenario)


def test_a_table_has_them_and_its_record_makes_the_run_again():
    lab = opened("normalized_net")
    lab.loop.forward(12)
    _, text = saved(lab, "csv")
    rows = list(csv.reader(line for line in text.splitlines() if not line.startswith("#")))
    column = rows[0].index(f"{LOSS}.3 [{lab.lanes.names[1]}]")
    np.testing.assert_array_equal(np.float32([row[column] for row in rows[1:]]), lab.history[LOSS][:, 1, 3])
    again = np.stack([each[LOSS].numpy() for each in Run.replay(lab.view.experiment, read_record(text))])
    assert again.tobytes() == lab.history[LOSS].tobytes()


def test_a_link_and_the_way_back_keep_them():
    async def scenario() -> None:
        lab = opened("normalized_net", steps=60)
        lab.handle({"do": "play"})
        await until(lambda: lab.run.step >= 5)
        lab.change("learning_rate", 0.02)
        await until(lambda: lab.run.step >= 40)
        lab.handle({"do": "pause"})
        before = snapshot(lab)[LOSS][:31].tobytes()
        query, _ = lab.timeline.link()
        lab.handle({"do": "go_to", "step": 30})
        await until(lambda: lab.run.step == 30 and lab.state is State.PAUSED)
        assert lab.history[LOSS][:31].tobytes() == before
        other = opened("normalized_net")
        other.handle({"do": "open_link", "search": query})
        await until(lambda: other.run.step >= 30)
        assert other.history[LOSS][:31].tobytes() == before

    live(scenario)


def test_a_curve_ends_where_its_seed_diverges_and_the_lane_is_not_lost():
    async def scenario() -> None:
        lab = opened("normalized_net", loss="squared error", learning_rate=3.0, steps=12, normalization="none")
        browser = Browser(lab.stage.figure).hello().settle()
        await played(lab)
        browser.settle()
        loss = lab.history[LOSS].reshape(len(lab.history), -1)
        ends = first_blow_up(loss, loss[0])
        for trace, end in enumerate(ends):
            assert len(browser.points(0, trace)[0]) == min(end + 1, len(loss))

    live(scenario)


def test_new_seed_goes_on_after_all_that_are_shown_and_no_seed_is_too_large():
    async def scenario() -> None:
        lab = opened("normalized_net", seed=3)
        lab.handle({"do": "new_seed"})
        await asyncio.sleep(0)
        assert {each.seed for each in lab.lanes.settings} == {8}
        largest = opened("normalized_net", seed=2**31 - 1)
        await played(largest)
        assert largest.state is State.FINISHED

    live(scenario)


def test_there_may_be_four_at_most():
    lab = opened("normalized_net")
    lab.change("other_seeds", 5)
    assert "0 to 4" in refusal(lab)


def test_the_table_beside_the_figures_has_their_range():
    lab = opened("batches")
    lab.loop.forward(9)
    frame = lab.session.trial.frame(NoScreen(), 0, 0)
    seeds = all_seeds(frame, "test_accuracy")
    assert seeds.shape == (len(lab.lanes), 5)
    np.testing.assert_array_equal(seeds[:, 0], lab.history.newest("test_accuracy"))
    shown = [each for each in lab.view.readings(frame) if each.quantity == "test accuracy, 5 seeds"]
    assert [each.lane for each in shown] == list(range(len(lab.lanes)))
    assert shown[0].measured == f"{seeds[0].min():.2g} to {seeds[0].max():.2g}"


def test_a_mean_of_the_last_steps():
    values = np.array([1.0, 2.0, 6.0, 7.0])
    np.testing.assert_allclose(mean_of_last(values, np.array([0, 1, 3]), 2), [1.0, 1.5, 6.5])
