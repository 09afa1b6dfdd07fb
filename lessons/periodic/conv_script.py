"""The training of the small ConvNet as a standalone PyTorch script."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.scripts.conv_script import DRAWN, IMAGES, conv_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text
from lessons.core.scripts.script import (
    GRADIENT_STEP,
    assembled,
    change_table,
    constants,
    definitions,
    training_loop,
)
from lessons.periodic.conv_settings import ConvPeriodsSettings
from lessons.periodic.long_run.nets import CONV_LAYERS
from lessons.periodic.long_run.settings import LongRunSettings
from lessons.periodic.network import EPSILON
from lessons.periodic.scripts import EPOCH, HELD, LENGTH

_NORM = f"nn.BatchNorm2d({{channels}}, eps={EPSILON!r}, affine=False)"
_GROUP_NAMES = {"learning_rate": "lr"}  # what is called otherwise in an optimizer's group
_LAST = f"""\
# The last layer is frozen, at its length.
last = model[-1]
last.weight.data *= {LongRunSettings().last_layer_norm!r} / last.weight.data.norm()
last.bias.data.zero_()
last.requires_grad_(False)
hidden = [layer.weight for layer in model if isinstance(layer, nn.Conv2d)]"""
_OPTIMIZER = "optimizer = torch.optim.SGD(hidden, lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)"


def conv_periods_script(settings: ConvPeriodsSettings, changes: Sequence[Change]) -> str:
    """Write the training of one net; see `Experiment.script`."""
    whole = settings.batch_size >= settings.train_size
    held = settings.fixed_norm or any(change.field == "fixed_norm" for change in changes)
    entries = [(change.step, _GROUP_NAMES.get(change.field, change.field), repr(change.value)) for change in changes]
    table = change_table(entries, settings.steps)
    batch, rows = ((), "") if whole else (EPOCH, "[rows]")
    loss = f"loss = {loss_text('cross-entropy', f'inputs{rows}', f'labels{rows}')}"
    group = f'group = optimizer.param_groups[0]\ngroup["fixed_norm"] = {settings.fixed_norm}'
    fields = ("learning_rate", "weight_decay", *["batch_size"] * (not whole), "width", "steps", "seed")
    return assembled(
        NET_IMPORTS,
        constants(settings, *fields),
        table,
        definitions(RANDOM_STREAM, LENGTH * held),
        f"{data_text(settings.train_size)}\n{IMAGES}",
        conv_text(CONV_LAYERS, lambda _: _NORM),
        f"{DRAWN}\n{_LAST}",
        "\n".join([_OPTIMIZER, *[group] * held]),
        training_loop((*batch, loss), bool(table), HELD if held else GRADIENT_STEP),
    )
