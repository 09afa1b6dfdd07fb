"""A `DenseNetwork` on the digits as it is written with torch.nn, for standalone scripts."""

from __future__ import annotations

import base64
import itertools
import zlib

import torch

from lessons.core.data.digits import load_digits, split_rows

NET_IMPORTS = "import base64\nimport hashlib\nimport math\nimport zlib\n\nimport torch\nfrom torch import nn"

RANDOM_STREAM = """\
def random_stream(purpose):
    digest = hashlib.sha256(f"{SEED}/{purpose}".encode()).digest()
    return torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)"""

_DATA = """\
# The training images, 64 pixels from 0 to 16, and the label of each. From "Optical Recognition of Handwritten Digits",
# E. Alpaydin and C. Kaynak 1998, UCI Machine Learning Repository, https://doi.org/10.24432/C50P49, CC BY 4.0.
DATA = "{data}"
stored = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(DATA))), dtype=torch.uint8).view(-1, 65)
images, labels = stored[:, :64].float(), stored[:, 64].long()
inputs = (images - images.mean()) / images.std()"""

_START = """\
# Weights start as N(0, scale^2 / fan_in) from the seed's own random stream, biases at 0.
source = random_stream("weights")
for layer in model:
    if isinstance(layer, nn.Linear):
        drawn = torch.randn(layer.in_features, layer.out_features, generator=source)
        layer.weight.data = (INIT_SCALE * (drawn / math.sqrt(layer.in_features))).T.contiguous()
        layer.bias.data.zero_()"""

_MODULES = {
    "linear": [],
    "tanh": ["nn.Tanh()"],
    "logistic": ["nn.Sigmoid()"],
    "relu": ["nn.ReLU()"],
    "leaky relu": ["nn.LeakyReLU()"],
    "gelu": ["nn.GELU()"],
}
_BATCH_LOSSES = {
    "squared error": "(model({inputs}) - nn.functional.one_hot({labels}, 10)).square().sum(1).mean() / 2",
    "cross-entropy": "nn.functional.cross_entropy(model({inputs}), {labels})",
}


def data_text(train_size: int) -> str:
    """Write the training images of `digits_split(train_size)` into `inputs` (N, 64) and `labels` (N,)."""
    images, labels = load_digits()
    train, _ = split_rows(train_size)
    rows = torch.cat([images[train], labels[train, None]], dim=1).to(torch.uint8)
    return _DATA.format(data=base64.b64encode(zlib.compress(rows.numpy().tobytes(), 9)).decode())


def layers_text(depth: int, activation: str, inputs: int = 64, classes: int = 10) -> str:
    """Write `model`, each layer by itself; the script must have the constant WIDTH, for `depth` > 0."""
    units = [str(inputs), *["WIDTH"] * depth, str(classes)]
    layers = [f"nn.Linear({units[0]}, {units[1]})"]
    for fan_in, fan_out in itertools.pairwise(units[1:]):
        layers += [*_MODULES[activation], f"nn.Linear({fan_in}, {fan_out})"]
    return "\n".join(["model = nn.Sequential(", *(f"    {layer}," for layer in layers), ")"])


def model_text(depth: int, activation: str, inputs: int = 64, classes: int = 10) -> str:
    """Write `model` and the draw of its weights.

    The script must have `RANDOM_STREAM` and the constants INIT_SCALE, SEED and, for `depth` > 0, WIDTH.
    """
    return f"{layers_text(depth, activation, inputs, classes)}\n\n{_START}"


def loss_text(loss: str, inputs: str = "inputs", labels: str = "labels") -> str:
    """Write a loss of `lessons.core.losses.LOSSES` as an expression.

    Args:
        loss: Its name there.
        inputs: An expression of the inputs.
        labels: An expression of their class numbers.
    """
    return _BATCH_LOSSES[loss].format(inputs=inputs, labels=labels)
