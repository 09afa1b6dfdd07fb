"""Which hyperparameters an optimizer does not read."""

from __future__ import annotations

from lessons.core.settings import Settings

_USES = {
    "momentum": ("heavy ball", "moving average", "Nesterov", "Adam", "AdamW", "your own"),
    "beta_2": ("RMSProp", "Adam", "AdamW"),
    "weight_decay": ("AdamW",),
    "damping": ("Newton",),
}


def idle_hyperparameters(settings: Settings) -> tuple[str, ...]:
    """Name the hyperparameters of a class of settings that its optimizer leaves out."""
    return tuple(
        name for name, users in _USES.items() if name in type(settings).model_fields and settings.optimizer not in users
    )
