"""Predictions to make in lesson 5, and statements to doubt."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import SettingsT
from lessons.normalization.conditioning import Conditioning
from lessons.normalization.conditioning_settings import ConditioningSettings
from lessons.normalization.tensor_picture import TensorPicture
from widgets.figure.frame import Frame
from widgets.labs.normalization import net_questions, weight_questions
from widgets.labs.normalization.checked_formula import FormulaOfBatchNorm
from widgets.labs.normalization.conv_questions import OtherContrast
from widgets.quiz.answer_kinds import Choice, Number, Sketch
from widgets.quiz.question import FAILS, HOLDS, Misreading, Outcome, Question
from widgets.quiz.sketch import SketchPanel
from widgets.view.lines import Curve, Line, Points
from widgets.view.panels import OverSteps, Panel


def lanes_of(question: Question[SettingsT], settings: dict[str, dict[str, Any]]) -> Lanes[SettingsT]:
    """Return lanes by name."""
    return Lanes([question.experiment.settings_type.checked(each) for each in settings.values()], [*settings])


class StandardisedInputs(Question[ConditioningSettings]):
    methods = ("inputs",)
    name = "standardised_inputs"
    prompt = (
        "Two inputs with correlation 0.8, one three times as wide as the other. What is κ once they are standardised?"
    )
    answer = Number(low=1, high=30, step=0.5, tolerance=1.0)
    experiment = Conditioning()
    settings: ClassVar = {name: {"inputs": name, "steps": 120} for name in ("raw", "standardised", "whitened")}

    def lanes(self) -> Lanes[ConditioningSettings]:
        return lanes_of(self, self.settings)

    @property
    def panel(self) -> Panel[ConditioningSettings]:
        caption = "Loss above its minimum, as a share of the start"
        return OverSteps(caption, "share left", Line(_excess), showlegend=True, yaxis_type="log", yaxis_range=[-8, 0.3])

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        raw, standardised, whitened = (float(value) for value in history["condition_number"][-1])
        return Outcome(
            standardised,
            f"κ was {raw:.3g} raw, {standardised:.3g} standardised and {whitened:.3g} whitened. Standardising mends "
            "the scales; the correlation stays, and κ = (1+ρ)/(1−ρ).",  # holds: l5_two_inputs
            (
                Misreading(raw, "That is κ of the raw inputs: their scales still count there."),
                Misreading(whitened, "That is κ of whitened inputs: standardising leaves the correlation."),
            ),
        )


def _excess(frame: Frame[ConditioningSettings], lane: int, steps: np.ndarray) -> np.ndarray:
    values = frame.history["excess"][steps, lane]
    return np.where(values > 1e-12, values, np.nan)


class RunningMean(Question):
    name = "running_mean"
    prompt = (
        "All values have mean 2. Batch norm's running mean starts at 0, and each batch moves it a tenth of the way to "
        "the batch's own mean. Sketch it over 40 batches."
    )
    answer = Sketch()
    experiment = TensorPicture()
    batches: ClassVar = 40

    def lanes(self) -> Lanes:
        # The first batch is seen before step 0 is measured.
        return lanes_of(self, {"running mean": {"steps": self.batches - 1, "samples": 8}})

    @property
    def panel(self) -> Panel:
        ranges: dict[str, Any] = {"xaxis_range": [0, self.batches], "yaxis_range": [0, 2.5]}
        return SketchPanel("Running mean", "batch", "running mean", self._after_each_batch, **ranges)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        x, values = self._after_each_batch(history)
        return Outcome(
            (x, values),
            f"After 10 batches it was {values[10]:.3g}, after 40 {values[-1]:.3g}: what is missing shrinks by a tenth "
            "with each. A net that is evaluated too early goes by numbers that are not there yet.",  # holds: l5_running
        )

    @staticmethod
    def _after_each_batch(history: History) -> tuple[np.ndarray, np.ndarray]:
        """Batches seen and the running mean after them, from 0 and 0."""
        values = np.append(0.0, history["running_mean"][:, 0, 0].astype(float))
        return np.arange(len(values), dtype=float), values


class GroupsOfWhat(Question):
    methods = ("normalization",)
    name = "groups_of_what"
    prompt = "Group norm, in training. Four samples; the second one is changed. Whose outputs move?"
    statement = "Under group norm an image's output depends on no other image in the batch, not even in training."
    answer = Choice((HOLDS, FAILS))
    experiment = TensorPicture()
    kinds: ClassVar = ("batch", "group")

    def lanes(self) -> Lanes:
        return lanes_of(self, {f"{kind} norm": {"normalization": kind, "steps": 8} for kind in self.kinds})

    @property
    def panel(self) -> Panel:
        dots: Curve = Curve(_moved, mode="markers", marker={"size": 11})
        caption = "How much each sample's outputs move when sample 2 is changed"
        axis: dict[str, Any] = {"xaxis_dtick": 1, "xaxis_range": [0.6, 4.4], "yaxis_rangemode": "tozero"}
        return Panel(caption, "sample", "mean change", dots, legend=True, **axis)

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        moved = history.snapshot("effect").any((2, 3, 4))
        others = np.delete(moved, int(lanes.changed_sample[1]) - 1, axis=1).sum(1)
        batch, group = (int(number) for number in others)
        return Outcome(
            int(group > 0),
            f"Of the three other samples, {batch} moved with batch norm and {group} with group norm, whose groups are "
            "groups of channels within one sample: it never looks at another image.",  # holds: l5_only_batch
            (Misreading(1, "The groups are of channels, not of samples."),),
        )


def _moved(frame: Frame, lane: int) -> Points:
    moved = frame.history.snapshot("effect")[lane].mean((1, 2, 3))
    return np.arange(1, len(moved) + 1) + 0.06 * (lane - 0.5), moved  # a little apart, so that neither hides the other


ALL: tuple[Question, ...] = (
    StandardisedInputs(),
    FormulaOfBatchNorm(),
    GroupsOfWhat(),
    RunningMean(),
    *weight_questions.ALL,
    *net_questions.ALL,
    OtherContrast(),
)
