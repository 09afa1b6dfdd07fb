"""A lane's script needs torch only and gives the loss of the lane that it was made of."""

import contextlib
import io
import subprocess
import sys
from collections.abc import Sequence

import numpy as np
import pytest
import torch

from lessons.core.activations import ACTIVATIONS
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.initialization.schemes import SCHEMES
from lessons.initialization.training import DeepNet
from lessons.initialization.training_settings import DeepNetSettings

SMALL = {"width": 8, "depth": 2, "train_size": 50, "steps": 20, "learning_rate": 0.02, "seed": 4, "constant": 0.03}
RULES = ("gradient descent", "heavy ball", "moving average", "Nesterov", "Adam")
LANES = [
    DeepNetSettings(scheme=s, activation=a, optimizer=o, **SMALL)
    for s, a, o in zip(SCHEMES, (*ACTIVATIONS, *ACTIVATIONS), RULES * 3, strict=False)
]


@pytest.fixture(scope="module")
def recorded():
    """The record of a run with changes in flight, and its losses, shape (T, K)."""
    run = Run(DeepNet(), Lanes(LANES))
    losses = []
    for measured in run:
        losses.append(measured["loss"])
        if measured.step == 7:
            for lane in range(len(LANES)):
                run.change(lane, "learning_rate", 0.03)
    return run.record, torch.stack(losses).numpy()


def finite_or_nan(losses: Sequence[float]) -> np.ndarray:
    """Where numbers overflow, whether a sum ends in inf or, through inf - inf, in nan is a matter of its order."""
    values = np.asarray(losses)
    return np.where(np.isfinite(values), values, np.nan)


@pytest.mark.parametrize("lane", range(len(LANES)), ids=lambda k: LANES[k].scheme)
def test_a_script_gives_the_losses_of_its_lane(recorded, lane):
    record, losses = recorded
    names: dict = {}
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(lane_script(DeepNet(), record, lane), "script", "exec"), names)
    np.testing.assert_allclose(finite_or_nan(names["losses"]), finite_or_nan(losses[:, lane]), rtol=1e-4)
    assert printed.getvalue().count("\n") == SMALL["steps"] + 1


def test_a_script_runs_by_itself(recorded, tmp_path):
    """In a Python that sees neither this package nor the folder it is in."""
    path = tmp_path / "script.py"
    lane = [settings.scheme for settings in LANES].index("orthogonal")
    path.write_text(lane_script(DeepNet(), recorded[0], lane), encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-I", "-W", "error", str(path)], capture_output=True, text=True, check=True, cwd=tmp_path
    )
    last = float(done.stdout.splitlines()[-1].split()[1])
    assert last == pytest.approx(recorded[1][-1, lane].item(), rel=1e-4)


def test_there_is_no_script_of_a_learners_own_scheme():
    run = Run(DeepNet(), Lanes([DeepNetSettings(scheme="your own", **SMALL)], own=lambda normal, *_: normal))
    assert lane_script(DeepNet(), run.record, 0) is None
