"""Instance norm and its relatives where there are maps: small convolutional nets, and images that are changed."""

from __future__ import annotations

from typing import Any

from lessons.normalization.conv_experiment import NormalizedConvNet
from lessons.normalization.conv_settings import ConvNormSettings
from widgets.figure.plots import LOG
from widgets.labs.normalization import training_goals
from widgets.view.controls import Preset
from widgets.view.lines import Line
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

KINDS = ("batch", "layer", "group", "instance", "none")


def _errors(caption: str, quantity: str) -> Panel[ConvNormSettings]:
    return OverSteps(caption, "error", Line(quantity), yaxis_range=[0, 1])


def _lanes(kinds: tuple[str, ...], **common: Any) -> dict[str, Any]:
    return {"lanes": tuple({**common, "normalization": kind} for kind in kinds), "names": kinds}


class ConvNormView(LabView[ConvNormSettings]):
    """Loss, and errors on test images as they are and with a contrast or a brightness of their own."""

    name = "instance_norm"
    title = "Maps to normalize"
    experiment = NormalizedConvNet()
    goals = training_goals.INSTANCE_NORM
    methods = ("normalization",)
    shown = ("normalization", "learning_rate", "batch_size")
    step_figures = ("loss", "test", "contrast", "brightness")
    presets = (
        Preset(
            "five nets",
            "Trained on images as they were scanned. Which nets mind if each test image has a contrast of its own?",
            **_lanes(KINDS),
        ),
        Preset(
            "one image a step",
            "Of a single image batch norm and instance norm take the same mean and variance. Until they are tested.",
            # holds: l5_conv_one_image
            **_lanes(("batch", "instance"), batch_size=1, learning_rate=0.02, steps=500),
        ),
        Preset(
            "which contrast",
            "Half of the images have half the contrast, and the label says which. Who can learn it?",  # given
            **_lanes(KINDS, task="which contrast"),
        ),
    )
    panels = {
        "loss": OverSteps("Loss of each batch", "loss", Line("loss", line={"width": 1.5}), **LOG),
        "test": _errors("Error on test images as they are", "test_error"),
        "contrast": _errors("Error if each test image has a contrast of its own", "contrast_error"),
        "brightness": _errors("Error if each test image has a brightness of its own", "brightness_error"),
    }
    table = (
        Now("test error", "test_error"),
        Now("with changed contrast", "contrast_error"),
        Now("with changed brightness", "brightness_error"),
    )

    def idle(self, settings: ConvNormSettings) -> tuple[str, ...]:
        return () if settings.normalization == "group" else ("groups",)
