"""A lane's standalone script needs torch only and gives the loss of the lane that it was made of."""

import ast
import json
import subprocess

import numpy as np
import pytest

from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.record import Change, RunRecord
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.core.settings import SettingError
from lessons.divergence.bowl import Bowl
from lessons.divergence.net import Net
from lessons.divergence.parabola import Parabola
from lessons.divergence.settings import BowlSettings, NetSettings, ParabolaSettings
from tests.script_runs import ISOLATED, NO_PACKAGE, Cases, ScriptRuns, changed, every_lane

QUADRATIC_RULES = ("gradient descent", "heavy ball", "moving average", "Nesterov")
RULES = (*QUADRATIC_RULES, "Adam")
DUMP = "import json; print(json.dumps(losses))"

PARABOLA = [ParabolaSettings(ratio=r, curvature=c) for r, c in ((0.3, 1.0), (1.9, 7.3), (2.0, 0.3), (2.4, 1.0))]
BOWL = [BowlSettings(optimizer=rule, learning_rate=0.4, dimension=2) for rule in QUADRATIC_RULES]
BOWL_WIDE = [
    BowlSettings(
        optimizer=rule,
        momentum=0.7,
        learning_rate=0.03,
        sharpness=9.0,
        condition_number=400.0,
        dimension=30,
        angle=-77.0,
    )
    for rule in QUADRATIC_RULES
]
BOWL_DIVERGING = [BowlSettings(learning_rate=40.0, steps=400), BowlSettings(learning_rate=2.02, condition_number=1.0)]
BOWL_STILL = [BowlSettings(optimizer=rule, momentum=0.0, learning_rate=0.4) for rule in QUADRATIC_RULES]
# Small enough that no lane is chaotic: a faster Adam turns a difference of 1e-6 at the start into tens of percent.
RATES = dict(zip(RULES, (0.05, 0.01, 0.05, 0.01, 0.001), strict=True))
TANH = [NetSettings(optimizer=r, learning_rate=RATES[r], momentum=0.8, train_size=100, steps=80, seed=7) for r in RULES]
RELU = [
    NetSettings(
        optimizer=rule,
        learning_rate=RATES[rule] / 2,
        loss="cross-entropy",
        activation="relu",
        width=11,
        depth=1,
        init_scale=1.3,
        train_size=60,
        steps=60,
        seed=2**31 - 1,
    )
    for rule in RULES
]
LINEAR = [NetSettings(activation="linear", depth=0, train_size=50, steps=50)]
MOVES = [(0, "learning_rate", 0.8), (4, "momentum", 0.5), (4, "momentum", 0.6), (30, "learning_rate", 0.5)]
STOPS = [(3, "momentum", 0.0), (9, "momentum", 0.8), (15, "momentum", 0.0)]


def parabola_changed() -> tuple[Experiment, RunRecord]:
    moves = [(0, 0, 1.5), (3, 1, 0.29), (3, 1, 1.3), (39, 2, 0.7), (40, 2, 0.1), (7, 0, 0.4)]
    changes = tuple(Change(step=s, lane=k, field="ratio", value=v) for s, k, v in moves)
    return Parabola(), Run(Parabola(), Lanes(PARABOLA)).record.model_copy(update={"changes": changes})


CASES: Cases = {
    "parabola": changed(Parabola(), PARABOLA, []),
    "parabola, changed": parabola_changed(),
    "bowl": changed(Bowl(), BOWL, []),
    "bowl, changed": changed(Bowl(), BOWL, MOVES),
    "bowl, wide": changed(Bowl(), BOWL_WIDE, MOVES),
    "bowl, diverging": changed(Bowl(), BOWL_DIVERGING[:1], []),
    "bowl, round": changed(Bowl(), BOWL_DIVERGING[1:], []),
    "bowl, momentum 0": changed(Bowl(), BOWL_STILL, []),
    "bowl, momentum to 0 and back": changed(Bowl(), BOWL, STOPS),
    "net": changed(Net(), TANH, []),
    "net, changed": changed(Net(), TANH, MOVES),
    "net, momentum to 0 and back": changed(Net(), TANH, STOPS),
    "net, relu": changed(Net(), RELU, []),
    "net, relu, learning rate changed": changed(Net(), RELU, MOVES[:1]),
    "net, linear": changed(Net(), LINEAR, []),
}
per_lane = pytest.mark.parametrize(("case", "lane"), every_lane(CASES))


def script_of(case: str, lane: int) -> str:
    text = lane_script(*CASES[case], lane)
    assert text is not None
    return text


def assert_agree(case: str, found: np.ndarray, expected: np.ndarray) -> None:
    assert len(found) == len(expected)
    if case.startswith("net"):
        np.testing.assert_allclose(found[:21], expected[:21], rtol=1e-4)
        np.testing.assert_allclose(found, expected, rtol=1e-2)
    else:
        np.testing.assert_allclose(found, expected, rtol=1e-9, atol=1e-25)


@pytest.fixture(scope="module")
def scripts(tmp_path_factory) -> ScriptRuns:
    return ScriptRuns(CASES, tmp_path_factory.mktemp("scripts"))


@per_lane
def test_script_gives_the_losses_of_the_lane(scripts, case, lane):
    assert_agree(case, scripts.losses[case, lane], scripts.expected[case][:, lane])


@pytest.mark.parametrize("case", ["parabola, changed", "bowl, changed", "net, changed"])
def test_script_by_itself_prints_step_and_loss(scripts, case):
    text = f"{NO_PACKAGE}\n{scripts.files[case, 1].read_text(encoding='utf-8')}\n{DUMP}\n"
    done = subprocess.run([*ISOLATED, "-c", text], capture_output=True, text=True)
    assert not done.stderr
    *printed, dumped = done.stdout.splitlines()
    assert_agree(case, np.array(json.loads(dumped)), scripts.expected[case][:, 1])
    assert [line.split() for line in printed] == [[str(s), repr(v)] for s, v in enumerate(json.loads(dumped))]


def test_scripts_import_torch_and_little_of_the_standard_library(scripts):
    assert scripts.imports() == {"torch", "math", "base64", "hashlib", "zlib"}


def test_scripts_are_formatted_and_free_of_what_ruff_finds(scripts):
    assert scripts.faults_of_style() == ""


@per_lane
def test_lines_are_short_but_for_the_data(case, lane):
    assert all(len(line) <= 120 for line in script_of(case, lane).splitlines() if not line.startswith("DATA = "))


@pytest.mark.parametrize("case", ["parabola", "bowl", "net"])
def test_script_takes_only_its_own_lane_and_only_changes_that_act(case):
    experiment, record = CASES[case]
    field = "ratio" if case == "parabola" else "learning_rate"
    steps = record.settings[0]["steps"]
    others = (Change(step=2, lane=1, field=field, value=0.25), Change(step=steps, lane=0, field=field, value=0.25))
    record = record.model_copy(update={"changes": others})
    assert lane_script(experiment, record, 0) == script_of(case, 0)
    assert "CHANGES = {\n    2: {" in lane_script(experiment, record, 1)


def test_momentum_of_gradient_descent_is_left_out():
    text = script_of("bowl, momentum to 0 and back", 0)
    assert "momentum" not in text.lower()
    assert "CHANGES" not in text


@pytest.mark.parametrize("name", ["a\nimport os", "a\r\u2028\x0cb", "'''\"\"\"\\", "=1+1", "x" * 5000])
def test_a_name_from_outside_stays_in_its_comment(name):
    experiment, record = CASES["parabola"]
    hostile = {"names": (name, *record.names[1:]), "torch_version": name, "device": name}
    text = lane_script(experiment, record.model_copy(update=hostile), 0)
    assert ast.dump(ast.parse(text)) == ast.dump(ast.parse(script_of("parabola", 0)))
    assert max(map(len, text.splitlines())) < 300


@pytest.mark.parametrize("lane", [-1, 4])
def test_a_lane_that_is_not_there_is_refused(lane):
    with pytest.raises(IndexError, match="no lane"):
        lane_script(*CASES["bowl"], lane)


@pytest.mark.parametrize(
    ("field", "value"), [("learning_rate", -1.0), ("learning_rate", "0); print(1"), ("angle", 3.0), ("speed", 1.0)]
)
def test_a_change_that_is_not_allowed_is_refused(field, value):
    experiment, record = CASES["bowl"]
    change = Change(step=1, lane=0, field=field, value=value)
    with pytest.raises(SettingError):
        lane_script(experiment, record.model_copy(update={"changes": (change,)}), 0)


def test_an_experiment_without_a_script_says_so():
    class Silent(Parabola):
        script = Experiment.script

    assert lane_script(Silent(), CASES["parabola"][1], 0) is None
