"""Settings as options of a command: each derives from the setting's declaration."""

from __future__ import annotations

import argparse
from collections.abc import Collection
from typing import Any

from lessons.core.settings import SettingField, Settings


def add_settings(parser: Any, settings_type: type[Settings], leave_out: Collection[str] = (), **defaults: Any) -> None:
    """Give a parser, or a group of one, an option for each setting.

    Whether a value is allowed is decided by the settings class.

    Args:
        parser: Where.
        settings_type: Whose settings.
        leave_out: Settings without an option.
        defaults: What to call the default where it is another than that of the settings class.
    """
    for name, field in settings_type.fields().items():
        if name not in leave_out:
            default = defaults.get(name, field.default)
            parser.add_argument(f"--{name.replace('_', '-')}", dest=name, default=None, **_option(field, default))


def given(options: argparse.Namespace, settings_type: type[Settings]) -> dict[str, Any]:
    """Return the settings that were given on the command line."""
    found = {name: getattr(options, name, None) for name in settings_type.fields()}
    return {name: value for name, value in found.items() if value is not None}


def _option(field: SettingField, default: Any) -> dict[str, Any]:
    text = f"{field.title}. {field.doc} ({field.allowed}; default: {default})".replace("%", "%%")
    if field.kind == "flag":
        return {"action": "store_true", "help": text}
    if field.kind == "choice":
        return {"choices": field.choices, "help": text}
    return {
        "type": int if field.kind == "integer" else float,
        "metavar": "N" if field.kind == "integer" else "X",
        "help": text,
    }
