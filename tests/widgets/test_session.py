"""What goes on in a lab goes on without a widget, and has one truth of the lanes."""

import asyncio
from collections.abc import Callable

import pytest
from headless import CASES, HOT, ONE_RUN, SWEEPS, VIEWS, live, until
from ipywidgets.widgets.widget import _instances

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError, SettingField, Settings
from widgets.lab.lane_list import LaneList
from widgets.lab.session import News, Session
from widgets.lab.timeline import Timeline
from widgets.run.later import Later
from widgets.run.run_loop import State
from widgets.view.controls import Preset


def begun(name: str, on_news: Callable[[News], None] = lambda news: None, **changes: object) -> Session:
    """A session of a lab with small settings."""
    view = VIEWS[name]()
    lanes = LaneList.of(view.settings_type, Preset("", ""), {**CASES[name].small, **changes}, view.idle, view.methods)
    session = Session(view, lanes, on_news)
    session.start()
    return session


def other(declared: SettingField) -> object:
    """A value that is not the default."""
    if declared.kind in ("choice", "flag"):
        return declared.choices[1] if declared.choices else not declared.default
    low, high = declared.bounds
    value = low if declared.default == high else high
    return int(value) if declared.kind == "integer" else value


def agree(session: Session) -> bool:
    return list(session.run.lanes.settings) == session.lanes.settings


@pytest.mark.parametrize("name", ["parabola", "bowl_sweep", "tensor"])
def test_a_session_makes_no_widget(name: str) -> None:
    async def scenario() -> None:
        there = set(_instances)
        session = begun(name)
        session.step()
        session.change_lanes(session.lanes)
        session.play()
        await until(lambda: session.state is State.FINISHED)
        Timeline(session).go_to(1)
        await until(lambda: session.state is not State.RUNNING)
        assert session.run.step == 1
        assert set(_instances) == there

    live(scenario)


@pytest.mark.parametrize("name", [name for name in HOT if name in ONE_RUN])
def test_a_value_is_checked_once_and_is_the_value_of_lanes_and_run(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    field, value = HOT[name]

    async def scenario() -> None:
        session = begun(name)
        session.step()
        checked, made = [], []
        whole, init = Settings.checked.__func__, Lanes.__init__
        monkeypatch.setattr(Settings, "checked", classmethod(lambda cls, v: checked.append(v) or whole(cls, v)))
        monkeypatch.setattr(Lanes, "__init__", lambda self, *a, **k: made.append(self) or init(self, *a, **k))
        session.set(0, field, value)
        assert (len(checked), len(made)) == (1, 0), "in flight"
        assert agree(session)
        assert [change.value for change in session.run.changes] == [value]
        with pytest.raises(SettingError):
            session.set(0, field, "no value")
        assert agree(session)

    live(scenario)


def test_a_change_that_begins_another_run_makes_its_lanes_once(monkeypatch: pytest.MonkeyPatch) -> None:
    async def scenario() -> None:
        session, made, init = begun("net"), [], Lanes.__init__
        monkeypatch.setattr(Lanes, "__init__", lambda self, *a, **k: made.append(self) or init(self, *a, **k))
        session.set(0, "width", 6)
        assert session.due
        session.catch_up()
        assert made == [session.run.lanes]
        assert agree(session)
        session.reset()
        assert made == [made[0], session.run.lanes], "a run changes its lanes: another has its own"

    live(scenario)


def test_what_is_refused_leaves_lanes_and_run_as_they_are() -> None:
    async def scenario() -> None:
        news: list[News] = []
        session = begun("variance", news.append)
        news.clear()
        lanes, run = session.lanes, session.run
        with pytest.raises(SettingError, match="scheme of your own"):
            session.set(0, "scheme", "your own")
        assert (session.lanes, session.run, session.due, news) == (lanes, run, False, [])

    live(scenario)


@pytest.mark.parametrize("name", SWEEPS)
def test_a_sweep_begins_again_at_each_change_even_one_of_a_single_lane(name: str) -> None:
    """A learning rate of the map may change in flight in its lanes, but is not that of the map."""

    async def scenario() -> None:
        one = {"rows": 1, "columns": 1} if name == "period_map" else {}
        session = begun(name, **one)
        session.step()
        fields = session.view.settings_type.fields()
        lanes = session.run.lanes.fields
        hot = [name for name in session.view.controls if name in lanes and lanes[name].hot]
        for field in hot:
            session.set(0, field, other(fields[field]))
            assert session.due
            session.catch_up()
            assert not session.run.changes

    live(scenario)


def test_news_come_in_the_order_in_which_they_are_to_be_shown() -> None:
    async def scenario() -> None:
        news: list[News] = []
        session = begun("parabola", news.append)
        assert news == ["notice", "run", "measured", "state", "lanes"]
        news.clear()
        session.set(0, "start", 1.0)
        assert news == ["lanes"], "another run begins in a moment"
        session.catch_up()
        assert news[1:4] == ["notice", "run", "measured"]

    live(scenario)


def test_a_lane_may_be_renamed_before_somebody_plays_and_covered_figures_stay_covered() -> None:
    async def scenario() -> None:
        session = begun("parabola")
        session.rename(0, "mine")
        assert session.covered
        assert session.figure_names == session.run.lanes.names == ["mine"]

    live(scenario)


def test_an_action_is_put_off_replaced_carried_out_early_or_dropped() -> None:
    async def scenario() -> None:
        done: list[str] = []
        later = Later(0.01)
        later.ask(lambda: done.append("a"))
        later.ask(lambda: done.append("b"))
        assert later.due
        assert not done
        await asyncio.sleep(0.03)
        assert done == ["b"]
        assert not later.due
        later.ask(lambda: done.append("c"))
        later.now()
        later.now()
        later.ask(lambda: done.append("d"))
        assert (later.cancel(), later.cancel()) == (True, False)
        await asyncio.sleep(0.03)
        assert done == ["b", "c"]

    live(scenario)


def test_in_a_script_nothing_is_put_off() -> None:
    done: list[str] = []
    later = Later(100.0)
    later.ask(lambda: done.append("a"))
    assert done == ["a"]
    assert not later.due


def test_a_value_that_follows_a_new_lane_at_once_leaves_each_lane_a_name_in_the_figures() -> None:
    async def scenario() -> None:
        session = begun("bowl")
        session.change_lanes(session.lanes.add())
        session.set(1, "learning_rate", 0.123)
        session.catch_up()
        assert len(session.figure_names) == len(session.run.lanes) == len(session.lanes)

    live(scenario)
