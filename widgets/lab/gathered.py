"""Runs of many learners as lanes of one: their settings, made to go together, each once."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from lessons.core.settings import SettingError, SettingField, Settings
from widgets.lab.link import linked_here
from widgets.view.view import LabView


@dataclass(frozen=True)
class Gathered:
    """The runs of a class.

    Attributes:
        settings: Those that were handed in, each once; those of most learners first.
        counts: How many learners handed them in.
        unusable: How many runs no lab of ours wrote, or cannot be trained beside the others.
    """

    settings: list[Settings]
    counts: list[int]
    unusable: int

    @property
    def compared(self) -> SettingField | None:
        """The number in which these settings differ most; None if they differ in none."""
        fields = [each for each in type(self.settings[0]).fields().values() if each.kind in ("number", "integer")]
        most = max(fields, key=self._values_of, default=None)
        return None if most is None or self._values_of(most) < 2 else most

    @property
    def names(self) -> list[str]:
        """A name a lane: its value of what is compared, and how many learners it is of, if it is not one."""
        compared, seen, names = self.compared, Counter[str](), []
        for settings, count in zip(self.settings, self.counts, strict=True):
            value = (
                "" if compared is None else f"{compared.symbol or compared.label} {getattr(settings, compared.name):g}"
            )
            name = value or "the class"
            seen[name] += 1
            again = f", {seen[name]}" if seen[name] > 1 else ""
            names.append(f"{name}{again}{f' ({count} learners)' if count > 1 else ''}")
        return names

    def _values_of(self, field: SettingField) -> int:
        return len({getattr(each, field.name) for each in self.settings})


def gathered(view: LabView, searches: Sequence[str]) -> Gathered:
    """Return the settings of the runs that links hold.

    Of each link its first lane counts. What all lanes of a run must agree in is for all as most have it.

    Args:
        view: The lab's.
        searches: A link's query string a learner.

    Raises:
        SettingError: If the lab makes its lanes itself, or no run can be used.
    """
    if view.spread is not None or not view.compare:
        raise SettingError(["This lab makes its lanes itself: runs of it cannot be trained side by side."])
    read = [_settings(view, search) for search in searches]
    usable = [each for each in read if each is not None]
    if not usable:
        raise SettingError(["None of the runs that were handed in can be trained in this lab."])
    shared = _agreed(view, usable)
    together = [_checked(view, {**each.model_dump(), **shared}) for each in usable]
    counted = Counter(each for each in together if each is not None)
    ordered = counted.most_common()
    return Gathered(
        [settings for settings, _ in ordered], [count for _, count in ordered], len(searches) - sum(counted.values())
    )


def _settings(view: LabView, search: str) -> Settings | None:
    try:
        found = linked_here(view.name, search)
    except SettingError:
        return None
    changed = {field: value for step, lane, field, value in found.changes if lane == 0 and step <= found.step}
    return _checked(view, {**found.lanes[0], **changed})


def _checked(view: LabView, values: dict[str, Any]) -> Settings | None:
    try:
        return view.settings_type.checked(values)
    except SettingError:
        return None


def _agreed(view: LabView, settings: Sequence[Settings]) -> dict[str, Any]:
    """The values of shared settings that most have."""
    shared = [name for name, field in view.settings_type.fields().items() if field.shared]
    return {name: Counter(getattr(each, name) for each in settings).most_common(1)[0][0] for name in shared}
