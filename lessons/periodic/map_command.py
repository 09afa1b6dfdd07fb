"""The command `python -m lessons.periodic map`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lessons.core.sweeps.options import add_settings, given
from lessons.core.sweeps.sweep import Sweep
from lessons.core.sweeps.sweep_command import add_sweep_options, run_sweep
from lessons.periodic.grid import LEARNING_RATES, SMALL_NET, WEIGHT_DECAYS, grid_lanes, map_sweep
from lessons.periodic.settings import PeriodicSettings

NAME = "map"
_HELP = """\
Train a small net at each learning rate and weight decay and write a table: breakdowns, mean period, norm at the
breakdowns and mean norm of each. Nets are sent in tasks to the workers; the table grows as they come back."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command; exit codes as those of `lessons.core.sweeps.sweep_command.run_sweep`."""
    options = _parser().parse_args(arguments)
    return run_sweep(lambda: _sweep(options), options)


def _sweep(options: argparse.Namespace) -> Sweep:
    lanes = grid_lanes(options.learning_rates, options.weight_decays, **given(options, PeriodicSettings))
    return map_sweep(lanes, options.lanes_per_task)


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(f"python -m lessons.periodic {NAME}", description=_HELP)
    for name, values in (("learning-rates", LEARNING_RATES), ("weight-decays", WEIGHT_DECAYS)):
        shown = " ".join(f"{value:g}" for value in values)
        parser.add_argument(f"--{name}", type=float, nargs="+", default=values, metavar="X", help=f"(default: {shown})")
    add_sweep_options(parser, "period_map.csv", 6)
    settings = parser.add_argument_group("settings", "What all cells have in common.")
    add_settings(settings, PeriodicSettings, ("learning_rate", "weight_decay"), **SMALL_NET)
    return parser
