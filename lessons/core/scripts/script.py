"""One lane of a run as a standalone PyTorch script: the parts that every topic's script is made of."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import indent

from lessons.core.experiment import Experiment
from lessons.core.lanes import OWN, Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.settings import Settings, SettingValues

_LONGEST_NAME = 60
GRADIENT_STEP = ("optimizer.zero_grad()", "loss.backward()", "optimizer.step()")


def lane_script(experiment: Experiment, record: RunRecord, lane: int) -> str | None:
    """Return a script that trains one lane of a recorded run again.

    None if the experiment has none, or the lane runs a function of the learner's own.

    The script needs torch and Python, and not this package. It trains on the CPU, prints step and loss, and leaves the
    list `losses`.

    Args:
        experiment: The experiment that was run.
        record: The run, with all its lanes.
        lane: Which of them.

    Raises:
        IndexError: If there is no such lane.
        SettingError: If a setting or a change in the record is not allowed.
    """
    if not 0 <= lane < len(record.settings):
        raise IndexError(f"There is no lane number {lane}; the run has {len(record.settings)}.")
    settings = experiment.settings_type.checked(record.settings[lane])
    if getattr(settings, "optimizer", "") == OWN:
        return None
    changes = _checked(settings, [change for change in record.changes if change.lane == lane])
    body = experiment.script(settings, changes)
    return None if body is None else f"{_heading(experiment, record, lane, settings)}\n\n{body}"


def constant(settings: SettingValues, field: str) -> str:
    """Return the line that sets one number as a constant, with the setting's title where that says more."""
    declared = settings.fields()[field]
    unit = f" in {declared.unit}" if declared.unit else ""
    comment = "" if declared.title == field else f"  # {declared.title}{unit}"
    return f"{field.upper()} = {getattr(settings, field)!r}{comment}"


def constants(settings: SettingValues, *fields: str, before: Sequence[str] = ()) -> str:
    """Return a line for each setting, after the lines that are given; empty ones are left out."""
    return "\n".join(line for line in (*before, *(constant(settings, field) for field in fields)) if line)


def change_table(entries: Sequence[tuple[int, str, str]], steps: int) -> str:
    """Return the table of changes in flight; empty if nothing changes.

    Args:
        entries: For each change: updates made so far, name in the optimizer's group, new value as an expression.
        steps: Length of the run; changes after the last update have no effect and are left out.
    """
    table: dict[int, dict[str, str]] = {}
    for step, name, value in entries:
        if step < steps:
            table.setdefault(step, {})[name] = value
    if not table:
        return ""
    rows = (", ".join(f'"{name}": {value}' for name, value in changed.items()) for changed in table.values())
    lines = [f"    {step}: {{{row}}}," for step, row in zip(table, rows, strict=True)]
    return "\n".join(
        [
            "# Changes in flight: after so many updates, what the optimizer uses from then on.",
            "CHANGES = {",
            *lines,
            "}",
        ]
    )


def training_loop(loss: Sequence[str], changing: bool, update: Sequence[str] = GRADIENT_STEP) -> str:
    """Return the loop.

    Args:
        loss: Lines that compute `loss`, from the number `step` of updates made so far.
        changing: Whether there is a table of changes.
        update: Lines that make one update.
    """
    lines = [
        *loss,
        "losses.append(loss.item())",
        "print(step, losses[-1])",
        "if step == STEPS:",
        "    break",
        *["optimizer.param_groups[0].update(CHANGES.get(step, {}))"] * changing,
        *update,
    ]
    return "losses = []\nfor step in range(STEPS + 1):\n" + indent("\n".join(lines), "    ")


def definitions(*texts: str) -> str:
    """Join functions and classes, two empty lines around each; empty ones are left out."""
    return "\n" + "\n\n\n".join(text for text in texts if text) + "\n"


def assembled(*paragraphs: str) -> str:
    """Join the paragraphs of a script; empty ones are left out."""
    return "\n\n".join(part for part in paragraphs if part.strip()) + "\n"


def _checked(settings: Settings, changes: Sequence[Change]) -> list[Change]:
    """The same changes in the order of their steps, each allowed, each value as the run keeps it."""
    lanes, kept = Lanes([settings]), []
    for change in sorted(changes, key=lambda change: change.step):
        lanes.change(0, change.field, change.value)
        kept.append(change.model_copy(update={"value": getattr(lanes.settings[0], change.field)}))
    return kept


def _heading(experiment: Experiment, record: RunRecord, lane: int, settings: Settings) -> str:
    chosen = [f"{field.label}: {getattr(settings, name)}" for name, field in settings.fields().items() if field.choices]
    lines = [
        experiment.title,
        f"Lane {_quoted(record.names[lane])} of a run in the Training Dynamics Lab.",
        f"It ran with torch {_quoted(record.torch_version)} on {_quoted(record.device)}. This script needs torch only.",
        *chosen,
    ]
    return "\n".join(f"# {line}" for line in lines)


def _quoted(text: str) -> str:
    """Text from outside, fit for a comment: on one line and not too long."""
    return repr(text if len(text) <= _LONGEST_NAME else text[:_LONGEST_NAME] + "…")
