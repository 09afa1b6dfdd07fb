"""The training of a net with normalization as a standalone PyTorch script."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.rules.script import optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.scripts.script import GRADIENT_STEP, assembled, constants, definitions, training_loop
from lessons.normalization.axes import largest_even_groups
from lessons.normalization.deconvolution import ITERATIONS
from lessons.normalization.injected_script import BEFORE_LOSS, FUNCTIONS, UPDATE, noisy_text
from lessons.normalization.layers import EPSILON, MOMENTUM
from lessons.normalization.normalizers import DECORRELATION_EPSILON
from lessons.normalization.training_settings import NormalizedNetSettings
from lessons.normalization.weights import FIRST_ITERATIONS

_ACTIVATIONS = {"tanh": ["nn.Tanh()"], "relu": ["nn.ReLU()"], "linear": []}
_AFTER_SUMS = {
    "batch": f"nn.BatchNorm1d({{units}}, eps={EPSILON}, momentum={MOMENTUM})",
    "layer": f"nn.LayerNorm({{units}}, eps={EPSILON})",
    "group": f"nn.GroupNorm({{groups}}, {{units}}, eps={EPSILON})",
    "RMS": f"nn.RMSNorm({{units}}, eps={EPSILON})",
}

_DECONVOLUTION = f'''\
class Deconvolution(nn.Module):
    """(x - mean) (C + epsilon I)^(-1/2), with the covariance C; the root by {ITERATIONS} steps of Newton and Schulz."""

    def __init__(self, features):
        super().__init__()
        self.register_buffer("mean", torch.zeros(features))
        self.register_buffer("matrix", torch.eye(features))

    def forward(self, x):
        if not self.training:
            return (x - self.mean) @ self.matrix
        mean = x.mean(0)
        centred, unit = x - mean, torch.eye(x.shape[1])
        covariance = centred.T @ centred / len(x) + {DECORRELATION_EPSILON} * unit
        size = covariance.norm()
        y, z = covariance / size, unit
        for _ in range({ITERATIONS}):
            t = 1.5 * unit - 0.5 * z @ y
            y, z = y @ t, t @ z
        matrix = z / size.sqrt()
        self.mean.lerp_(mean.detach(), {MOMENTUM})
        self.matrix.lerp_(matrix.detach(), {MOMENTUM})
        return centred @ matrix'''

_OFFSETS = '''\
class Offsets(nn.Module):
    """Group norm with one unit a group: each is its own mean, so only the offset is left (nn.GroupNorm adds noise)."""

    def __init__(self, units):
        super().__init__()
        self.bias = nn.Parameter(torch.zeros(units))

    def forward(self, x):
        return 0 * x + self.bias'''

_START = """\
# Weights start as N(0, scale^2 / fan_in) from the seed's own random stream, biases at 0.
source = random_stream("weights")
linear = [layer for layer in model if isinstance(layer, nn.Linear)]
for layer in linear:
    fan_in, fan_out = layer.in_features, layer.out_features
    drawn = torch.randn(fan_in, fan_out, generator=source) / math.sqrt(fan_in)
    layer.weight.data = (INIT_SCALE * drawn).T.contiguous()
    if layer.bias is not None:
        layer.bias.data.zero_()"""

_WEIGHT_NORM = """\
for layer in linear[:-1]:
    nn.utils.parametrizations.weight_norm(layer)"""

_SPECTRAL_NORM = f"""\
# torch draws the singular vectors from its global random state; here they come from the seed's own stream.
for number, layer in enumerate(linear[:-1], start=1):
    source = random_stream(f"singular vectors of layer {{number}}")
    drawn = torch.randn(layer.in_features + layer.out_features, generator=source)
    u, v = drawn.split([layer.out_features, layer.in_features])
    nn.utils.parametrizations.spectral_norm(layer)
    norm = layer.parametrizations.weight[0]
    norm._u, norm._v = u / u.norm(), v / v.norm()
    norm._power_method(layer.parametrizations.weight.original.detach(), {FIRST_ITERATIONS})"""

BATCH = {
    "shuffled": (
        "epoch, number = divmod(step, len(labels) // BATCH_SIZE)",
        'order = torch.randperm(len(labels), generator=random_stream(f"epoch {epoch}"))',
        "rows = order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]",
    ),
    "sorted by class": (
        "in_epoch = len(labels) // BATCH_SIZE",
        "epoch, number = divmod(step, in_epoch)",
        'source = random_stream(f"epoch {epoch}")',
        "order = torch.randperm(len(labels), generator=source)",
        "start = torch.randint(len(labels), (1,), generator=source).item()",
        "order = order[labels[order].argsort(stable=True)].roll(-start)",
        "place = torch.randperm(in_epoch, generator=source)[number]",
        "rows = order[place * BATCH_SIZE : (place + 1) * BATCH_SIZE]",
    ),
}


def training_script(settings: NormalizedNetSettings, changes: Sequence[Change], injects: bool = False) -> str | None:
    """Write the training of a net; see `Experiment.script`.

    None for batch norm at batch size 1: torch.nn.BatchNorm1d refuses it.

    Args:
        settings: As of `Experiment.script`; with the setting `injected` where a shift is injected.
        changes: As there.
        injects: Whether one is.
    """
    kind, whole = settings.normalization, settings.batch_size >= settings.train_size
    if kind == "batch" and settings.batch_size == 1:
        return None
    optimizer = optimizer_text(settings, changes, "model.parameters()")
    fields = ("width", "init_scale", *["injected"] * injects, *["batch_size"] * (not whole), "steps", "seed")
    batch = () if whole else BATCH[settings.batches]
    before, update = (BEFORE_LOSS, UPDATE) if injects else ((), GRADIENT_STEP)
    rows = "" if whole else "[rows]"
    loss = f"loss = {loss_text(settings.loss, f'inputs{rows}', f'labels{rows}')}"
    return assembled(
        NET_IMPORTS,
        constants(settings, *fields, before=(optimizer.constants,)),
        optimizer.changes,
        definitions(optimizer.definition, RANDOM_STREAM, _layer_class(settings), FUNCTIONS * injects),
        data_text(settings.train_size),
        _model(settings),
        _START,
        {"weight": _WEIGHT_NORM, "spectral": _SPECTRAL_NORM}.get(kind, ""),
        noisy_text(kind, _has_single_units(settings)) if injects else "",
        optimizer.construction,
        training_loop((*batch, *before, loss), bool(optimizer.changes), update),
    )


def _model(settings: NormalizedNetSettings) -> str:
    units = ["64", *["WIDTH"] * settings.depth]
    layers: list[str] = []
    for fan_in, fan_out in itertools.pairwise(units):
        layers += [*_hidden(settings, fan_in, fan_out), *_ACTIVATIONS[settings.activation]]
    return "\n".join(["model = nn.Sequential(", *(f"    {each}," for each in [*layers, "nn.Linear(WIDTH, 10)"]), ")"])


def _layer_class(settings: NormalizedNetSettings) -> str:
    """The class of a layer that torch.nn has not, or not to the lab's precision."""
    if settings.normalization == "deconvolution":
        return _DECONVOLUTION
    return _OFFSETS if _has_single_units(settings) else ""


def _has_single_units(settings: NormalizedNetSettings) -> bool:
    return settings.normalization == "group" and largest_even_groups(settings.groups, settings.width) == settings.width


def _hidden(settings: NormalizedNetSettings, fan_in: str, fan_out: str) -> list[str]:
    kind = settings.normalization
    if _has_single_units(settings):
        return [f"nn.Linear({fan_in}, {fan_out}, bias=False)", f"Offsets({fan_out})"]
    if kind in _AFTER_SUMS:
        groups = largest_even_groups(settings.groups, settings.width)
        return [f"nn.Linear({fan_in}, {fan_out}, bias=False)", _AFTER_SUMS[kind].format(units=fan_out, groups=groups)]
    before = [f"Deconvolution({fan_in})"] if kind == "deconvolution" else []
    return [*before, f"nn.Linear({fan_in}, {fan_out})"]
