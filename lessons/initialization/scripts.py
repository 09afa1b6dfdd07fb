"""The trainings of lesson 4 as standalone PyTorch scripts."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.lanes import OWN
from lessons.core.record import Change
from lessons.core.rules.script import optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, layers_text, loss_text
from lessons.core.scripts.script import assembled, constants, definitions, training_loop
from lessons.initialization.draws import Layer
from lessons.initialization.schemes import SCHEMES
from lessons.initialization.training_settings import DeepNetSettings

_WEIGHTS = {
    "zeros": "torch.zeros(fan_in, fan_out)",
    "constant": "torch.full((fan_in, fan_out), CONSTANT)",
    "normal": "DEVIATION * normal",
    "LeCun": "GAIN / math.sqrt(fan_in) * normal",
    "Xavier": "GAIN * math.sqrt(2 / (fan_in + fan_out)) * normal",
    "Kaiming fan-in": "math.sqrt(2 / fan_in) * normal",
    "Kaiming fan-out": "math.sqrt(2 / fan_out) * normal",
    "orthogonal": "GAIN * orthogonal(normal)",
    "uniform": "GAIN * math.sqrt(12 / fan_in) * (torch.special.ndtr(normal.double()) - 0.5).float()",
    "signs": "GAIN / math.sqrt(fan_in) * normal.sign()",
    "Cauchy": "GAIN / math.sqrt(fan_in) * torch.tan(math.pi * (torch.special.ndtr(normal.double()) - 0.5)).float()",
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
        constants(settings, *fields, before=[optimizer.constants]),
        optimizer.changes,
        definitions(optimizer.definition, RANDOM_STREAM, orthogonal),
        data_text(settings.train_size),
        layers_text(settings.depth, settings.activation),
        _START.replace("{weights}", _WEIGHTS[settings.scheme]),
        optimizer.construction,
        training_loop([f"loss = {loss_text(settings.loss)}"], changing=bool(optimizer.changes)),
    )
