"""From a settings field to the description of a control, and from presets and lanes to what the panel shows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import Any, Literal

import torch

from lessons.core.record import Change
from lessons.core.settings import SettingError, SettingField, Settings
from widgets.figure.colours import LANE_COLOURS

MOST_LANES = len(LANE_COLOURS)


@dataclass(frozen=True)
class Preset:
    """A named situation: lanes as changes to the defaults, and one sentence on what to see.

    `says` are the settings that the names of the lanes tell of, where `widgets.lab.lane_names.said` does not find them.
    `changes` are made by themselves at their steps, as by a hand; not in a view's first preset, with which a lab opens,
    nor where the lanes that run are others than those that are listed.
    """

    name: str
    sentence: str
    lanes: tuple[dict[str, Any], ...] = ({},)
    names: tuple[str, ...] = ()
    speed: float | None = None
    says: tuple[str, ...] = ()
    changes: tuple[Change, ...] = ()

    def with_lanes(self, lanes: Any) -> Preset:
        """Return the preset with other lanes.

        Raises:
            SettingError: If the lanes are no list of dicts of settings.
        """
        if not (isinstance(lanes, list) and 0 < len(lanes) <= MOST_LANES and all(isinstance(e, dict) for e in lanes)):
            raise SettingError([f"lanes is a list of 1 to {MOST_LANES} dicts of settings."])
        names = tuple(str(lane.get("name", f"lane {k + 1}"))[:40] for k, lane in enumerate(lanes))
        wanted = tuple({k: v for k, v in lane.items() if k != "name"} for lane in lanes)
        return replace(self, lanes=wanted, names=names, says=(), changes=())


@dataclass(frozen=True)
class Reading:
    """One line of the table beside the figures: a number measured now, and the one that it is compared with.

    Attributes:
        lane: Whose it is.
        quantity: What it is.
        measured: The number, or words.
        predicted: What it is compared with, where there is something.
        beside: What that is: the value that theory gives, the one reached in the long run, a limit on one side of which
            something else happens, a bound that is not passed, or what chance alone would give.
        step: The step at which it was measured, where that is not the present one.
    """

    lane: int
    quantity: str
    measured: float | str
    predicted: float | None = None
    beside: Literal["theory", "long run", "limit", "at most", "at best", "chance"] = "theory"
    step: int | None = None

    @property
    def ratio(self) -> float | None:
        """Measured over predicted; None where that says nothing: beside chance, zero, or what is no number."""
        if isinstance(self.measured, str) or not self.predicted or self.beside == "chance":
            return None
        known = math.isfinite(self.measured) and math.isfinite(self.predicted)
        return self.measured / self.predicted if known else None


@dataclass
class Notice:
    """A sentence shown in the lab; `details` fold open."""

    kind: str = ""
    text: str = ""
    details: str = ""
    actions: list[dict[str, str]] = field(default_factory=list)

    def as_dict(self) -> dict[str, Any]:
        """For the browser."""
        return asdict(self)


def devices() -> list[str]:
    """Name the devices to train on."""
    return ["cpu", "cuda"] if torch.cuda.is_available() else ["cpu"]


def control(declared: SettingField) -> dict[str, Any]:
    """Describe the control of one setting for the browser."""
    described = asdict(declared)
    described["allowed"] = declared.allowed
    described["title"] = declared.title
    return described


def controls(settings_type: type[Settings], shown: tuple[str, ...], more: tuple[str, ...]) -> list[dict[str, Any]]:
    """Describe the controls of the named settings, in that order; those in `more` are folded away.

    Raises:
        KeyError: If there is no such setting.
    """
    fields = settings_type.fields()
    return [{**control(fields[name]), "folded": name in more} for name in (*shown, *more)]
