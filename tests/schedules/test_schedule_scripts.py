"""A lane's script, under every schedule, needs torch only and gives the loss of the lane that it was made of."""

import ast
import json
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.run import Change, Run, RunRecord
from lessons.core.script import lane_script
from lessons.schedules.net import ScheduledNet, ScheduledNetSettings
from lessons.schedules.noisy_quadratic import NoisyQuadratic, NoisyQuadraticSettings
from lessons.schedules.schedules import SCHEDULES

ISOLATED = [sys.executable, "-I", "-W", "error"]
MANY = """
import contextlib, io, json, runpy, sys, torch
sys.modules['lessons'] = sys.modules['widgets'] = None  # importing them fails
torch.set_num_threads(1)
found = []
for path in sys.argv[1:]:
    torch.set_default_dtype(torch.float32)
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        found.append(runpy.run_path(path)["losses"])
    assert printed.getvalue() == "".join(f"{step} {loss}\\n" for step, loss in enumerate(found[-1]))
print(json.dumps(found))"""

SHAPE = {"horizon": 40, "period": 10, "period_growth": 2, "floor": 0.1, "patience": 4, "smoothing": 0.7, "steps": 50}
QUADRATIC = [
    NoisyQuadraticSettings(schedule=s, optimizer=o, learning_rate=0.3, dimension=3, replicas=5, seed=7, **SHAPE)
    for s, o in zip(SCHEDULES, ["gradient descent", "heavy ball"] * len(SCHEDULES), strict=False)
]
NET_SHAPE = {**SHAPE, "train_size": 60, "width": 8, "depth": 1, "init_scale": 0.7, "sharpness_every": 100, "seed": 3}
RULES = ("gradient descent", "heavy ball", "moving average", "Nesterov", "Adam")
RATES = dict(zip(RULES, (0.05, 0.01, 0.05, 0.01, 0.003), strict=True))
NET = [
    ScheduledNetSettings(schedule=s, optimizer=o, learning_rate=RATES[o], momentum=0.8, batch_size=16, **NET_SHAPE)
    for s, o in zip(SCHEDULES, RULES * len(SCHEDULES), strict=False)
]
CROSS_ENTROPY = [
    own.model_copy(update={"loss": "cross-entropy", "activation": "relu", "batch_size": 500}) for own in NET[:3]
]
MOVES = [(4, "learning_rate", 0.5), (4, "momentum", 0.6), (23, "learning_rate", 1.3)]


def changed(experiment: Experiment, settings: list, moves: list[tuple[int, str, float]]) -> RunRecord:
    """The record of a run in which each lane makes the same moves; learning rates are given as factors."""
    changes = [
        Change(step=step, lane=lane, field=field, value=value * own.learning_rate if "rate" in field else value)
        for step, field, value in moves
        for lane, own in enumerate(settings)
    ]
    return Run(experiment, Lanes(settings)).record.model_copy(update={"changes": tuple(changes)})


CASES: dict[str, tuple[Experiment, RunRecord]] = {
    "quadratic": (NoisyQuadratic(), changed(NoisyQuadratic(), QUADRATIC, [])),
    "quadratic, changed": (NoisyQuadratic(), changed(NoisyQuadratic(), QUADRATIC, MOVES)),
    "quadratic, momentum changed": (NoisyQuadratic(), changed(NoisyQuadratic(), QUADRATIC, MOVES[1:2])),
    "net": (ScheduledNet(), changed(ScheduledNet(), NET, [])),
    "net, changed": (ScheduledNet(), changed(ScheduledNet(), NET, MOVES)),
    "net, cross-entropy in full batches": (ScheduledNet(), changed(ScheduledNet(), CROSS_ENTROPY, [])),
}
LANES = [
    pytest.param(case, lane, id=f"{case}-{record.settings[lane]['schedule']}")
    for case, (_, record) in CASES.items()
    for lane in range(len(record.names))
]


@pytest.fixture(scope="module")
def files(tmp_path_factory) -> dict[tuple[str, int], Path]:
    """Each lane's script as a file."""
    folder, paths = tmp_path_factory.mktemp("scripts"), {}
    for number, (case, lane) in enumerate(parameter.values for parameter in LANES):
        paths[case, lane] = folder / f"script_{number}.py"
        paths[case, lane].write_text(lane_script(*CASES[case], lane), encoding="utf-8")
    return paths


@pytest.fixture(scope="module")
def losses(files) -> dict[tuple[str, int], np.ndarray]:
    """What the scripts leave in `losses`; all run in one process, as torch takes seconds to start."""
    done = subprocess.run([*ISOLATED, "-c", MANY, *map(str, files.values())], capture_output=True, text=True)
    assert not done.stderr
    return dict(zip(files, map(np.array, json.loads(done.stdout)), strict=True))


@pytest.fixture(scope="module")
def expected() -> dict[str, np.ndarray]:
    """The lab's losses, shape (T, K)."""
    return {case: np.stack([m["loss"].double().numpy() for m in Run.replay(*c)]) for case, c in CASES.items()}


@pytest.mark.claim(10)
@pytest.mark.parametrize(("case", "lane"), LANES)
def test_script_gives_the_losses_of_the_lane(losses, expected, case, lane):
    relative = 1e-9 if case.startswith("quadratic") else 1e-3
    np.testing.assert_allclose(losses[case, lane], expected[case][:, lane], rtol=relative)


def test_schedules_of_torch_are_written_with_torch():
    for lane, (name, schedule) in enumerate(SCHEDULES.items()):
        text = lane_script(*CASES["net"], lane)
        written = "LambdaLR" if name in ("range test", "drawn") else schedule.torch_name
        assert (f"torch.optim.lr_scheduler.{written}(" in text) == (name != "constant")


def test_scripts_import_torch_and_little_of_the_standard_library(files):
    modules = set()
    for path in files.values():
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            modules |= {alias.name for alias in node.names} if isinstance(node, ast.Import) else set()
            modules |= {node.module} if isinstance(node, ast.ImportFrom) else set()
    assert modules == {"torch", "math", "base64", "hashlib", "zlib"}


def test_scripts_are_formatted_and_free_of_what_ruff_finds(files):
    rules = ["--select", "E,F,W,I,UP,B,C4,SIM,RUF", "--ignore", "E501,RUF001,RUF002,RUF003"]
    ruff = [sys.executable, "-m", "ruff"]
    for command in (["check", *rules, "--target-version", "py311"], ["format", "--diff"]):
        done = subprocess.run(
            [*ruff, *command, "--isolated", "--line-length", "120", *map(str, files.values())],
            capture_output=True,
            text=True,
        )
        assert done.returncode == 0, done.stdout
