"""The command `python -m lessons.teacher_student widths`."""

from __future__ import annotations

import argparse
from collections.abc import Sequence

from lessons.core.sweeps.options import add_settings, given
from lessons.core.sweeps.sweep import Sweep
from lessons.core.sweeps.sweep_command import add_sweep_options, run_sweep
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import SEEDS, WIDTHS, students_sweep, width_lanes

NAME = "widths"
_HELP = """\
Train many students of several widths and write a table: what each one leaves unexplained of its teacher, and which of
the teacher's nodes it has found. Students are sent in tasks to the workers; the table grows as they come back."""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command `python -m lessons.teacher_student`; exit codes as those of `run_sweep`."""
    parser = argparse.ArgumentParser("python -m lessons.teacher_student")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    _describe(commands.add_parser(NAME, description=_HELP, help="many students of several widths"))
    options = parser.parse_args(arguments)
    return run_sweep(lambda: _sweep(options), options)


def _sweep(options: argparse.Namespace) -> Sweep:
    base = TeacherStudentSettings.checked(given(options, TeacherStudentSettings))
    if options.students < 1:
        raise ValueError(f"There must be at least 1 student of each width, not {options.students}.")
    return students_sweep(width_lanes(base, options.widths, options.students), options.lanes_per_task)


def _describe(parser: argparse.ArgumentParser) -> None:
    shown = " ".join(f"{width:g}" for width in WIDTHS)
    parser.add_argument(
        "--widths",
        type=float,
        nargs="+",
        default=WIDTHS,
        metavar="X",
        help=f"student nodes for each teacher node (default: {shown})",
    )
    parser.add_argument(
        "--students", type=int, default=SEEDS, metavar="N", help="of each width, from --seed on (default: %(default)s)"
    )
    add_sweep_options(parser, "widths.csv", 10)
    settings = parser.add_argument_group("settings", "What all students have in common.")
    add_settings(settings, TeacherStudentSettings, ("overparameterization", "shake", "shaken_node", "shake_again"))
