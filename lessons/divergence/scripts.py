"""The trainings of lesson 3 as standalone PyTorch scripts."""

from __future__ import annotations

import base64
import itertools
import zlib
from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch

from lessons.core.data.digits import load_digits, split_rows
from lessons.core.optimizer_script import optimizer_text
from lessons.core.run import Change
from lessons.core.script import assembled, change_table, constant, training_loop

if TYPE_CHECKING:
    from lessons.divergence.bowl import BowlSettings
    from lessons.divergence.net import NetSettings
    from lessons.divergence.parabola import ParabolaSettings

_PARABOLA = """\
x = torch.tensor(START, dtype=torch.float64, requires_grad=True)
optimizer = torch.optim.SGD([x], lr=RATIO / CURVATURE)"""

_BOWL = """\
# f(theta) = sum of curvature * amplitude**2 / 2, the amplitudes being theta's coordinates along the eigen-directions.
torch.set_default_dtype(torch.float64)
curvatures = SHARPNESS * CONDITION_NUMBER ** -torch.linspace(0, 1, DIMENSION)
cos, sin = math.cos(math.radians(ANGLE)), math.sin(math.radians(ANGLE))
turn = torch.tensor([[cos, -sin], [sin, cos]])
directions = torch.eye(DIMENSION)
for i in range(DIMENSION - 1):
    directions[:, i : i + 2] = directions[:, i : i + 2] @ turn

theta = torch.ones(DIMENSION)
theta[:2] = torch.tensor([START_X, START_Y])
theta.requires_grad_()"""
_BOWL_LOSS = "(curvatures * (directions.T @ theta) ** 2).sum() / 2"

_NET_IMPORTS = "import base64\nimport hashlib\nimport math\nimport zlib\n\nimport torch\nfrom torch import nn"

_NET_DATA = """\
# The training images, 64 pixels from 0 to 16, and the label of each. From "Optical Recognition of Handwritten Digits",
# E. Alpaydin and C. Kaynak 1998, UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.
DATA = "{data}"
stored = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(DATA))), dtype=torch.uint8).view(-1, 65)
images, labels = stored[:, :64].float(), stored[:, 64].long()
inputs = (images - images.mean()) / images.std()"""

_NET_START = """\
# Weights start as N(0, scale^2 / fan_in) from the seed's own random stream, biases at 0.
digest = hashlib.sha256(f"{SEED}/weights".encode()).digest()
source = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
for layer in model:
    if isinstance(layer, nn.Linear):
        drawn = torch.randn(layer.in_features, layer.out_features, generator=source)
        layer.weight.data = (INIT_SCALE * (drawn / math.sqrt(layer.in_features))).T.contiguous()
        layer.bias.data.zero_()"""

_NET_MODULES = {"tanh": ["nn.Tanh()"], "relu": ["nn.ReLU()"], "linear": []}
_NET_LOSSES = {
    "squared error": "(model(inputs) - targets).square().sum(1).mean() / 2",
    "cross-entropy": "nn.functional.cross_entropy(model(inputs), labels)",
}
_NET_TARGETS = "targets = nn.functional.one_hot(labels, 10).float()"


def parabola_script(settings: ParabolaSettings, changes: Sequence[Change]) -> str:
    """Write gradient descent on a parabola; see `Experiment.script`."""
    entries = [(change.step, "lr", f"{change.value!r} / CURVATURE") for change in changes]
    table = change_table(entries, settings.steps)
    return assembled(
        "import torch",
        _constants(settings, "ratio", "curvature", "start", "steps"),
        table,
        _PARABOLA,
        training_loop("CURVATURE * x**2 / 2", changing=bool(table)),
    )


def bowl_script(settings: BowlSettings, changes: Sequence[Change]) -> str:
    """Write a gradient method on a rotated bowl; see `Experiment.script`."""
    optimizer = optimizer_text(settings, changes, "[theta]")
    shape = ("sharpness", "condition_number", "angle", "dimension", "start_x", "start_y", "steps")
    return assembled(
        "import math\n\nimport torch",
        f"{optimizer.constants}\n{_constants(settings, *shape)}",
        optimizer.changes,
        optimizer.definition,
        f"{_BOWL}\n{optimizer.construction}",
        training_loop(_BOWL_LOSS, changing=bool(optimizer.changes)),
    )


def net_script(settings: NetSettings, changes: Sequence[Change]) -> str:
    """Write the training of a net on the digits; see `Experiment.script`."""
    optimizer = optimizer_text(settings, changes, "model.parameters()")
    width = ["width"] if settings.depth else []
    return assembled(
        _NET_IMPORTS,
        f"{optimizer.constants}\n{_constants(settings, *width, 'init_scale', 'seed', 'steps')}",
        optimizer.changes,
        optimizer.definition,
        _NET_DATA.format(data=_packed_images(settings.train_size)),
        _model(settings),
        _NET_START,
        "\n".join([_NET_TARGETS] * (settings.loss == "squared error") + [optimizer.construction]),
        training_loop(_NET_LOSSES[settings.loss], changing=bool(optimizer.changes)),
    )


def _constants(settings: ParabolaSettings | BowlSettings | NetSettings, *fields: str) -> str:
    return "\n".join(constant(settings, field) for field in fields)


def _model(settings: NetSettings) -> str:
    """The layers, each written out."""
    units = ["64", *["WIDTH"] * settings.depth, "10"]
    layers = [f"nn.Linear({units[0]}, {units[1]})"]
    for fan_in, fan_out in itertools.pairwise(units[1:]):
        layers += [*_NET_MODULES[settings.activation], f"nn.Linear({fan_in}, {fan_out})"]
    return "\n".join(["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"])


def _packed_images(train_size: int) -> str:
    """The training images in the order of the split, 65 bytes each (the last is the label), compressed, as base64."""
    images, labels = load_digits()
    train, _ = split_rows(train_size)
    rows = torch.cat([images[train], labels[train, None]], dim=1).to(torch.uint8)
    return base64.b64encode(zlib.compress(rows.numpy().tobytes(), 9)).decode()
