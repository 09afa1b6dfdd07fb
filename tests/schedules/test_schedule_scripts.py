"""A lane's script, under every schedule, needs torch only and gives the loss of the lane that it was made of."""

import numpy as np
import pytest

from lessons.core.scripts.script import lane_script
from lessons.schedules.net import ScheduledNet
from lessons.schedules.noisy_quadratic import NoisyQuadratic
from lessons.schedules.schedule_settings import DRAWN_FIELDS
from lessons.schedules.schedules import SCHEDULES
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings
from tests.script_runs import Cases, ScriptRuns, changed, every_lane

SHAPE = {"horizon": 40, "period": 10, "period_growth": 2, "floor": 0.1, "patience": 4, "smoothing": 0.7, "steps": 50}
SHAPE |= dict(zip(DRAWN_FIELDS, (0.03, 1.0, 1.0, 0.5, 0.5, 0.1, 0.1, 0.03, 0.01), strict=True))
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


CASES: Cases = {
    "quadratic": changed(NoisyQuadratic(), QUADRATIC, []),
    "quadratic, changed": changed(NoisyQuadratic(), QUADRATIC, MOVES),
    "quadratic, momentum changed": changed(NoisyQuadratic(), QUADRATIC, MOVES[1:2]),
    "net": changed(ScheduledNet(), NET, []),
    "net, changed": changed(ScheduledNet(), NET, MOVES),
    "net, cross-entropy in full batches": changed(ScheduledNet(), CROSS_ENTROPY, []),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> ScriptRuns:
    return ScriptRuns(CASES, tmp_path_factory.mktemp("scripts"))


@pytest.mark.claim(10)
@pytest.mark.parametrize(("case", "lane"), every_lane(CASES))
def test_script_gives_the_losses_of_the_lane(scripts, case, lane):
    relative = 1e-9 if case.startswith("quadratic") else 1e-3
    np.testing.assert_allclose(scripts.losses[case, lane], scripts.expected[case][:, lane], rtol=relative)


def test_schedules_of_torch_are_written_with_torch():
    for lane, (name, schedule) in enumerate(SCHEDULES.items()):
        text = lane_script(*CASES["net"], lane)
        written = "LambdaLR" if name in ("range test", "drawn") else schedule.torch_name
        assert (f"torch.optim.lr_scheduler.{written}(" in text) == (name != "constant")


def test_scripts_import_torch_and_little_of_the_standard_library(scripts):
    assert scripts.imports() == {"torch", "math", "base64", "hashlib", "zlib"}


def test_scripts_are_formatted_and_free_of_what_ruff_finds(scripts):
    assert scripts.faults_of_style() == ""
