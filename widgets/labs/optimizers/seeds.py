"""Twenty seeds under each of two optimizers: is it the optimizer, or one lucky draw?"""

from __future__ import annotations

from typing import Any

from lessons.optimizers.classifier import Classifier
from lessons.optimizers.settings import ClassifierSettings
from lessons.optimizers.spreads import CLASSIFIER_SEEDS, ClassifierSeedsSettings
from widgets.labs.optimizers import data_goals
from widgets.labs.optimizers.idle import idle_hyperparameters
from widgets.view.controls import Preset
from widgets.view.seed_cloud import Cloud, SeedCloudView

SPIRALS = {
    "data": "spirals",
    "noise": 0.05,
    "activation": "relu",
    "depth": 2,
    "train_size": 300,
    "measure_every": 10,
    "steps": 600,
}


def _against(*pairs: tuple[str, float]) -> dict[str, Any]:
    """Lanes and names of a preset: these optimizers and their learning rates, on the spirals."""
    lanes = tuple({**SPIRALS, "optimizer": name, "learning_rate": rate} for name, rate in pairs)
    return {"lanes": lanes, "names": tuple(name for name, _ in pairs)}


class ClassifierSeedsView(SeedCloudView[ClassifierSettings, ClassifierSeedsSettings]):
    """Training loss and test accuracy of twenty seeds under each optimizer, one cloud each."""

    name = "classifier_seeds"
    title = "Twenty seeds under each optimizer"
    experiment = Classifier()
    spread = CLASSIFIER_SEEDS
    compare = True
    goals = data_goals.CLASSIFIER_SEEDS
    clouds = (
        Cloud(
            "train_loss",
            "Loss over all training examples: median, 10 to 90\u00a0%",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g"},
        ),
        Cloud(
            "test_accuracy",
            "Accuracy on test examples: median, 10 to 90\u00a0%",
            "accuracy",
            {"yaxis_range": [0, 1.02]},
        ),
    )
    shown = ("learning_rate", "optimizer", "batch_size")
    presets = (
        Preset(
            "heavy ball and Nesterov",
            "Both on the spirals. Would one run of each tell you which is better?",
            **_against(("heavy ball", 0.1), ("Nesterov", 0.1)),
        ),
        Preset(
            "gradient descent and Adam",
            "Both on the spirals. From which step on would one run of each be enough?",
            **_against(("gradient descent", 0.3), ("Adam", 0.02)),
        ),
        Preset(
            "gradient descent on the digits",
            "Every seed gives nearly the same curve.",
            ({"optimizer": "gradient descent", "learning_rate": 0.2, "steps": 400},),
            # holds: l1_digits_band
        ),
    )

    def idle(self, settings: ClassifierSeedsSettings) -> tuple[str, ...]:
        return (*idle_hyperparameters(settings), *(("noise",) if settings.data == "digits" else ()))
