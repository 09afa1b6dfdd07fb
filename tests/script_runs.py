"""Standalone scripts of lanes: written to files, run without this package, and read as text."""

from __future__ import annotations

import ast
import json
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from pathlib import Path

import numpy as np

from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.core.settings import Settings

Cases = Mapping[str, tuple[Experiment, RunRecord]]
ISOLATED = [sys.executable, "-I", "-W", "error"]
NO_PACKAGE = "import sys; sys.modules['lessons'] = sys.modules['widgets'] = None  # importing them fails"
_MANY = f"""{NO_PACKAGE}
import contextlib, io, json, runpy, torch
torch.set_num_threads(1)
found = []
for path in sys.argv[1:]:
    torch.set_default_dtype(torch.float32)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        found.append(runpy.run_path(path)["losses"])
    assert printed.getvalue() == "".join(f"{{step}} {{loss}}\\n" for step, loss in enumerate(found[-1]))
print(json.dumps(found))"""
_RULES = ["--select", "E,F,W,I,UP,B,C4,SIM,RUF", "--ignore", "E501,RUF001,RUF002,RUF003", "--target-version", "py311"]


def changed(
    experiment: Experiment, settings: Sequence[Settings], moves: Sequence[tuple[int, str, float]]
) -> tuple[Experiment, RunRecord]:
    """A case whose lanes all make the same moves (step, field, value); learning rates are given as factors."""
    changes = [
        Change(step=step, lane=lane, field=field, value=value * own.learning_rate if "rate" in field else value)
        for step, field, value in moves
        for lane, own in enumerate(settings)
    ]
    return experiment, Run(experiment, Lanes(settings)).record.model_copy(update={"changes": tuple(changes)})


def every_lane(cases: Cases) -> list[tuple[str, int]]:
    """Each case with each of its lanes."""
    return [(case, lane) for case, (_, record) in cases.items() for lane in range(len(record.names))]


def losses_of(scripts: Iterable[Path]) -> list[np.ndarray]:
    """What each script leaves in `losses` and has printed; all in one process, as torch takes seconds to start."""
    done = subprocess.run([*ISOLATED, "-c", _MANY, *map(str, scripts)], capture_output=True, text=True)
    assert not done.stderr
    return [np.array(losses) for losses in json.loads(done.stdout)]


class ScriptRuns:
    """The scripts of all lanes of some cases.

    Args:
        cases: An experiment and the record of a run of it, by name.
        folder: Where the scripts are written.
    """

    def __init__(self, cases: Cases, folder: Path):
        self._cases = cases
        self.files: dict[tuple[str, int], Path] = {}
        for number, (case, lane) in enumerate(every_lane(cases)):
            self.files[case, lane] = folder / f"script_{number}.py"
            self.files[case, lane].write_text(lane_script(*cases[case], lane), encoding="utf-8")

    @cached_property
    def losses(self) -> dict[tuple[str, int], np.ndarray]:
        """What each script leaves in `losses`."""
        return dict(zip(self.files, losses_of(self.files.values()), strict=True))

    @cached_property
    def expected(self) -> dict[str, np.ndarray]:
        """The lab's losses, shape (T, K)."""
        return {case: np.stack([m["loss"].double().numpy() for m in Run.replay(*c)]) for case, c in self._cases.items()}

    def imports(self) -> set[str]:
        """All modules that any of the scripts imports."""
        modules = set()
        for path in self.files.values():
            for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
                modules |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
                modules |= {node.module} if isinstance(node, ast.ImportFrom) else set()
        return modules

    def faults_of_style(self) -> str:
        """What ruff finds in the scripts, and how it would format them; empty if nothing."""
        said = ""
        for command in (["check", *_RULES], ["format", "--diff"]):
            ruff = [sys.executable, "-m", "ruff", *command, "--isolated", "--line-length", "120"]
            done = subprocess.run([*ruff, *map(str, self.files.values())], capture_output=True, text=True)
            said += done.stdout if done.returncode else ""
        return said
