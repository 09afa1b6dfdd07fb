"""Hyperparameters that an optimizer does not read."""

from __future__ import annotations

from lessons.core.rules.lane_optimizer import rule_type
from lessons.optimizers.settings import ClassifierSettings, DescentSettings

_HYPERPARAMETERS = ("momentum", "beta_2", "weight_decay", "damping")


def idle_hyperparameters(settings: DescentSettings | ClassifierSettings) -> tuple[str, ...]:
    """Name the hyperparameters of a class of settings that its optimizer leaves out."""
    reads = rule_type(settings.optimizer).reads
    return tuple(name for name in _HYPERPARAMETERS if name in type(settings).model_fields and name not in reads)
