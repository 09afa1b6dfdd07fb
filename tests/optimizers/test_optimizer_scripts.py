"""A lane's script needs torch only and gives the losses of the lane that it was made of."""

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
from lessons.core.settings import Settings
from lessons.optimizers.classifier import Classifier, ClassifierSettings
from lessons.optimizers.mixture import RULES
from lessons.optimizers.race import SURFACES, Race, RaceSettings
from tests.optimizers.references import GRADIENT_OPTIMIZERS

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

HYPER = {"momentum": 0.8, "beta_2": 0.95, "weight_decay": 0.3}
RATES = {"quadratic": 0.2, "Rosenbrock": 2e-4, "Beale": 2e-3, "saddle": 0.1, "two minima": 0.03}
MOVES = [(4, "learning_rate", 0.8), (9, "momentum", 0.6), (23, "learning_rate", 1.2)]
NOISY = [rule for rule in RULES if rule != "L-BFGS"]
SLOW = {"gradient descent": 0.1, "heavy ball": 0.03, "moving average": 0.1, "Nesterov": 0.03}


def race(surface: str, optimizer: str, **values) -> RaceSettings:
    start = dict(zip(("start_x", "start_y"), SURFACES[surface](Lanes([RaceSettings()])).start, strict=True))
    rate = {"Newton": 0.5, "L-BFGS": 1.0}.get(optimizer, RATES[surface])
    given = {"surface": surface, "optimizer": optimizer, "learning_rate": rate, "damping": 0.3, "steps": 50}
    return RaceSettings(**{**HYPER, **given, **start, **values})


def classifier(optimizer: str, **values) -> ClassifierSettings:
    shape = {"width": 6, "train_size": 60, "batch_size": 16, "measure_every": 100, "steps": 40, "seed": 5}
    rate = SLOW.get(optimizer, 0.003)
    return ClassifierSettings(**{"optimizer": optimizer, "learning_rate": rate, **HYPER, **shape, **values})


def changed(experiment: Experiment, settings: list[Settings], moves: list[tuple[int, str, float]]) -> RunRecord:
    """The record of a run in which each lane makes the same moves; learning rates are given as factors."""
    changes = [
        Change(step=step, lane=lane, field=name, value=value * own.learning_rate if "rate" in name else value)
        for step, name, value in moves
        for lane, own in enumerate(settings)
    ]
    return Run(experiment, Lanes(settings)).record.model_copy(update={"changes": tuple(changes)})


CASES: dict[str, tuple[Experiment, RunRecord]] = {
    **{s: (Race(), changed(Race(), [race(s, o) for o in RULES], [])) for s in RATES},
    "changed": (Race(), changed(Race(), [race("two minima", o) for o in RULES], MOVES)),
    "noisy": (
        Race(),
        changed(Race(), [race("quadratic", o, gradient_noise=0.1, steps=270, seed=3) for o in NOISY], []),
    ),
    "digits": (Classifier(), changed(Classifier(), [classifier(o) for o in GRADIENT_OPTIMIZERS], [])),
    "digits, changed": (Classifier(), changed(Classifier(), [classifier(o) for o in GRADIENT_OPTIMIZERS], MOVES)),
    "points": (
        Classifier(),
        changed(Classifier(), [classifier("Adam", data="moons", activation="relu", depth=2)], []),
    ),
    "full batch": (Classifier(), changed(Classifier(), [classifier("Quickprop", batch_size=100, depth=0)], [])),
}
LANES = [
    pytest.param(case, lane, id=f"{case}-{record.settings[lane]['optimizer']}")
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


@pytest.mark.parametrize(("case", "lane"), LANES)
def test_script_gives_the_losses_of_the_lane(losses, expected, case, lane):
    """In float64 up to rounding along the path, which Quickprop's quotients of small differences magnify most."""
    found, wanted = losses[case, lane], expected[case][:, lane]
    if isinstance(CASES[case][0], Race):
        np.testing.assert_allclose(found[:31], wanted[:31], rtol=1e-7, atol=1e-12)
        rough = CASES[case][1].settings[lane]["optimizer"] == "Quickprop"
        np.testing.assert_allclose(found, wanted, rtol=1e-6, atol=1e-6 if rough else 1e-12)
    else:
        np.testing.assert_allclose(found, wanted, rtol=2e-3, atol=1e-6)


@pytest.mark.parametrize(
    "lane", [{"surface": "net"}, {"optimizer": "L-BFGS", "gradient_noise": 0.1}], ids=["net", "noisy L-BFGS"]
)
def test_what_has_no_short_script_has_none(lane):
    assert lane_script(Race(), Run(Race(), Lanes([RaceSettings(**lane)])).record, 0) is None


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
