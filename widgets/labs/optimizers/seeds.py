"""Twenty seeds under one optimizer: is it the optimizer, or one lucky draw?"""

from __future__ import annotations

from lessons.core.declared import fewer
from lessons.core.settings import Settings
from lessons.optimizers.classifier import Classifier, ClassifierSettings
from widgets.controls import Preset
from widgets.labs.optimizers.idle import idle_hyperparameters
from widgets.seed_cloud import SEEDS, Cloud, SeedCloudView

SPIRALS = {
    "data": "spirals",
    "noise": 0.05,
    "activation": "relu",
    "depth": 2,
    "train_size": 300,
    "measure_every": 10,
    "steps": 800,
}


class ClassifierSeedsSettings(ClassifierSettings):
    """A net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(ClassifierSettings, "width", 32, 64)
    depth: int = fewer(ClassifierSettings, "depth", 1, 3)
    steps: int = fewer(ClassifierSettings, "steps", 400, 2000)
    seed: int = fewer(ClassifierSettings, "seed", 0, 2**31 - SEEDS)


class ClassifierSeedsView(SeedCloudView):
    """Training loss and test accuracy of twenty seeds under one optimizer."""

    name = "classifier_seeds"
    title = "Twenty seeds under one optimizer"
    experiment = Classifier()
    clouds = (
        Cloud(
            "train_loss",
            "Loss over all training examples: median, 10 to 90 %",
            "loss",
            {"yaxis_type": "log", "yaxis_tickformat": "~g"},
            every="measure_every",
        ),
        Cloud(
            "test_accuracy",
            "Accuracy on test examples: median, 10 to 90 %",
            "accuracy",
            {"yaxis_range": [0, 1.02]},
            every="measure_every",
        ),
    )
    shown = ("optimizer", "learning_rate", "momentum", "batch_size", "data", "seed")
    more = (
        "beta_2",
        "weight_decay",
        "init_scale",
        "noise",
        "train_size",
        "activation",
        "width",
        "depth",
        "measure_every",
        "steps",
    )
    presets = (
        Preset(
            "Adam on the spirals",
            "All twenty untangle them, some sooner and some later.",
            ({**SPIRALS, "optimizer": "Adam", "learning_rate": 0.02},),
        ),
        Preset(
            "gradient descent on the spirals",
            "The band is wide: one run of each would have told you little.",
            ({**SPIRALS, "optimizer": "gradient descent", "learning_rate": 0.3},),
        ),
        Preset(
            "gradient descent on the digits",
            "Here every seed gives nearly the same curve.",
            ({"optimizer": "gradient descent", "learning_rate": 0.2, "steps": 400},),
        ),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return ClassifierSeedsSettings

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return (*idle_hyperparameters(settings), *(("noise",) if settings.data == "digits" else ()))
