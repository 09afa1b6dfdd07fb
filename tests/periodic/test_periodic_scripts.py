"""A lane's script needs torch only and gives the loss of the lane that it was made of, for all labs of lesson 6."""

import numpy as np
import pytest

from lessons.core.lanes import Lanes
from lessons.core.record import Change
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.periodic.conv_experiment import ConvPeriods
from lessons.periodic.conv_settings import ConvPeriodsSettings
from lessons.periodic.experiment import Periodic
from lessons.periodic.forecast import Forecast, ForecastSettings
from lessons.periodic.settings import PeriodicSettings
from lessons.periodic.stretching import Stretching, StretchingSettings
from lessons.periodic.successive import SuccessiveMinima
from tests.script_runs import Cases, ScriptRuns, every_lane

SHAPE = {"width": 12, "train_size": 60, "steps": 25, "seed": 3, "sharpness_every": 100}
LANES = [
    PeriodicSettings(**SHAPE),
    PeriodicSettings(**SHAPE, optimizer="heavy ball", momentum=0.8, penalty="λ|x|²", weight_decay=0.02),
    PeriodicSettings(**SHAPE, fixed_norm=True, learning_rate_decay=0.01, initial_norm=8.0),
    PeriodicSettings(**SHAPE, trainable_affine=True, trainable_last_layer=True, weight_decay=0.05),
    PeriodicSettings(**SHAPE, noise=0.4, shift=2, initial_norm=8.0),
]
BATCHES = [lane.model_copy(update={"batch_size": 16, "depth": 3, "learning_rate": 0.1}) for lane in LANES]
BARE = [
    lane.model_copy(update={"normalization": "none", "learning_rate": 0.02, "last_layer_norm": 2.0}) for lane in LANES
]
STRETCHED = [
    StretchingSettings(width=8, train_size=40, normalization=kind, stretch_affine=more, stretch_last_layer=more)
    for kind in ("batch norm", "none")
    for more in (False, True)
]
CONV_SHAPE = {"width": 4, "train_size": 150, "steps": 15, "batch_size": 50, "learning_rate": 0.1, "seed": 3}
CONV = [
    ConvPeriodsSettings(**CONV_SHAPE),
    ConvPeriodsSettings(**CONV_SHAPE, fixed_norm=True, weight_decay=0.05),
    ConvPeriodsSettings(**{**CONV_SHAPE, "batch_size": 150}),
]
MOVES = [
    (5, "learning_rate", 0.3),
    (8, "weight_decay", 0.1),
    (10, "fixed_norm", True),
    (15, "fixed_norm", False),
    (15, "momentum", 0.5),
]
CONV_MOVES = [
    (3, "weight_decay", 0.1),
    (5, "learning_rate", 0.05),
    (7, "fixed_norm", True),
    (11, "fixed_norm", False),
]


def record_of(experiment, settings, moves=()):
    changes = tuple(
        Change(step=step, lane=lane, field=name, value=value)
        for step, name, value in moves
        for lane in range(len(settings))
    )
    return experiment, Run(experiment, Lanes(settings)).record.model_copy(update={"changes": changes})


CASES: Cases = {
    "as they are": record_of(Periodic(), LANES),
    "changed": record_of(Periodic(), LANES, MOVES),
    "batches": record_of(Periodic(), BATCHES),
    "without batch norm": record_of(Periodic(), BARE),
    "forecast": record_of(Forecast(), [ForecastSettings(**SHAPE)]),
    "minima": record_of(SuccessiveMinima(), LANES[:1]),
    "stretched": record_of(Stretching(), STRETCHED),
    "convnet": record_of(ConvPeriods(), CONV),
    "convnet, changed": record_of(ConvPeriods(), CONV, CONV_MOVES),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> ScriptRuns:
    return ScriptRuns(CASES, tmp_path_factory.mktemp("scripts"))


@pytest.mark.parametrize(("case", "lane"), every_lane(CASES))
def test_a_script_gives_the_losses_of_the_lane(scripts, case, lane):
    """A training with torch.nn and torch.optim, step by step; no breakdown, which rounding decides, is in it."""
    np.testing.assert_allclose(scripts.losses[case, lane], scripts.expected[case][:, lane], rtol=2e-3)


def test_scripts_import_little_and_are_in_good_style(scripts):
    assert scripts.imports() == {"torch", "math", "base64", "hashlib", "zlib"}
    assert scripts.faults_of_style() == ""


def test_a_script_says_nothing_of_what_its_lane_does_not_use():
    plain, held = (lane_script(*CASES["as they are"], lane) for lane in (0, 2))
    for word in ("NOISE", "SHIFT", "BATCH_SIZE", "fixed_norm", "base_lr", "Affine"):
        assert word not in plain
    assert "fixed_norm" in held
    assert "base_lr" in held
