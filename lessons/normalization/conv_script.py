"""The training of a small convolutional net with normalization as a standalone PyTorch script."""

from __future__ import annotations

import math
from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.scripts.conv_script import DRAWN, IMAGES, conv_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.scripts.script import assembled, change_table, constants, definitions, training_loop
from lessons.normalization.axes import largest_even_groups
from lessons.normalization.conv_images import LOW_CONTRAST
from lessons.normalization.conv_settings import ConvNormSettings
from lessons.normalization.layers import EPSILON, MOMENTUM
from lessons.normalization.scripts import BATCH

LAYERS = 3
GAIN = math.sqrt(2)  # Kaiming's, for ReLU
_NORMS = {
    "none": "Affine({channels})",
    "batch": f"nn.BatchNorm2d({{channels}}, eps={EPSILON}, momentum={MOMENTUM})",
    "layer": f"nn.GroupNorm(1, {{channels}}, eps={EPSILON})",
    "instance": f"nn.InstanceNorm2d({{channels}}, eps={EPSILON}, affine=True)",
}
_AFFINE = '''\
class Affine(nn.Module):
    """The factors and offsets of a normalization, without the normalization."""

    def __init__(self, channels):
        super().__init__()
        self.weight, self.bias = nn.Parameter(torch.ones(channels)), nn.Parameter(torch.zeros(channels))

    def forward(self, x):
        return self.weight[:, None, None] * x + self.bias[:, None, None]'''
_GAIN = f"""\
        weight.data *= {GAIN!r}
model[-1].bias.data.zero_()"""
_DIMMED = f"""\
# Half of the images get a low contrast, and the label says which.
digest = hashlib.sha256(b"0/contrast and brightness").digest()
source = torch.Generator().manual_seed(int.from_bytes(digest[:8], "little") >> 1)
dim = torch.rand(len(labels), generator=source) < 0.5
inputs, labels = torch.where(dim[:, None], {LOW_CONTRAST} * inputs, inputs), dim.long()"""


def conv_norm_script(settings: ConvNormSettings, changes: Sequence[Change]) -> str:
    """Write the training of one net; see `Experiment.script`."""
    whole = settings.batch_size >= settings.train_size
    table = change_table([(change.step, "lr", repr(change.value)) for change in changes], settings.steps)
    batch, rows = ((), "") if whole else (BATCH["shuffled"], "[rows]")
    loss = f"loss = {loss_text('cross-entropy', f'inputs{rows}', f'labels{rows}')}"
    return assembled(
        NET_IMPORTS,
        constants(settings, "learning_rate", *["batch_size"] * (not whole), "width", "steps", "seed"),
        table,
        definitions(RANDOM_STREAM, _AFFINE * (settings.normalization == "none")),
        data_text(settings.train_size),
        _DIMMED * (settings.task == "which contrast"),
        IMAGES,
        _model(settings),
        f"{DRAWN}\n{_GAIN}",
        "optimizer = torch.optim.SGD(model.parameters(), lr=LEARNING_RATE)",
        training_loop((*batch, loss), bool(table)),
    )


def _model(settings: ConvNormSettings) -> str:
    if settings.normalization != "group":
        return conv_text(LAYERS, lambda _: _NORMS[settings.normalization])
    groups = [largest_even_groups(settings.groups, settings.width * 2**number) for number in range(LAYERS)]
    return conv_text(LAYERS, lambda number: f"nn.GroupNorm({groups[number]}, {{channels}}, eps={EPSILON})")
