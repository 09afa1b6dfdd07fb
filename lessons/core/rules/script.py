"""The update rules as they are written with torch.optim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Protocol

from lessons.core.record import Change
from lessons.core.rules import RULES, Rule
from lessons.core.scripts.script import change_table, constant
from lessons.core.settings import SettingValues

_GROUP_NAMES = {"learning_rate": "lr"}  # what is called otherwise in an optimizer's group
_TINY = 1e-30

# A value that the settings have no field for is torch.optim's default.
_DEFAULTS = {"beta_2": "0.999", "weight_decay": "0.01"}


@dataclass(frozen=True)
class OptimizerText:
    """The paragraphs of a script that concern its optimizer; empty where there is nothing to say.

    Attributes:
        constants: Learning rate, momentum and what else the optimizer reads.
        changes: Table of the changes in flight.
        definition: The optimizer's class, where torch.optim has none.
        construction: The line that makes the optimizer.
    """

    constants: str
    changes: str
    definition: str
    construction: str


class OptimizerSettings(SettingValues, Protocol):
    """Settings with an optimizer."""

    @property
    def optimizer(self) -> str:
        """Name of the update rule."""

    @property
    def momentum(self) -> float:
        """Beta."""

    @property
    def steps(self) -> int:
        """Number of updates."""


def optimizer_text(settings: OptimizerSettings, changes: Sequence[Change], parameters: str) -> OptimizerText:
    """Write the optimizer of a lane.

    Args:
        settings: With `learning_rate`, too; `beta_2` and `weight_decay` if they may be chosen.
        changes: In the order of their steps; those of other settings than `learning_rate` and `momentum` are put into
            the optimizer's group, and a script must see to it that they have an effect there.
        parameters: An expression of what is trained.

    Raises:
        KeyError: If the update rule is unknown or has no text.
    """
    rule = RULES[settings.optimizer]
    used = [change for change in changes if change.field != "momentum" or "momentum" in rule.reads]
    entries = [(change.step, _GROUP_NAMES.get(change.field, change.field), _value(rule, change)) for change in used]
    text = rule.torch_text
    if text is None:
        raise KeyError(rule.name)
    if text.while_momentum_changes and any(change.field == "momentum" for change in used):
        text = text.while_momentum_changes
    values = {name: name.upper() if name in settings.fields() else value for name, value in _DEFAULTS.items()}
    return OptimizerText(
        constants=_constants(settings, rule),
        changes=change_table(entries, settings.steps),
        definition=text.definition,
        construction=f"optimizer = {text.call.format(parameters=parameters, **values)}",
    )


def _constants(settings: OptimizerSettings, rule: type[Rule]) -> str:
    known = [name for name in rule.reads if name in settings.fields()]
    lines = [_momentum(settings, rule) if name == "momentum" else constant(settings, name) for name in known]
    return "\n".join([constant(settings, "learning_rate"), *lines])


def _momentum(settings: OptimizerSettings, rule: type[Rule]) -> str:
    if settings.momentum or not _drops_velocity(rule):
        return constant(settings, "momentum")
    return f"MOMENTUM = {_TINY!r}  # momentum β is 0; at exactly 0 torch.optim.SGD would keep no velocity"


def _value(rule: type[Rule], change: Change) -> str:
    if change.field == "momentum" and not change.value and _drops_velocity(rule):
        return repr(_TINY)
    return repr(change.value)


def _drops_velocity(rule: type[Rule]) -> bool:
    return rule.torch_text is not None and rule.torch_text.drops_velocity
