"""A topic's declaration of a lab: its experiment, controls and figures."""

from __future__ import annotations

from abc import ABC
from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, ClassVar, Generic, cast

import numpy as np
import plotly.graph_objects as go
from typing_extensions import TypeVar

from lessons.core.doctor import Vitals
from lessons.core.experiment import Experiment
from lessons.core.lanes import OWN, Lanes
from lessons.core.rules.lane_optimizer import rule_type
from lessons.core.settings import Settings, SettingsT
from lessons.core.spread import Spread
from widgets.figure.frame import Frame
from widgets.run.run_loop import FASTEST
from widgets.view.controls import MOST_LANES, Preset, Reading
from widgets.view.goals import Goal
from widgets.view.panels import Now, Panel

# Settings that the controls show, where they are not those of the lanes that run: a sweep makes many lanes of them.
ControlsT = TypeVar("ControlsT", bound=Settings, default=SettingsT)


class LabView(ABC, Generic[SettingsT, ControlsT]):
    """One topic's view: declares, draws, and holds no state between runs.

    Attributes:
        name: Name in links and in Python, unique among all labs.
        title: Name of the lab.
        experiment: What runs.
        spread: How one set of controls becomes many lanes; None if each set is one lane.
        shown: Names of the settings that matter, three at most: their controls are in sight, and the first is the
            one to touch first. All others are folded away (`more`).
        presets: Named situations; the first is the one a lab opens with.
        goals: What a learner may try to make a run do; the opening reaches none of them.
        own_goals: Those beside a function of the learner's: what is about the rules that come with a lab is left out.
        compare: Whether a person may add lanes.
        instant: Whether a change runs to the end at once (for runs of milliseconds) when somebody has played; Play
            replays at `speed`.
        covered: Names of figures in which nothing is drawn before somebody plays: the first measurement, or the theory
            beside it, would answer what a learner is asked to predict.
        speed: Steps a second at the start.
        rate_field: The setting that the doctor halves, or None if the lab has no doctor.
        seeds: How many seeds one set of controls uses, from `seed` on; "new seed" goes on after them.
        places: Figures in which a person can point: name -> the settings that x and y are, or that `pointed` makes of
            them. Their layout asks for it by `meta.pointer` (`widgets.figure.plots.placed`).
        methods: The settings that may say which method a lane is, and so its colour: the first in which the lanes
            differ (`widgets/figure/colours.py`).
        own: The learner's own function, or None; lanes whose `own_setting` is "your own" run it.
        own_setting: The choice that may be "your own".
        own_noun: What such a function is.
        own_call: How it is called, such as `rule(gradient, ...)`; empty where the lab takes none.
        trains: Whether the steps are updates, so that a lane whose loss explodes is lost; if they are not, it is where
            the loss is not a number.
        draws: Figures in which a person can draw a curve (`widgets.figure.plots.drawn`); `drawing` says what it stands
            for.
        waits: Whether a change waits for Play, as what it begins is dear.
        opens: Whether it makes the first quarter of its run by itself when it comes into view; not where that tells
            already what a learner is asked to predict.
        slow: Names of snapshots that it draws and that are computed in parts (`lessons.core.parts.InParts`): a frame
            and its readings wait until they are ready.
        step_figures: Names of the figures with the step on the x axis; changes in flight are marked there.
    """

    name: str
    title: str
    experiment: Experiment[SettingsT]
    spread: Spread[ControlsT, SettingsT] | None = None
    shown: ClassVar[tuple[str, ...]]
    presets: ClassVar[tuple[Preset, ...]]
    goals: tuple[Goal, ...] = ()
    own_goals: ClassVar[tuple[Goal, ...]] = ()
    compare: ClassVar[bool] = True
    instant: ClassVar[bool] = False
    covered: ClassVar[tuple[str, ...]] = ()
    speed: ClassVar[float] = FASTEST
    rate_field: ClassVar[str | None] = None
    seeds: ClassVar[int] = 1
    places: ClassVar[Mapping[str, tuple[str, ...]]] = {}
    draws: ClassVar[tuple[str, ...]] = ()
    step_figures: ClassVar[tuple[str, ...]] = ("loss",)
    methods: ClassVar[tuple[str, ...]] = ("optimizer",)
    own_setting: ClassVar[str] = "optimizer"
    own_noun: ClassVar[str] = "rule"
    own_call: ClassVar[str] = ""
    trains: ClassVar[bool] = True
    waits: ClassVar[bool] = False
    opens: ClassVar[bool] = True
    slow: ClassVar[tuple[str, ...]] = ()

    def __init__(self, own: Callable[..., Any] | None = None):
        self.own = own
        if own is not None:  # it may stand beside the lab without it, and a link is for one of them
            self.name, self.title = f"{self.name}_own", f"{self.title}, with a {self.own_noun} of your own"
            self.goals = self.own_goals

    @property
    def settings_type(self) -> type[ControlsT]:
        """Settings that the controls show; a sweep shows others than its experiment takes."""
        return cast(type[ControlsT], (self.spread or self.experiment).settings_type)

    @property
    def sweeps(self) -> bool:
        """True if one set of controls makes many lanes."""
        return self.spread is not None

    @property
    def more(self) -> tuple[str, ...]:
        """Names of further settings, whose controls are folded away: all others that may be set, unless a view names
        some."""
        fixed = self.spread.fixed if self.spread else ()
        return tuple(name for name in self.settings_type.fields() if name not in self.shown and name not in fixed)

    @property
    def controls(self) -> tuple[str, ...]:
        """Names of all settings that have a control."""
        return self.shown + self.more

    def lanes(self, settings: Sequence[ControlsT], names: Sequence[str]) -> Lanes[SettingsT]:
        """Return the lanes to run.

        Raises:
            SettingError: If these settings do not go together.
        """
        if self.spread is not None:
            return self.spread.lanes(settings, names)
        return Lanes(cast(Sequence[SettingsT], settings), names, self.own)

    @property
    def opening(self) -> Preset:
        """The preset that the lab opens with: its first, and beside it a lane with the learner's own function."""
        first = self.presets[0]
        if self.own is None:
            return first
        names = first.names or tuple(f"lane {k + 1}" for k in range(len(first.lanes)))
        lanes = (*first.lanes, {**first.lanes[0], self.own_setting: OWN})[-MOST_LANES:]
        says = (*first.says, self.own_setting) if first.says else ()
        return replace(first, lanes=lanes, names=(*names, "yours")[-MOST_LANES:], says=says)

    def hidden_choices(self, field: str) -> tuple[str, ...]:
        """Name the choices of a setting that its control does not offer."""
        return (OWN,) if field == self.own_setting and self.own is None else ()

    def idle(self, settings: ControlsT) -> tuple[str, ...]:
        """Name the settings that have no effect under the others; their controls are dimmed."""
        rule = rule_type(getattr(settings, "optimizer", OWN))
        return () if "momentum" in rule.reads else ("momentum",)

    def pointed(self, figure: str, x: float, y: float, settings: ControlsT) -> dict[str, float]:
        """Return the settings that a place in one of `places` stands for; `settings` are the chosen lane's now."""
        del settings
        return dict(zip(self.places[figure], (x, y), strict=True))

    def drawing(self, figure: str, x: np.ndarray, y: np.ndarray, settings: ControlsT) -> dict[str, Any]:
        """Return the settings that a drawn curve stands for, in the chosen lane.

        Args:
            figure: One of `draws`.
            x: Shape (columns,).
            y: Shape (columns,); NaN where nothing is drawn.
            settings: The lane's settings now.
        """
        del figure, x, y, settings
        return {}

    @property
    def panels(self) -> Mapping[str, Panel[SettingsT]]:
        """The figures by name, with the lines that are in them."""
        return {}

    @property
    def table(self) -> Sequence[Now[SettingsT]]:
        """The numbers that are shown of each lane."""
        return ()

    def drawn_lanes(self, frame: Frame[SettingsT]) -> int:
        """The number of lanes that the figures are made for: those of the controls."""
        return 1 if self.sweeps else len(frame.lanes)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        """Return the figures for these lanes, with empty traces."""
        return {name: panel.figure(f"{self.name}-{name}", names, colours) for name, panel in self.panels.items()}

    def begin(self, frame: Frame[SettingsT]) -> None:
        """Draw what depends on the settings alone: backgrounds, predictions. Again after each change in flight."""
        for name, panel in self.panels.items():
            panel.begin(frame, name, self.drawn_lanes(frame))

    def draw(self, frame: Frame[SettingsT]) -> None:
        """Draw the frame's new rows."""
        for name, panel in self.panels.items():
            panel.draw(frame, name, self.drawn_lanes(frame))

    def readings(self, frame: Frame[SettingsT]) -> list[Reading]:
        """Return the numbers to show now, measured and predicted."""
        return [each.reading(frame, lane) for lane in range(self.drawn_lanes(frame)) for each in self.table]

    def vitals(self, frame: Frame[SettingsT], lane: int) -> Vitals | None:
        """Return what the doctor needs to explain a blow-up, if this lab has one."""
        del frame, lane
        return None
