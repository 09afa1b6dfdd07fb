"""Whatever a lab allows, bounds and changes in flight included: its script runs, and gives the lab's numbers.

`--hypothesis-profile=explore` tries twenty times as many, other ones each time.
"""

import contextlib
import io

import numpy as np
import pytest
import torch
from hypothesis import assume, given
from hypothesis import strategies as st

from lessons.core.experiment import Experiment
from lessons.core.record import RunRecord
from lessons.core.scripts.script import lane_script
from lessons.normalization.training import NormalizedNet
from lessons.normalization.training_settings import NormalizedNetSettings
from lessons.schedules.noisy_quadratic import NoisyQuadratic
from lessons.schedules.settings import NoisyQuadraticSettings
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings
from tests.allowed_runs import allowed_records, largest, losses, neighbour, record_of
from tests.core.test_experiment_contract import EXPERIMENTS

pytestmark = pytest.mark.slow

SCRIPTED = [cls for cls in EXPERIMENTS if cls.script is not Experiment.script]
every_script = pytest.mark.parametrize("cls", SCRIPTED, ids=lambda cls: cls.name)
# Relative: how far a neighbour is, how exact a script is, and how far the neighbour may get away before the comparison
# ends, as then the lab's own rounding decides; absolute: what counts as 0; as a factor: how far a loss may rise.
FLOAT64 = {"by": 1e-10, "exact": 1e-7, "apart": 1e-4, "zero": 1e-14, "rise": 1e100}
FLOAT32 = {"by": 1e-6, "exact": 1e-3, "apart": 1e-3, "zero": 1e-6, "rise": 10.0}


def printed_losses(text: str) -> np.ndarray:
    """Run a script in this process, in which torch is already there; returns what it prints."""
    said = io.StringIO()
    try:
        with contextlib.redirect_stdout(said):
            exec(compile(text, "script", "exec"), {"__name__": "__main__"})
    finally:
        torch.set_default_dtype(torch.float32)
    return np.array([float(line.split()[1]) for line in said.getvalue().splitlines()])


def check_script(experiment: Experiment, record: RunRecord) -> bool:
    """Compare a script with its lane as long as rounding has not decided; returns whether there is a script."""
    text = lane_script(experiment, record, 0)
    if text is None:
        return False
    wanted, found = losses(experiment, record), printed_losses(text)
    assert len(found) == len(wanted)
    bound = FLOAT64 if wanted.dtype == np.float64 else FLOAT32
    near = losses(experiment, neighbour(experiment, record, bound["by"]))
    highest = bound["rise"] * max(1.0, float(wanted[0]))
    for step, (lab, other, script) in enumerate(zip(wanted.tolist(), near.tolist(), found.tolist(), strict=True)):
        apart = abs(lab - other)
        if not (abs(lab) <= highest and apart <= bound["apart"] * abs(lab) + bound["zero"]):
            break
        allowed = bound["exact"] * abs(lab) + 100 * apart + bound["zero"]
        assert abs(lab - script) <= allowed, f"step {step}: {script}, and not {lab}"
    return True


@every_script
@given(data=st.data())
def test_a_script_gives_the_losses_of_any_lane_that_is_allowed(cls, data):
    assume(check_script(cls(), data.draw(allowed_records(cls()))))


@every_script
def test_a_script_gives_the_losses_of_the_largest_lane_that_is_allowed(cls):
    for settings in largest(cls()):
        assert check_script(cls(), record_of(cls(), settings, []))


@pytest.mark.parametrize(("horizon", "share"), [(10, 0.1), (20, 0.05), (100, 0.01)])
@pytest.mark.parametrize("moves", [[], [(2, "learning_rate", 0.3)]], ids=["", "changed"])
def test_one_cycle_whose_rise_takes_no_time(horizon, share, moves):
    """torch.optim.lr_scheduler.OneCycleLR divides by 0 where warmup share x length is 1."""
    shape = {"schedule": "one-cycle", "horizon": horizon, "warmup_share": share, "steps": horizon + 2}
    assert check_script(NoisyQuadratic(), record_of(NoisyQuadratic(), NoisyQuadraticSettings(**shape), moves))


@pytest.mark.parametrize("schedule", ["cosine", "constant"])
@pytest.mark.parametrize(
    ("momentum", "moves"),
    [(0.0, [(20, "momentum", 0.9)]), (0.9, [(12, "momentum", 0.0), (20, "momentum", 0.9)])],
    ids=["from 0", "through 0"],
)
def test_a_student_whose_momentum_is_0_for_a_while_keeps_its_velocity(schedule, momentum, moves):
    """torch.optim.SGD has no velocity at momentum 0, and an old one later: that made differences of 8 %."""
    settings = TeacherStudentSettings(schedule=schedule, steps=40, horizon=100, momentum=momentum)
    assert check_script(TeacherStudent(), record_of(TeacherStudent(), settings, moves))


@pytest.mark.parametrize("batch_size", [1, 2, 16])
def test_group_norm_with_one_unit_a_group(batch_size):
    """What nn.GroupNorm puts out is then rounding noise, and functional.group_norm refuses a single sample."""
    shape = {"normalization": "group", "groups": 16, "width": 16, "depth": 2, "train_size": 60, "learning_rate": 0.02}
    settings = NormalizedNetSettings(**shape, batch_size=batch_size, steps=8, follow_shift=False)
    assert check_script(NormalizedNet(), record_of(NormalizedNet(), settings, []))
