"""Real labels and random labels: both are memorized, one is understood."""

from __future__ import annotations

from collections.abc import Sequence

import plotly.graph_objects as go

from lessons.teacher_student.memorization import Memorization, MemorizationSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot, theory
from widgets.view import LabView

CHANCE = 0.1


class MemoryView(LabView[MemorizationSettings]):
    """Accuracy on the training images with the labels given, and on others with the real ones."""

    name = "memorization"
    title = "Random labels"
    experiment = Memorization()
    shown = ("random_share", "width", "train_size", "learning_rate", "momentum", "seed")
    more = ("steps",)
    rate_field = None
    step_figures = ("train", "test", "loss")
    presets = (
        Preset(
            "real, half, random",
            # holds: l7_random_labels
            "All three will end at 100 % on the training images. And on the test images?",
            tuple({"random_share": share, "steps": 200} for share in (0.0, 0.5, 1.0)),
            ("real labels", "half random", "random"),
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

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        guess = theory("guessing", "#888", showlegend=False)
        axes = {"yaxis_range": [0, 1.03], "height": 340}
        train = plot(
            "memory-train",
            "Accuracy on the training images, with the labels that were given",
            "step",
            "accuracy",
            [*(line(n, c) for n, c in pairs), guess],
            showlegend=len(pairs) > 1,
            **axes,
        )
        test = plot(
            "memory-test",
            "Accuracy on other images, with the real labels (dashes: guessing)",
            "step",
            "accuracy",
            [*(line(n, c) for n, c in pairs), guess],
            **axes,
        )
        loss = plot(
            "memory-loss",
            "Loss on the training images",
            "step",
            "loss",
            [line(n, c) for n, c in pairs],
            yaxis_type="log",
            yaxis_tickformat="~g",
        )
        return {"train": train, "test": test, "loss": loss}

    def begin(self, frame: Frame) -> None:
        steps = frame.lanes.shared.steps
        for figure in ("train", "test", "loss"):
            frame.screen.relayout(figure, {"xaxis.range": [0, steps]})
        for figure in ("train", "test"):
            frame.screen.replace(figure, len(frame.lanes), x=[0, steps], y=[CHANCE, CHANCE])

    def draw(self, frame: Frame) -> None:
        for lane in range(len(frame.lanes)):
            frame.curve("train", lane, lane, "train_accuracy")
            frame.curve("test", lane, lane, "test_accuracy")
            frame.curve("loss", lane, lane, "loss")

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row = frame.last(lane)
            for name in ("train", "test"):
                value = float(frame.history[f"{name}_accuracy"][row, lane])
                lines.append(Reading(lane, f"{name} accuracy", f"{value:.1%}"))
            learned = frame.history["train_accuracy"][: frame.stop, lane] == 1
            lines.append(Reading(lane, "all memorized at step", f"{learned.argmax()}" if learned.any() else "not yet"))
        return lines
