"""A student's script needs torch only and gives the loss of the lane that it was made of."""

import ast
import runpy

import numpy as np
import pytest

from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.core.scripts.script import lane_script
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.settings import TeacherStudentSettings

SHAPE = {"steps": 40, "horizon": 50, "seed": 3, "teacher_seed": 5, "measure_every": 50, "batch_size": 16}
SETTINGS = [
    TeacherStudentSettings(**SHAPE),
    TeacherStudentSettings(
        **SHAPE, data="fixed", schedule="constant", optimizer="gradient descent", strength_decay=1.0
    ),
    TeacherStudentSettings(**SHAPE, data="shuffled", left_out=4, train_size=50),
]
TWO_LAYERS = [
    TeacherStudentSettings(**SHAPE, depth=2, top_scale=0.5, init_scale=0.5, overparameterization=w, active_share=share)
    for w, share in ((1.0, 0.3), (2.5, 0.6))
]


@pytest.mark.parametrize("settings", [SETTINGS, TWO_LAYERS], ids=["one layer", "two layers"])
def test_a_script_repeats_its_lane_with_the_changes_made_in_flight(settings, tmp_path, capsys):
    run, losses = Run(TeacherStudent(), Lanes(settings)), []
    for measurement in run:
        losses.append(measurement["loss"].numpy())
        if run.step in (7, 20):
            run.change(0, "learning_rate", 0.03 + run.step / 1000)
            run.change(1, "momentum", 0.5)
    for lane in range(len(settings)):
        (tmp_path / "lane.py").write_text(lane_script(run.experiment, run.record, lane), encoding="utf-8")
        found = runpy.run_path(str(tmp_path / "lane.py"))["losses"]
        np.testing.assert_allclose(found, np.array(losses)[:, lane], rtol=2e-3, atol=1e-5)
        assert capsys.readouterr().out == "".join(f"{step} {loss}\n" for step, loss in enumerate(found))


def test_a_script_imports_torch_only():
    record = Run(TeacherStudent(), Lanes(SETTINGS)).record
    for node in ast.walk(ast.parse(lane_script(TeacherStudent(), record, 0))):
        if isinstance(node, ast.Import):
            assert {name.name for name in node.names} <= {"hashlib", "math", "torch"}
        if isinstance(node, ast.ImportFrom):
            assert node.module == "torch"


def test_there_is_no_script_of_a_run_in_which_a_node_was_shaken():
    run = Run(TeacherStudent(), Lanes(SETTINGS))
    next(run)
    run.change(1, "shaken_node", 2)
    assert lane_script(run.experiment, run.record, 1) is None
    assert lane_script(run.experiment, run.record, 0) is not None
