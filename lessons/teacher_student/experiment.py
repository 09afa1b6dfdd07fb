"""Students, wider than their teacher, learn its nodes one by one."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.training import TrainingExperiment
from lessons.teacher_student.scripts import student_script
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.training import StudentTraining


class TeacherStudent(TrainingExperiment[TeacherStudentSettings]):
    """ReLU students of different widths learn the outputs of a fixed ReLU teacher.

    n is `teacher_width`, in each of L hidden layers, m the widest student's nodes; nodes that a network lacks have all
    weights 0 (see `padding.py`) and correlate with nothing. Measures, in float32: at each step `loss`
    (K,), half the squared error of the batch about to be used, summed over outputs. At every `measure_every`-th step on
    test inputs:

    - `fvu` (K,): fraction of variance unexplained, mean squared error over the targets' variance;
    - `train_fvu` (K,): the same on the fixed points; equal to `fvu` where data is fresh;
    - `best_correlation` (K, L, n): largest correlation of each teacher node with any student node of its layer;
    - `recovered` (K, L): teacher nodes for which that is above 0.99;
    - `weight_cosine` (K, n): largest cosine of each first-layer teacher node's weights and bias with any student's;
    - `effective_nodes` (K, L): participation ratio of the student nodes' contributions, see `overlap.py`;
    - `used_nodes` (K, L): student nodes that add at least a hundredth of what the largest contributor adds.

    A teacher node's weights are recovered, up to a positive factor between what goes in and what goes out, under
    assumptions: a teacher without noise, distinct nodes, Gaussian inputs in plenty, more student nodes than it has, and
    a learning rate that neither diverges nor ends too soon. With few fixed points it fails, at its own width at times.

    Snapshots, l from 1 to L: `correlation_l` and `initial_correlation_l` (K, m, n), student by teacher, now and at the
    start; `contribution_l` (K, m); `shake_rise` (K, m): how much `fvu` would rise if that node of the last hidden layer
    were shaken; `student_weights` and `first_weights`, now and at the start, both (K, m, D + 1), and `teacher_weights`
    (K, n, D + 1): first layer, bias last; and of all measurements so far, T of them, `trail_step` (K, T),
    `trail_correlation` (K, T, L, m): largest correlation of each student node with any teacher node of its layer, and
    `trail_contribution` (K, T, L, m).
    """

    name = "teacher and students"
    title = "Students learn a teacher's nodes"
    settings_type = TeacherStudentSettings
    references = (
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (luck matters)",
        "Tian 2020, arXiv 1909.13458 (specialization of students)",
        "Saad & Solla 1995, Physical Review E 52(4) (teacher and student on Gaussian inputs)",
    )
    training = StudentTraining

    def script(self, settings: TeacherStudentSettings, changes: Sequence[Change] = ()) -> str | None:
        return student_script(settings, changes)
