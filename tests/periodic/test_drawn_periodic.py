"""What the figures of lesson 6 keep, fit and leave out."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.run import Run
from lessons.periodic.forecast import ForecastSettings
from lessons.periodic.settings import PeriodicSettings
from tests.periodic.conftest import periodic_history
from tests.trace_named import trace_named
from widgets.figure.frame import Frame
from widgets.figure.marks import marks
from widgets.labs.periodic.circle import CircleView
from widgets.labs.periodic.forecast import POINTS, ForecastView
from widgets.labs.periodic.minima import MinimaView
from widgets.labs.periodic.period_map import MapView
from widgets.labs.periodic.periods import PeriodsView, predicted_norms, ticks
from widgets.labs.periodic.variants import VariantsView

pytestmark = pytest.mark.chaotic


class Screen:
    """Keeps what was drawn last."""

    def __init__(self) -> None:
        self.traces: dict[tuple[str, int], dict[str, np.ndarray]] = {}
        self.layout: dict[tuple[str, str], Any] = {}

    def replace(self, figure: str, trace: int, **columns: Any) -> None:
        self.traces[figure, trace] = {name: np.asarray(column, float) for name, column in columns.items()}

    def extend(self, figure: str, trace: int, x: np.ndarray, y: np.ndarray, path: bool = False) -> None:
        self.replace(figure, trace, x=x, y=y)

    def relayout(self, figure: str, changes: dict[str, Any]) -> None:
        self.layout.update({(figure, name): value for name, value in changes.items()})


def whole(history: History, lanes: Lanes) -> Frame:
    """All of a run that nobody has touched, in one frame."""
    rows, started = len(history["loss"]), [each.model_dump() for each in lanes.settings]
    return Frame(Screen(), history, 0, rows, lanes, [None] * len(lanes), [], started, 0)


def test_all_forecasts_stay_in_the_figure_with_the_norms_that_they_named(foretold):
    lanes = Lanes([ForecastSettings(steps=2400, sharpness_every=10_000, seed=seed) for seed in range(5)])
    frame = whole(foretold, lanes)
    ForecastView().draw(frame)
    made = np.unique(foretold["forecast_step"][:, 0])
    made = made[made >= 0]
    assert len(made) >= 2
    for name in ("if g were ℓ", "if g were L", "possible below", "certain below"):
        drawn = frame.screen.traces["norm", trace_named(ForecastView(), "norm", name, len(lanes))]
        assert np.isfinite(drawn["y"]).sum() == POINTS * len(made)
        assert drawn["x"][:: POINTS + 1].tolist() == made.tolist()


def test_the_plane_holds_the_paths_of_all_lanes_whichever_is_chosen():
    changed = ({}, {"learning_rate": 2.0, "weight_decay": 0.001, "initial_norm": 6.0})
    common = {"steps": 30, "width": 8, "train_size": 50, "sharpness_every": 100}
    lanes = Lanes([PeriodicSettings(**common, **each) for each in changed])
    history = periodic_history(lanes)
    frame = whole(history, lanes)
    CircleView().draw(frame)
    for axis, values in (("x", history["effective_gradient"]), ("y", history["norm"] ** 2)):
        low, high = frame.screen.layout["plane", f"{axis}axis.range"]
        assert low <= np.log10(values.min()) < np.log10(values.max()) <= high


def test_without_batch_norm_neither_pythagoras_nor_a_limit_is_drawn():
    common = {"steps": 10, "width": 8, "train_size": 50, "sharpness_every": 5, "learning_rate": 0.05}
    for normalization, known in (("batch norm", True), ("none", False)):
        lanes = Lanes([PeriodicSettings(**common, normalization=normalization)])
        frame = whole(periodic_history(lanes), lanes)
        PeriodsView().draw(frame)
        assert np.isfinite(predicted_norms(frame, 0, np.arange(1, 11))).all() == known
        limit = frame.screen.traces["rate", trace_named(PeriodsView(), "rate", "0, limit")]
        assert np.isfinite(limit["y"]).any() == known
        (rate,) = [reading for reading in PeriodsView().readings(frame) if reading.quantity == "η/ρ²"]
        assert (rate.predicted is not None) == known


def test_the_table_has_the_equilibrium_where_there_is_one():
    common = {"steps": 10, "width": 8, "train_size": 50, "sharpness_every": 100}
    lanes = Lanes([PeriodicSettings(**common), PeriodicSettings(**common, weight_decay=0.0)])
    readings = VariantsView().readings(whole(periodic_history(lanes), lanes))
    assert [each.lane for each in readings if each.quantity == "equilibrium √(κ·rms g)"] == [0]


@pytest.mark.parametrize(
    ("low", "high", "expected"), [(1, 40, "D2"), (0.01, 10, 1), (1e-5, 1e7, 2), (1, 1, "D2")], ids=str
)
def test_ticks_of_a_long_axis_are_decades(low, high, expected):
    assert ticks(np.array([low, np.nan, 0.0, high])) == expected


def test_the_map_has_axes_around_what_is_expected_before_a_period_is_known():
    """Periods are 0.3 to 2 over eta lambda, with momentum and without."""
    view = MapView()
    settings = view.settings_type(rows=2, columns=3, steps=3, width=8, train_size=50)
    lanes = view.lanes([settings], ["map"])
    frame = whole(periodic_history(lanes), lanes)
    view.begin(frame)
    view.draw(frame)
    products = (lanes.learning_rate * lanes.weight_decay).numpy()
    for axis, low, high in (("x", products.min(), products.max()), ("y", 0.3 / products.max(), 2 / products.min())):
        left, right = frame.screen.layout["law", f"{axis}axis.range"]
        assert left < np.log10(low) < np.log10(high) < right


def test_the_minima_have_axes_for_all_nets_before_the_first_is_found():
    view = MinimaView()
    lanes = view.lanes([view.settings_type(nets=3, steps=3, width=8, train_size=50)], ["nets"])
    history = History()
    history.extend(list(Run(view.experiment, lanes)))
    frame = whole(history, lanes)
    view.begin(frame)
    view.draw(frame)
    assert frame.screen.layout["successive", "xaxis.range"] == [0.5, 3.5]
    assert frame.screen.layout["successive", "yaxis.range"] == [3.5, 0.5], "the first on top"
    assert frame.screen.layout["errors", "yaxis.range"] == [0.0, 0.1]


def test_the_marks_stand_beside_the_names_of_their_lanes():
    axis = VariantsView().figures(["left alone", "no weight decay"], ["#111", "#222"])["moments"].layout.yaxis
    assert list(axis.ticktext) == ["left alone", "no weight decay"]
    assert list(axis.tickvals) == [1, 2]


def test_where_the_norm_was_held_and_freed_the_curves_say_on_and_off():
    changes = [Change(step=step, lane=0, field="fixed_norm", value=value) for step, value in ((10, True), (50, False))]
    notes = marks(changes, PeriodicSettings.fields(), [None], ["#111"], 100)["annotations"]
    assert [note["text"] for note in notes] == ["fix the norm → on", "fix the norm → off"]
