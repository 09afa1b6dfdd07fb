"""A long run that was recorded: the table that its command left, packed and otherwise as it was."""

from __future__ import annotations

import gzip
from importlib.resources import files

from lessons.core.table import read_record
from lessons.periodic.long_run.settings import DATASET_DEFAULTS, LongRunSettings

_FILE = "convnet_digits.csv.gz"


def recorded_table() -> str:
    """Return the table, which `read_series` and `lessons.core.table.read_record` read."""
    return gzip.decompress(files(__package__).joinpath(_FILE).read_bytes()).decode("utf-8")


def command_of(table: str) -> str:
    """Return the command that makes a table again, but for `--out` and `--data`.

    Raises:
        ValueError: If the table has no record.
    """
    settings = read_record(table).settings[0]
    usual = LongRunSettings.checked({"dataset": settings["dataset"], **DATASET_DEFAULTS[settings["dataset"]]})
    first = LongRunSettings()  # what the command takes where no data set is named
    given = {name: value for name, value in settings.items() if value != getattr(usual, name)}
    if settings["dataset"] != first.dataset:
        given = {"dataset": settings["dataset"], **given}
    return " ".join(["python -m lessons.periodic", *(_option(name, value) for name, value in given.items())])


def _option(name: str, value: float | str) -> str:
    option = f"--{name.replace('_', '-')}"
    return option if value is True else f"{option} {value:g}" if isinstance(value, float) else f"{option} {value}"
