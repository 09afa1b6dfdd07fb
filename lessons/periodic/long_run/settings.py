"""Settings of a long run; each is an option of the command."""

from __future__ import annotations

from typing import Any, Literal

from lessons.core.settings import Settings, setting

NetName = Literal["mlp", "convnet", "resnet18"]
DatasetName = Literal["digits", "cifar10", "cifar100"]

# For CIFAR: what the authors' own script runs, github.com/tipt0p/periodic_behavior_bn_wd, run_train_and_test.py.
_PAPER = {
    "network": "convnet",
    "learning_rate": 0.01,
    "weight_decay": 0.001,
    "batch_size": 128,
    "epochs": 1000,
    "record_every": 50,
    "test_every": 5,
}
DATASET_DEFAULTS: dict[str, dict[str, Any]] = {
    "digits": {},
    "cifar10": _PAPER,
    "cifar100": {**_PAPER, "network": "resnet18"},
}


class LongRunSettings(Settings):
    """Settings of `LongRun`; the defaults are those for the digits."""

    dataset: DatasetName = setting("digits", label="images", doc="What is learned.")
    network: NetName = setting("mlp", label="network", doc="What learns; all weights but the last layer's count.")
    width: int = setting(
        32, label="width", doc="Units in a hidden layer, or channels of the first convolution.", low=1, high=1024
    )
    depth: int = setting(2, label="depth", doc="Hidden layers of the mlp.", low=1, high=20)
    learning_rate: float = setting(
        0.5, label="learning rate", symbol="η", doc="Factor between gradient and step.", low=0.0, high=1e4
    )
    weight_decay: float = setting(
        0.004, label="weight decay", symbol="λ", doc="That of torch.optim.SGD.", low=0.0, high=1.0
    )
    momentum: float = setting(0.0, label="momentum", symbol="β", doc="That of torch.optim.SGD.", low=0.0, high=0.999)
    batch_size: int = setting(
        0, label="batch size", doc="Images at each step; 0 takes all of them.", low=0, high=100_000
    )
    train_size: int = setting(
        0, label="training images", doc="How many, from the first; 0 takes all there are.", low=0, high=100_000
    )
    epochs: int = setting(3000, label="epochs", doc="Passes over the training images.", low=1, high=10_000_000)
    fixed_norm: bool = setting(False, label="fix the norm", doc="Project each step back to the weights' first norm.")
    augmentation: bool = setting(
        False, label="augmentation", doc="Random shifts, and for CIFAR random mirror images, at each step."
    )
    last_layer_norm: float = setting(
        10.0, label="last layer's norm", doc="Length of the frozen last layer's weights.", low=0.01, high=1000.0
    )
    seed: int = setting(0, label="seed", doc="Draws weights, batches and augmentation.", low=0, high=2**31 - 1)
    record_every: int = setting(1, label="record every", unit="steps", doc="Steps between rows.", low=1, high=1_000_000)
    test_every: int = setting(
        100,
        label="test every",
        unit="epochs",
        doc="Epochs between two readings of the test error.",
        low=1,
        high=100_000,
    )
