"""The trainings of lesson 4 as standalone PyTorch scripts."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

from lessons.core.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.optimizer_script import optimizer_text
from lessons.core.own_rule import OWN
from lessons.core.run import Change
from lessons.core.script import assembled, constant, training_loop
from lessons.initialization.draws import Layer
from lessons.initialization.schemes import SCHEMES

if TYPE_CHECKING:
    from lessons.initialization.training import DeepNetSettings

_MODULES = {
    "linear": [],
    "tanh": ["nn.Tanh()"],
    "logistic": ["nn.Sigmoid()"],
    "relu": ["nn.ReLU()"],
    "leaky relu": ["nn.LeakyReLU()"],
    "gelu": ["nn.GELU()"],
}

_WEIGHTS = {
    "zeros": "torch.zeros(fan_in, fan_out)",
    "constant": "torch.full((fan_in, fan_out), CONSTANT)",
    "normal": "DEVIATION * normal",
    "LeCun": "GAIN / math.sqrt(fan_in) * normal",
    "Xavier": "GAIN * math.sqrt(2 / (fan_in + fan_out)) * normal",
    "Kaiming fan-in": "math.sqrt(2 / fan_in) * normal",
    "Kaiming fan-out": "math.sqrt(2 / fan_out) * normal",
    "orthogonal": "GAIN * orthogonal(normal)",
}

_ORTHOGONAL = '''\
def orthogonal(normal):
    """Product of reflections along the columns of a lower triangle; orthonormal rows if the matrix is wide."""
    if normal.shape[0] < normal.shape[1]:
        return orthogonal(normal.T).T
    vectors = normal.tril()
    first, length = vectors.diagonal(), vectors.norm(dim=0)
    sign = torch.where(first < 0, -1.0, 1.0)
    return -sign * torch.linalg.householder_product(vectors / (first + sign * length), 1 + first.abs() / length)'''

_STREAM = Layer(0, 0, 0, 0).stream.replace("0", "{number}", 1)

_START = f"""\
# Each layer's weights from a random stream of its own, biases at 0.
for number, layer in enumerate((each for each in model if isinstance(each, nn.Linear)), start=1):
    fan_in, fan_out = layer.in_features, layer.out_features
    normal = torch.randn(fan_in, fan_out, generator=random_stream(f"{_STREAM}"))
    layer.weight.data = ({{weights}}).T.contiguous()
    layer.bias.data.zero_()"""


def training_script(settings: DeepNetSettings, changes: Sequence[Change]) -> str | None:
    """Write the training of a deep net; see `Experiment.script`. None where the scheme is a learner's own."""
    if settings.scheme == OWN:
        return None
    optimizer = optimizer_text(settings, changes, "model.parameters()")
    fields = (*SCHEMES[settings.scheme].uses, "width", "seed", "steps")
    orthogonal = _ORTHOGONAL if settings.scheme == "orthogonal" else ""
    return assembled(
        NET_IMPORTS,
        "\n".join([optimizer.constants, *(constant(settings, name) for name in fields)]),
        optimizer.changes,
        _definitions(optimizer.definition, RANDOM_STREAM, orthogonal),
        data_text(settings.train_size),
        _model(settings),
        _START.replace("{weights}", _WEIGHTS[settings.scheme]),
        optimizer.construction,
        training_loop(loss_text(settings.loss), changing=bool(optimizer.changes)),
    )


def _model(settings: DeepNetSettings) -> str:
    units = ["64", *["WIDTH"] * settings.depth, "10"]
    layers = [f"nn.Linear({units[0]}, {units[1]})"]
    for fan_in, fan_out in itertools.pairwise(units[1:]):
        layers += [*_MODULES[settings.activation], f"nn.Linear({fan_in}, {fan_out})"]
    return "\n".join(["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"])


def _definitions(*texts: str) -> str:
    """Functions and classes, two empty lines around each."""
    return "\n" + "\n\n\n".join(text for text in texts if text) + "\n"
