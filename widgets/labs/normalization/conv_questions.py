"""A question about what a normalization of each image's maps takes away."""

from __future__ import annotations

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.normalization.conv_experiment import NormalizedConvNet
from lessons.normalization.conv_settings import ConvNormSettings
from widgets.figure.plots import thin
from widgets.quiz.answer_kinds import Choice
from widgets.quiz.question import Misreading, Outcome, Question
from widgets.view.lines import Line
from widgets.view.panels import OverSteps, Panel


class OtherContrast(Question[ConvNormSettings]):
    name = "other_contrast"
    prompt = (
        "Two convolutional nets, one with batch norm and one with instance norm, learn the digits. Then each test "
        "image gets a contrast of its own. Which net makes no more mistakes than before?"
    )
    answer = Choice(("the one with batch norm", "the one with instance norm", "both", "neither"))
    experiment = NormalizedConvNet()
    methods = ("normalization",)

    def lanes(self) -> Lanes[ConvNormSettings]:
        kinds = ("batch", "instance")
        return Lanes([ConvNormSettings.checked({"normalization": kind, "steps": 200}) for kind in kinds], kinds)

    @property
    def panel(self) -> Panel[ConvNormSettings]:
        caption = "Error on test images as they are, and with a contrast of their own"
        changed = Line[ConvNormSettings]("contrast_error", "{lane}, changed", make=thin)
        return OverSteps(
            caption, "error", Line("test_error", says="as they are"), changed, showlegend=True, yaxis_range=[0, 1]
        )

    def outcome(self, history: History, lanes: Lanes) -> Outcome:
        plain, changed = (history[name][-1].astype(float) for name in ("test_error", "contrast_error"))
        stays = np.abs(changed - plain) < 0.02
        return Outcome(
            2 if stays.all() else 3 if not stays.any() else 0 if stays[0] else 1,
            f"Batch norm's error went from {100 * plain[0]:.2g} to {100 * changed[0]:.2g} %, instance norm's from "
            f"{100 * plain[1]:.2g} to {100 * changed[1]:.2g} %. Instance norm divides each map of an image by its own "
            "standard deviation, and the contrast with it. Batch norm's running averages are those of the training "
            "images.",
            # holds: l5_conv_contrast
            (Misreading(2, "Batch norm is tested by running averages, which know nothing of this image's contrast."),),
        )
