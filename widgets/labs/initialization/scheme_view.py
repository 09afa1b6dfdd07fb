"""Parts that all labs of this lesson share: schemes as lanes, and the numbers that each is set by."""

from __future__ import annotations

from collections.abc import Sequence

from typing_extensions import TypeVar

from lessons.core.lanes import OWN, Lanes
from lessons.core.settings import SettingError
from lessons.initialization.schemes import SCHEMES
from lessons.initialization.settings import SchemeSettings
from lessons.initialization.training_settings import DeepNetSettings
from widgets.figure.plots import LOG
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel
from widgets.view.view import LabView

NUMBERS = ("gain", "deviation", "constant")
_MISSING = "No scheme of your own was given here; a notebook can give one: own=my_weights."

TRAINING_LOSS: Panel = OverSteps("Training loss over the run", "loss", Line("loss"), legend=True, **LOG)

SchemeSettingsT = TypeVar("SchemeSettingsT", bound=SchemeSettings)


class SchemeView(LabView[SchemeSettingsT]):
    """A view whose lanes differ in how their weights are drawn; one may be the learner's own."""

    own_setting = "scheme"
    methods = ("scheme", "activation")
    own_noun = "scheme"
    own_call = "weights(normal, layer, fan_in, fan_out)"

    def lanes(self, settings: Sequence[SchemeSettingsT], names: Sequence[str]) -> Lanes[SchemeSettingsT]:
        if self.own is None and any(each.scheme == OWN for each in settings):
            raise SettingError([_MISSING])
        return super().lanes(settings, names)

    def idle(self, settings: SchemeSettingsT) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_numbers(settings.scheme))


class DeepNetView(SchemeView[DeepNetSettings]):
    """A view of nets that are trained."""

    def idle(self, settings: DeepNetSettings) -> tuple[str, ...]:
        seedless = ("seed",) if settings.scheme in ("zeros", "constant") else ()
        return (*super().idle(settings), *seedless)


def idle_numbers(scheme: str) -> tuple[str, ...]:
    """Name the numbers that a scheme does not read."""
    used = () if scheme == OWN else SCHEMES[scheme].uses
    return tuple(name for name in NUMBERS if name not in used)
