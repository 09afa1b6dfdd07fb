"""The trainings of lesson 3 as standalone PyTorch scripts."""

from __future__ import annotations

from collections.abc import Sequence

from lessons.core.record import Change
from lessons.core.rules.script import optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text, model_text
from lessons.core.scripts.script import assembled, change_table, constants, definitions, training_loop
from lessons.divergence.settings import BowlSettings, NetSettings, ParabolaSettings

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
_BOWL_LOSS = "loss = (curvatures * (directions.T @ theta) ** 2).sum() / 2"


def parabola_script(settings: ParabolaSettings, changes: Sequence[Change]) -> str:
    """Write gradient descent on a parabola; see `Experiment.script`."""
    entries = [(change.step, "lr", f"{change.value!r} / CURVATURE") for change in changes]
    table = change_table(entries, settings.steps)
    return assembled(
        "import torch",
        constants(settings, "ratio", "curvature", "start", "steps"),
        table,
        _PARABOLA,
        training_loop(["loss = CURVATURE * x**2 / 2"], changing=bool(table)),
    )


def bowl_script(settings: BowlSettings, changes: Sequence[Change]) -> str:
    """Write a gradient method on a rotated bowl; see `Experiment.script`."""
    optimizer = optimizer_text(settings, changes, "[theta]")
    shape = ("sharpness", "condition_number", "angle", "dimension", "start_x", "start_y", "steps")
    return assembled(
        "import math\n\nimport torch",
        constants(settings, *shape, before=[optimizer.constants]),
        optimizer.changes,
        definitions(optimizer.definition),
        f"{_BOWL}\n{optimizer.construction}",
        training_loop([_BOWL_LOSS], changing=bool(optimizer.changes)),
    )


def net_script(settings: NetSettings, changes: Sequence[Change]) -> str:
    """Write the training of a net on the digits; see `Experiment.script`."""
    optimizer = optimizer_text(settings, changes, "model.parameters()")
    width = ["width"] if settings.depth else []
    return assembled(
        NET_IMPORTS,
        constants(settings, *width, "init_scale", "seed", "steps", before=[optimizer.constants]),
        optimizer.changes,
        definitions(optimizer.definition, RANDOM_STREAM),
        data_text(settings.train_size),
        model_text(settings.depth, settings.activation),
        optimizer.construction,
        training_loop([f"loss = {loss_text(settings.loss)}"], changing=bool(optimizer.changes)),
    )
