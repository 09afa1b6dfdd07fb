"""Real labels and random labels: both are memorized, one is understood."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial

import numpy as np

from lessons.teacher_student.memorization import Memorization, MemorizationSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, thin
from widgets.labs.teacher_student import goals
from widgets.view.controls import Preset
from widgets.view.lines import Level, Line
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

CHANCE = 0.1


class MemoryView(LabView[MemorizationSettings]):
    """Accuracy on the training images with the labels given, and on others with the real ones."""

    name = "memorization"
    title = "Random labels"
    experiment = Memorization()
    shown = ("random_share", "width", "train_size")
    rate_field = None
    step_figures = ("train", "test", "wrong", "loss")
    goals = goals.MEMORY
    presets = (
        Preset(
            "real, half, random",
            # holds: l7_random_labels
            "All three will end at 100 % on the training images. And on the test images?",
            tuple({"random_share": share, "steps": 200} for share in (0.0, 0.5, 1.0)),
            ("real labels", "half random", "random"),
        ),
        Preset(
            "structure first, then noise",
            # holds: l7_structure_first
            "Three shares of random labels: each test accuracy rises, and falls as the wrong labels are memorized.",
            tuple({"random_share": share, "steps": 100} for share in (0.2, 0.5, 0.8)),
            ("a fifth random", "half random", "four fifths random"),
            says=("random_share",),
        ),
        Preset(
            "ten hidden units",
            # holds: l7_ten_units
            "Ten hidden units do not memorize 300 random labels. Widen the net until it does.",
            ({"random_share": 1.0, "width": 10, "steps": 400},),
            ("10 units",),
        ),
        Preset(
            "more images",
            # holds: l7_thousand_labels
            "A thousand images: to memorize random labels takes more than three times as many steps as real ones.",
            tuple({"random_share": share, "train_size": 1000, "steps": 400} for share in (0.0, 1.0)),
            ("real labels", "random"),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[MemorizationSettings]]:
        return {
            "train": OverSteps(
                "Accuracy on the training images, with the labels that were given",
                "accuracy",
                Line("train_accuracy"),
                Level(CHANCE, "guessing"),
                legend=True,
                yaxis_range=[0, 1.03],
                height=340,
            ),
            "test": OverSteps(
                "Accuracy on other images, with the real labels",
                "accuracy",
                Line("test_accuracy"),
                Level(CHANCE, "guessing"),
                yaxis_range=[0, 1.03],
                height=340,
            ),
            "wrong": OverSteps(
                "Training images with a wrong label: put to that label, or to what they really show",
                "share of these images",
                Line(partial(_of_the_wrong, "wrong_memorized"), says="that label"),
                Line(
                    partial(_of_the_wrong, "wrong_seen_through"),
                    "{lane}, what they show",
                    make=thin,
                ),
                Level(CHANCE, "guessing"),
                legend=True,
                yaxis_range=[0, 1.03],
            ),
            "loss": OverSteps("Loss on the training images", "loss", Line("loss"), **LOG),
        }

    @property
    def table(self) -> Sequence[Now[MemorizationSettings]]:
        return (
            Now("train accuracy", "train_accuracy", form=".1%"),
            Now("test accuracy", "test_accuracy", form=".1%"),
            Now("all memorized at step", _memorized),
            Now("highest test accuracy", _highest),
        )


def _of_the_wrong(quantity: str, frame: Frame[MemorizationSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    """A share of the images with a wrong label, where a lane has such images."""
    has_wrong = frame.lanes.settings[lane].random_share > 0
    return frame.history[quantity][steps, lane] if has_wrong else np.full(len(steps), np.nan)


def _highest(frame: Frame[MemorizationSettings], lane: int) -> str:
    """Test accuracy where it was highest, and what had been made of the wrong labels by then."""
    accuracy = frame.history["test_accuracy"][: frame.stop, lane]
    step = int(accuracy.argmax())
    top = f"{accuracy[step]:.1%} at step {step}"
    if frame.lanes.settings[lane].random_share == 0:
        return top
    memorized, seen = (frame.history[name][step, lane] for name in ("wrong_memorized", "wrong_seen_through"))
    return f"{top}; wrong labels: {memorized:.0%} memorized, {seen:.0%} seen through"


def _memorized(frame: Frame[MemorizationSettings], lane: int) -> str:
    learned = frame.history["train_accuracy"][: frame.stop, lane] == 1
    return f"{learned.argmax()}" if learned.any() else "not yet"
