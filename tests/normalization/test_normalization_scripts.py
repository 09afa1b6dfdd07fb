"""A lane's script, under every normalization, needs torch only and gives the loss of the lane that it was made of."""

import numpy as np
import pytest

from lessons.core.scripts.script import lane_script
from lessons.normalization.injected import InjectedNet, InjectedNetSettings
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from tests.script_runs import Cases, ScriptRuns, changed, every_lane

KINDS = NormalizedNetSettings.fields()["normalization"].choices
RULES = ("gradient descent", "heavy ball", "moving average", "Nesterov", "Adam")
RATES = dict(zip(RULES, (0.05, 0.01, 0.05, 0.01, 0.003), strict=True))
SHAPE = {"width": 12, "depth": 2, "train_size": 60, "steps": 30, "seed": 3, "measure_every": 100, "momentum": 0.8}
MIXED = [
    NormalizedNetSettings(normalization=k, optimizer=o, learning_rate=RATES[o], batch_size=16, **SHAPE)
    for k, o in zip(KINDS, RULES * 2, strict=False)
]
OTHER = {"loss": "cross-entropy", "activation": "tanh", "groups": 5}
SORTED = [lane.model_copy(update={**OTHER, "batches": "sorted by class"}) for lane in MIXED]
WHOLE = [lane.model_copy(update={"batch_size": 60, "activation": "linear"}) for lane in MIXED[:3]]
SINGLE = MIXED[KINDS.index("group")].model_copy(update={"groups": 12})  # a unit a group
SHIFTED = [InjectedNetSettings(**lane.model_dump(), injected=0.4) for lane in [*MIXED, SINGLE]]
CASES: Cases = {
    "mixed batches": changed(NormalizedNet(), MIXED, []),
    "sorted batches, changed": changed(NormalizedNet(), SORTED, [(4, "learning_rate", 0.5), (9, "momentum", 0.6)]),
    "full batches": changed(NormalizedNet(), WHOLE, []),
    "shift injected": changed(InjectedNet(), SHIFTED, []),
    "shift injected, changed": changed(InjectedNet(), SHIFTED, [(4, "learning_rate", 0.5), (9, "momentum", 0.6)]),
}


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> ScriptRuns:
    return ScriptRuns(CASES, tmp_path_factory.mktemp("scripts"))


@pytest.mark.claim(25)
@pytest.mark.parametrize(("case", "lane"), every_lane(CASES))
def test_a_script_gives_the_losses_of_the_lane(scripts, case, lane):
    """A training with torch.nn and torch.optim, step by step."""
    np.testing.assert_allclose(scripts.losses[case, lane], scripts.expected[case][:, lane], rtol=2e-3)


def test_normalizations_of_torch_are_written_with_torch():
    names = ("Linear(", "BatchNorm1d(", "LayerNorm(", "GroupNorm(", "RMSNorm(", ".weight_norm(", ".spectral_norm(")
    for lane, name in enumerate(names):
        assert name in lane_script(*CASES["mixed batches"], lane)


def test_scripts_import_little_and_are_in_good_style(scripts):
    assert scripts.imports() == {"torch", "math", "base64", "hashlib", "zlib"}
    assert scripts.faults_of_style() == ""


def test_there_is_no_script_where_torch_refuses_to_train():
    alone = changed(NormalizedNet(), [MIXED[1].model_copy(update={"batch_size": 1})], [])
    assert lane_script(*alone, 0) is None
