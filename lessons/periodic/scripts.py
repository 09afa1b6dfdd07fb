"""The trainings of lesson 6 as standalone PyTorch scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lessons.core.data.digits import SIDE
from lessons.core.record import Change
from lessons.core.rules.script import OptimizerText, optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.scripts.script import GRADIENT_STEP, assembled, constants, definitions, training_loop
from lessons.periodic.network import EPSILON
from lessons.periodic.settings import PENALTY_FACTORS, PeriodicSettings

LENGTH = '''\
def length(weights):
    """The norm of all these weights together."""
    return torch.cat([weight.detach().flatten() for weight in weights]).norm()'''

AFFINE = '''\
class Affine(nn.Module):
    """The factors and offsets of a normalization, without the normalization."""

    def __init__(self, units):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(units)), nn.Parameter(torch.zeros(units))

    def forward(self, x):
        return self.weight * x + self.bias'''

_SHIFTED = f'''\
def shifted(images, step):
    """Each image moved by up to SHIFT pixels to the right and downwards; the background comes in."""
    drawn = torch.rand(len(images), 2, generator=random_stream(f"shift {{step}}"))
    offsets = (drawn * (2 * SHIFT + 1)).floor().long() - SHIFT
    pixel = torch.arange({SIDE * SIDE})
    column, row = pixel % {SIDE} - offsets[:, :1], pixel // {SIDE} - offsets[:, 1:]
    inside = (column >= 0) & (column < {SIDE}) & (row >= 0) & (row < {SIDE})
    source = row.clamp(0, {SIDE - 1}) * {SIDE} + column.clamp(0, {SIDE - 1})
    return torch.where(inside, images.gather(1, source), inputs.min())'''

START = """\
# Weights start as N(0, 1 / fan_in) from the seed's own random stream; then they get their lengths.
source = random_stream("weights")
linear = [layer for layer in model if isinstance(layer, nn.Linear)]
for layer in linear:
    drawn = torch.randn(layer.in_features, layer.out_features, generator=source)
    layer.weight.data = (drawn / math.sqrt(layer.in_features)).T.contiguous()
linear[-1].bias.data.zero_()
hidden, last = [layer.weight for layer in linear[:-1]], linear[-1]
factor = INITIAL_NORM / length(hidden)
for weight in hidden:
    weight.data *= factor
last.weight.data *= LAST_LAYER_NORM / length([last.weight])"""

_TRAINED = "trained = [weight for weight in model.parameters() if weight.requires_grad]"
_DECAYED = 'group["lr"] = group["base_lr"] * (1 - LEARNING_RATE_DECAY) ** step'
HELD = (
    *GRADIENT_STEP[:-1],
    "before = length(hidden)",
    GRADIENT_STEP[-1],
    'if group["fixed_norm"]:',
    "    back = before / length(hidden)",
    "    for weight in hidden:",
    "        weight.data *= back",
)
EPOCH = (
    "epoch, number = divmod(step, len(labels) // BATCH_SIZE)",
    'order = torch.randperm(len(labels), generator=random_stream(f"epoch {epoch}"))',
    "rows = order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]",
)
_NOISY = 'images = images + NOISE * torch.randn(images.shape, generator=random_stream(f"noise {step}"))'


def periodic_script(settings: PeriodicSettings, changes: Sequence[Change]) -> str:
    """Write the training of one net; see `Experiment.script`."""
    settings = settings.model_copy(update={"batch_size": min(settings.batch_size, settings.train_size)})
    held = settings.fixed_norm or any(change.field == "fixed_norm" for change in changes)
    decays = settings.learning_rate_decay > 0
    optimizer = _optimizer(settings, changes, held, decays)
    beside = ("learning_rate_decay", "noise", "shift", *["batch_size"] * (settings.batch_size < settings.train_size))
    fields = ["weight_decay", *(name for name in beside if getattr(settings, name))]
    fields += ["initial_norm", "last_layer_norm", "width", "steps", "seed"]
    affine = AFFINE * own_affine(settings.normalization, settings.trainable_affine)
    return assembled(
        NET_IMPORTS,
        constants(settings, *fields, before=[optimizer.constants]),
        optimizer.changes,
        definitions(RANDOM_STREAM, LENGTH, _SHIFTED * (settings.shift > 0), affine),
        data_text(settings.train_size),
        model_text(settings.depth, settings.normalization, settings.trainable_affine),
        START + "\nlast.requires_grad_(False)" * (not settings.trainable_last_layer),
        optimizer.construction,
        training_loop(
            _loss(settings), bool(optimizer.changes), (*[_DECAYED] * decays, *(HELD if held else GRADIENT_STEP))
        ),
    )


def own_affine(normalization: str, affine: bool) -> bool:
    """Whether there are factors and offsets without a normalization, for which torch.nn has no layer."""
    return affine and normalization == "none"


def model_text(depth: int, normalization: str, affine: bool) -> str:
    """Write `model`; the script must have the constant WIDTH and, where `own_affine` says so, `AFFINE`.

    Args:
        depth: Hidden layers.
        normalization: "batch norm" or "none".
        affine: Whether there are factors and offsets before each ReLU, or behind its normalization.
    """
    norm = [f"nn.BatchNorm1d(WIDTH, eps={EPSILON!r}, affine={affine})"] if normalization == "batch norm" else []
    own = ["Affine(WIDTH)"] * own_affine(normalization, affine)
    layers = []
    for fan_in in ("64", *["WIDTH"] * (depth - 1)):
        layers += [f"nn.Linear({fan_in}, WIDTH, bias=False)", *norm, *own, "nn.ReLU()"]
    return "\n".join(["model = nn.Sequential(", *(f"    {each}," for each in (*layers, "nn.Linear(WIDTH, 10)")), ")"])


def _optimizer(settings: PeriodicSettings, changes: Sequence[Change], held: bool, decays: bool) -> OptimizerText:
    """The optimizer and what else stands in its group: weight decay, whether the norm is held, and the first eta."""
    factor = PENALTY_FACTORS[settings.penalty]
    changes = [
        change.model_copy(update={"value": factor * float(change.value)}) if change.field == "weight_decay" else change
        for change in changes
    ]
    optimizer = optimizer_text(settings, changes, "trained")
    decay = "WEIGHT_DECAY" if factor == 1 else f"{factor:g} * WEIGHT_DECAY"
    lines = ["group = optimizer.param_groups[0]", f'group["weight_decay"] = {decay}']
    lines += [f'group["fixed_norm"] = {settings.fixed_norm}'] * held + ['group["base_lr"] = LEARNING_RATE'] * decays
    return replace(
        optimizer,
        construction="\n".join([_TRAINED, optimizer.construction, *lines]),
        changes=optimizer.changes.replace('"lr"', '"base_lr"') if decays else optimizer.changes,
    )


def _loss(settings: PeriodicSettings) -> list[str]:
    """The lines that compute the loss of a step."""
    whole = settings.batch_size == settings.train_size
    lines, images, labels = ([], "inputs", "labels") if whole else ([*EPOCH], "inputs[rows]", "labels[rows]")
    if settings.shift or settings.noise:
        first = f"shifted({images}, step)" if settings.shift else images
        lines += [f"images = {first}", *[_NOISY] * (settings.noise > 0)]
        images = "images"
    return [*lines, f"loss = {loss_text('cross-entropy', images, labels)}"]
