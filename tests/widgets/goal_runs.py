"""Plays labs headless, as they open and as one sets them to reach a goal, and what a goal reads of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from headless import VIEWS

from lessons.core.record import Change
from lessons.core.run import Run
from widgets.run.trial import Trial
from widgets.view.controls import Preset
from widgets.view.goals import Attempt
from widgets.view.view import LabView

LOOKS = 25  # how often a run is looked at
COUNT_DRAWS = ("five_draws",)  # labs whose goals count the other seeds of a lane


@dataclass(frozen=True)
class Way:
    """How a goal is reached from where its lab opens.

    Attributes:
        changes: What is set of all lanes; or a dict a lane, where they are set one by one.
        preset: The preset that is chosen before, by its name; "" for the one with which the lab opens.
        in_flight: What is changed while it runs.
        seeds: With which seeds it is reached; none for those that the preset has and the next two.
    """

    changes: dict[str, Any] | tuple[dict[str, Any], ...] = ()
    preset: str = ""
    in_flight: tuple[Change, ...] = ()
    seeds: tuple[int, ...] = ()


def looks(name: str, way: Way, seed: int | None = None, offset: int = 0) -> Iterator[Attempt]:
    """Play a lab to its end and yield what a goal reads of it, now and then and at the end.

    Args:
        name: Of the lab.
        way: What is set before.
        seed: Of all lanes, if it is set.
        offset: What is added to the seeds of the lanes otherwise.
    """
    view = VIEWS[name]()
    preset = next(each for each in view.presets if each.name == way.preset) if way.preset else view.opening
    settings = [view.settings_type.checked(lane) for lane in _lanes(view, preset, way)]
    if "seed" in view.settings_type.fields():
        settings = [each.with_value("seed", each.seed + offset if seed is None else seed) for each in settings]
    names = [f"lane {lane + 1}" for lane in range(len(settings))]
    run = Run(view.experiment, view.lanes(settings, names), scheduled=(*preset.changes, *way.in_flight))
    trial, chunk = Trial(run, trains=view.trains), []
    for measured in run:
        if measured is None:
            continue
        chunk.append(measured)
        if len(chunk) > run.steps // LOOKS:
            trial.take(chunk)
            chunk = []
            if trial.all_diverged:
                break
            yield _attempt(trial, finished=False)
    if chunk:
        trial.take(chunk)
    yield _attempt(trial, finished=True)


def seeds_of(name: str, way: Way) -> list[dict[str, int]]:
    """The seeds with which a way is gone, as arguments of `looks`."""
    if way.seeds:
        return [{"seed": seed} for seed in way.seeds]
    return [{"offset": offset} for offset in range(3 if "seed" in VIEWS[name]().settings_type.fields() else 1)]


def _lanes(view: LabView, preset: Preset, way: Way) -> list[dict[str, Any]]:
    spared = "other_seeds" in view.settings_type.fields() and view.name not in COUNT_DRAWS
    quick = {"other_seeds": 0} if spared else {}  # they change nothing in the lanes
    changes = way.changes if isinstance(way.changes, tuple) and way.changes else (way.changes,) * len(preset.lanes)
    return [{**lane, **quick, **dict(change)} for lane, change in zip(preset.lanes, changes, strict=True)]


def _attempt(trial: Trial, finished: bool) -> Attempt:
    return Attempt(
        history=trial.history,
        lanes=trial.run.lanes,
        ends=trial.ends,
        changes=trial.run.changes,
        steps=trial.steps,
        finished=finished,
    )
