"""A lane's script needs torch only and gives the losses of the lane that it was made of."""

import numpy as np
import pytest

from lessons.core.lanes import Lanes
from lessons.core.rules import RULES
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.optimizers.classifier import Classifier
from lessons.optimizers.race import SURFACES, Race
from lessons.optimizers.settings import ClassifierSettings, RaceSettings, ValleySettings
from lessons.optimizers.valley import Valley
from tests.optimizers.references import GRADIENT_OPTIMIZERS
from tests.script_runs import Cases, ScriptRuns, changed, every_lane

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


def valley(optimizer: str) -> ValleySettings:
    rate = {"Newton": 0.5, "L-BFGS": 1.0}.get(optimizer, 0.02)
    given = {"optimizer": optimizer, "learning_rate": rate, "damping": 0.3, "steps": 50}
    return ValleySettings(**HYPER, **given, condition_number=20.0, angle=25.0, loss_scale=5.0)


def classifier(optimizer: str, **values) -> ClassifierSettings:
    shape = {"width": 6, "train_size": 60, "batch_size": 16, "measure_every": 100, "steps": 40, "seed": 5}
    rate = SLOW.get(optimizer, 0.003)
    return ClassifierSettings(**{"optimizer": optimizer, "learning_rate": rate, **HYPER, **shape, **values})


CASES: Cases = {
    **{surface: changed(Race(), [race(surface, rule) for rule in RULES], []) for surface in RATES},
    "valley": changed(Valley(), [valley(rule) for rule in RULES], MOVES[::2]),
    "changed": changed(Race(), [race("two minima", rule) for rule in RULES], MOVES),
    "noisy": changed(Race(), [race("quadratic", rule, gradient_noise=0.1, steps=270, seed=3) for rule in NOISY], []),
    "digits": changed(Classifier(), [classifier(rule) for rule in GRADIENT_OPTIMIZERS], []),
    "digits, changed": changed(Classifier(), [classifier(rule) for rule in GRADIENT_OPTIMIZERS], MOVES),
    "points": changed(Classifier(), [classifier("Adam", data="moons", activation="relu", depth=2)], []),
    "full batch": changed(Classifier(), [classifier("Quickprop", batch_size=100, depth=0)], []),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> ScriptRuns:
    return ScriptRuns(CASES, tmp_path_factory.mktemp("scripts"))


@pytest.mark.parametrize(("case", "lane"), every_lane(CASES))
def test_script_gives_the_losses_of_the_lane(scripts, case, lane):
    """In float64 up to rounding along the path, which Quickprop's quotients of small differences magnify most."""
    found, wanted = scripts.losses[case, lane], scripts.expected[case][:, lane]
    if isinstance(CASES[case][0], Race | Valley):
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


def test_scripts_import_torch_and_little_of_the_standard_library(scripts):
    assert scripts.imports() == {"torch", "math", "base64", "hashlib", "zlib"}


def test_scripts_are_formatted_and_free_of_what_ruff_finds(scripts):
    assert scripts.faults_of_style() == ""
