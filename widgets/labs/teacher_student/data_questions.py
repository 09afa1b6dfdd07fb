"""Questions of lesson 7 on data: random labels, width, biases, and structure."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar, Literal

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.teacher_student.bias_signs import BiasSigns, BiasSignsSettings
from lessons.teacher_student.experiment import TeacherStudent
from lessons.teacher_student.memorization import Memorization, MemorizationSettings
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.width import DoubleDescent, DoubleDescentSettings, peak_row
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import Line
from widgets.view.panels import Panel

FIRST, SECOND = LANE_COLOURS[:2]
TICKS = (4, 10, 30, 100, 300, 1000, 2000)


class RandomLabels(Question[MemorizationSettings]):
    name = "random_labels"
    prompt = (
        "300 images of digits get random labels. A net with 256 hidden units is trained on them for 200 steps. On what "
        "percentage of these images does it reproduce the random label?"
    )
    answer = Number(low=0, high=100, step=1, tolerance=8, unit="%")
    experiment = Memorization()

    def lanes(self) -> Lanes[MemorizationSettings]:
        return Lanes([MemorizationSettings(random_share=1.0, steps=200)])

    @property
    def panel(self) -> Panel[MemorizationSettings]:
        return Panel(
            "Accuracy over the run",
            "step",
            "accuracy",
            Line("train_accuracy", each=[("training images", FIRST)]),
            Line("test_accuracy", each=[("other images, real labels", SECOND)]),
            yaxis_range=[0, 1.03],
            showlegend=True,
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        train, test = (float(history[name][-1, 0]) for name in ("train_accuracy", "test_accuracy"))
        return Outcome(
            # holds: l7_random_labels
            100 * train,
            f"On {train:.1%} of them. On other images it was right on {test:.1%}: it might as well guess. That a net "
            "fits its training data says nothing about what it has understood.",
            (
                Misreading(10, "That is guessing, one in ten. It guesses on *new* images; these it has memorized."),
                Misreading(50, "There is no rule to find, and none is needed: 19,210 parameters memorize 300 labels."),
            ),
        )


class StructureFirst(Question[MemorizationSettings]):
    name = "structure_first"
    prompt = (
        "Half of the labels are random now. After eight steps of training, what percentage of the images with a wrong "
        "label does the net assign to the class that they really show, which nobody told it?"
    )
    answer = Number(low=0, high=100, step=1, tolerance=15, unit="%")
    experiment = Memorization()
    asked: ClassVar = 8

    def lanes(self) -> Lanes[MemorizationSettings]:
        return Lanes([MemorizationSettings(random_share=0.5, steps=100, seed=seed) for seed in range(5)])

    @property
    def panel(self) -> Panel[MemorizationSettings]:
        return Panel(
            "Images with a wrong label, mean of five nets",
            "step",
            "share of these images",
            Line(_mean("wrong_seen_through"), each=[("put to what they really show", FIRST)]),
            Line(_mean("wrong_memorized"), each=[("put to the wrong label", SECOND)]),
            yaxis_range=[0, 1.03],
            showlegend=True,
        )

    def outcome(self, history: History, lanes: Lanes[MemorizationSettings]) -> Outcome:
        seen, memorized = (history[name].mean(1) for name in ("wrong_seen_through", "wrong_memorized"))
        return Outcome(
            # holds: l7_structure_first
            100 * float(seen[self.asked]),
            f"{seen[self.asked]:.0%} of them on average over five nets, and {memorized[self.asked]:.0%} to the wrong "
            f"label; at the end {seen[-1]:.0%} and {memorized[-1]:.0%}. What the labels have in common is learned "
            "first; the noise is memorized afterwards, image by image.",
            (Misreading(10, "That is guessing. The right half of the labels has a rule, and the net has found it."),),
        )


def _mean(quantity: str) -> Callable[[Frame[MemorizationSettings], int, np.ndarray], np.ndarray]:
    """The mean of a quantity over all lanes."""
    return lambda frame, _, steps: frame.history[quantity][steps].mean(1)


class WidthSketch(Question[DoubleDescentSettings]):
    name = "width_sketch"
    prompt = (
        "150 images, a fifth of them with random labels; the hidden units are random, the layer above them is fitted. "
        "Sketch the test error from 4 units to 2000."
    )
    statement = "More parameters only help: the wider the net, the lower its test error."
    answer = Sketch(tolerance=0.13)
    experiment = DoubleDescent()

    def lanes(self) -> Lanes[DoubleDescentSettings]:
        return Lanes([DoubleDescentSettings(steps=76)])

    @property
    def panel(self) -> Panel[DoubleDescentSettings]:
        return SketchPanel(
            "Test error",
            "width, units",
            "test error",
            lambda history: (np.log10(history["width"][:, 0]), history["test_error"][:, 0]),
            hoverinfo="skip",
            xaxis_range=[0.6, 3.3],
            xaxis_tickvals=np.log10(TICKS).tolist(),
            xaxis_ticktext=[str(tick) for tick in TICKS],
            yaxis_range=[0, 1],
        )

    def outcome(self, history: History, lanes: Lanes[DoubleDescentSettings]) -> Outcome:
        width, error = history["width"][:, 0].astype(float), history["test_error"][:, 0].astype(float)
        peak = peak_row(width, error, lanes.shared.train_size)
        if peak is None:
            said = f"It fell to {error[-1]:.2f} without a peak."
        else:
            said = (
                f"It fell to {error[:peak].min():.2f}, rose to {error[peak]:.2f} at a width of {width[peak]:.0f}, near "
                f"the number of images, and fell to {error[-1]:.2f}. Towards the peak more parameters hurt, beyond "
                "it they help. The right penalty removes the peak, so it is not a law either."
            )
        return Outcome((np.log10(width), error), said)


def _negative(frame: Frame[BiasSignsSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["negative_share"][steps, lane, 1]


class NegativeBiases(Question[BiasSignsSettings]):
    name = "negative_biases"
    prompt = "The same small net is trained on real labels and on random ones. In which do its biases turn negative?"
    statement = (
        "In a net that is trained on random labels, where there is nothing to find, most biases of batch normalization "
        "turn negative just as they do with real labels."
    )
    answer = Choice((HOLDS, FAILS))
    experiment = BiasSigns()
    labels: ClassVar = {"real labels": 0.0, "random labels": 1.0}

    def lanes(self) -> Lanes[BiasSignsSettings]:
        nets = [BiasSignsSettings(random_share=share, steps=150) for share in self.labels.values()]
        return Lanes(nets, [*self.labels])

    @property
    def panel(self) -> Panel[BiasSignsSettings]:
        caption = "Share of negative biases after the second convolution"
        return Panel(caption, "step", "share", Line(_negative), legend=True, yaxis_range=[0, 1.03])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        real, random = history["negative_share"][-1, :, 1]
        right, wrong = history.newest("test_accuracy")
        return Outcome(
            # holds: l7_negative_biases, l7_weak_evidence
            int(min(real, random) <= 0.5),
            f"With real labels {real:.0%} of the second layer's biases were negative (test accuracy {right:.0%}), with "
            f"random ones {random:.0%} (test accuracy {wrong:.0%}). Negative biases make nodes fire rarely, which is "
            "what the theory assumes. They are no evidence of structure.",
        )


def _in_use(frame: Frame[TeacherStudentSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    return frame.history["effective_nodes"][steps, lane, 0]


class HeatReversed(Question[TeacherStudentSettings]):
    methods = ()  # the lanes differ in their data
    name = "heat_reversed"
    prompt = (
        "The same training twice: once on what a teacher with five nodes says, once with its answers shuffled. Does "
        "training create structure in both?"
    )
    statement = "Training creates structure out of disorder: it is thermodynamics run backwards."
    answer = Choice((HOLDS, FAILS))
    experiment = TeacherStudent()
    data: ClassVar[dict[str, Literal["fixed", "shuffled"]]] = {
        "the teacher's answers": "fixed",
        "shuffled answers": "shuffled",
    }

    def lanes(self) -> Lanes[TeacherStudentSettings]:
        common: dict[str, Any] = {"teacher_width": 5, "overparameterization": 10.0, "init_scale": 0.1, "top_scale": 0.1}
        nets = [TeacherStudentSettings(data=data, steps=1200, horizon=1200, **common) for data in self.data.values()]
        return Lanes(nets, [*self.data])

    @property
    def panel(self) -> Panel[TeacherStudentSettings]:
        used = Line(_in_use, measured="effective_nodes")
        caption = "Nodes in use: few if there is structure"
        return Panel(caption, "step", "nodes in use", used, legend=True, yaxis_rangemode="tozero")

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        found, nothing = history.newest("recovered")[:, 0]
        best, lost = history.newest("best_correlation")[:, 0].mean(1)
        used, spread = history.newest("effective_nodes")[:, 0]
        return Outcome(
            # holds: l7_heat_reversed
            int(nothing < found),
            f"With the teacher's answers {found:.0f} of its 5 nodes were found (mean correlation {best:.2f}) and "
            f"{used:.0f} student nodes were in use; with shuffled ones {nothing:.0f} ({lost:.2f}), and {spread:.0f}. "
            "The structure comes from the data; where there is none, the same rule makes none. A net in training is "
            "not an isolated system, so no law of heat speaks of it: the sentence is a metaphor.",
        )
