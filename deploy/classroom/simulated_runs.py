"""Runs that simulated learners hand in: a lab's settings, with the one that matters most moved somewhere on its slider.

What knows of labs is imported when the first run is asked for: with torch it takes some seconds, and a class that
collects none does without.
"""

from __future__ import annotations

import math
import pkgutil
from collections.abc import Iterator
from functools import cache
from importlib import import_module
from random import Random
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from lessons.core.settings import SettingField
    from widgets.view.view import LabView


def plausible_run(lab: str, chance: Random) -> str | None:
    """Return a link's query; None if no lesson has this lab, or nothing in it can be moved."""
    from widgets.lab.link import query

    moved = _moved(lab)
    if moved is None:
        return None
    held = {"names": ["lane 1"], "lanes": [{moved.name: _somewhere(moved, chance)}], "step": 0}
    return query(lab, held)


@cache
def _moved(lab: str) -> SettingField | None:
    """The first of the lab's numbers that its page shows and that may differ between lanes."""
    view = next((view for view in _views() if view.name == lab), None)
    if view is None:
        return None
    fields = view().settings_type.fields()
    numbers = [fields[name] for name in view.shown if name in fields]
    return next((each for each in numbers if each.slider_low is not None and not each.shared), None)


def _views() -> Iterator[type[LabView[Any, Any]]]:
    import widgets.labs
    from widgets.view.view import LabView

    for topic in pkgutil.iter_modules(widgets.labs.__path__):
        import_module(f"widgets.labs.{topic.name}")
    yield from _below(LabView)


def _below(base: type[LabView[Any, Any]]) -> Iterator[type[LabView[Any, Any]]]:
    for view in base.__subclasses__():
        if "name" in vars(view) and view.__module__.startswith("widgets.labs."):
            yield view
        yield from _below(view)


def _somewhere(field: SettingField, chance: Random) -> float:
    low, high = field.slider_low, field.slider_high
    assert low is not None
    assert high is not None
    if field.scale == "log":
        value = math.exp(chance.uniform(math.log(low), math.log(high)))
    else:
        value = chance.uniform(low, high)
    rounded = min(max(float(f"{value:.2g}"), low), high)  # people choose round numbers
    return round(rounded) if field.kind == "integer" else rounded
