"""The trainings of lesson 1 as standalone PyTorch scripts."""

from __future__ import annotations

import base64
import zlib
from collections.abc import Sequence
from dataclasses import replace

import torch

from lessons.core.data.point_sets import points_split
from lessons.core.record import Change
from lessons.core.rules.lbfgs import HISTORY
from lessons.core.rules.script import OptimizerText, optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, model_text
from lessons.core.scripts.script import (
    GRADIENT_STEP,
    assembled,
    change_table,
    constant,
    constants,
    definitions,
    training_loop,
)
from lessons.optimizers.settings import ClassifierSettings, RaceSettings, ValleySettings
from lessons.optimizers.surfaces import TwoMinima

_SURFACES = {
    "quadratic": """\
def loss_at(theta):
    x, y = theta
    turn = math.radians(ANGLE)
    along, across = math.cos(turn) * x + math.sin(turn) * y, math.cos(turn) * y - math.sin(turn) * x
    return (along**2 + across**2 / CONDITION_NUMBER) / 2""",
    "Rosenbrock": """\
def loss_at(theta):
    x, y = theta
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2""",
    "Beale": """\
def loss_at(theta):
    x, y = theta
    return sum((c - x * (1 - y**i)) ** 2 for i, c in ((1, 1.5), (2, 2.25), (3, 2.625)))""",
    "saddle": """\
def loss_at(theta):
    x, y = theta
    return x**2 / 2 + (y**2 - 1) ** 2 / 4""",
    "two minima": f"""\
def loss_at(theta):
    x, y = theta
    return (x**2 - 1) ** 2 + {TwoMinima.tilt!r} * x + y**2 / 2 - {TwoMinima().lowest!r}""",
}

_START = """\
torch.set_default_dtype(torch.float64)
theta = torch.tensor([START_X, START_Y], requires_grad=True)"""

_VALLEY_START = """\
torch.set_default_dtype(torch.float64)
cos, sin = math.cos(math.radians(ANGLE)), math.sin(math.radians(ANGLE))
theta = torch.tensor([2 * (cos - sin), 2 * (sin + cos)], requires_grad=True)"""

_NEWTON = '''\
class Newton(torch.optim.Optimizer):
    """Newton's method, the Hessian of the loss by automatic differentiation, damped."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            with torch.enable_grad():
                hessian = torch.autograd.functional.hessian(loss_at, p.detach())
            p -= group["lr"] * torch.linalg.solve(hessian + DAMPING * torch.eye(len(p)), p.grad)'''

_CLOSURE = """\
def closure():
    optimizer.zero_grad()
    loss = loss_at(theta)
    loss.backward()
    return loss"""

_NOISE = """\
if step % 256 == 0:
    noise = torch.randn(256, 2, generator=random_stream(f"gradient noise {step // 256}"))
theta.grad += GRADIENT_NOISE * noise[step % 256]"""

_POINTS = """\
# The training points, two coordinates and the label of each.
DATA = "{data}"
stored = torch.frombuffer(bytearray(zlib.decompress(base64.b64decode(DATA))), dtype=torch.float32).view(-1, 3)
inputs, labels = stored[:, :2].clone(), stored[:, 2].long()"""

_ROWS = 'rows = torch.randperm(len(labels), generator=random_stream(f"batch {step}"))[:BATCH_SIZE]'


def race_script(settings: RaceSettings, changes: Sequence[Change]) -> str | None:
    """Write one optimizer's way over a surface; see `Experiment.script`.

    None on the slice of a net, which has no short formula, and for L-BFGS with gradient noise, whose line search asks
    for losses without it.
    """
    if settings.surface == "net":
        return None
    shape = ("condition_number", "angle") if settings.surface == "quadratic" else ()
    return _surface_script(settings, changes, _SURFACES[settings.surface], _START, (*shape, "start_x", "start_y"))


def valley_script(settings: ValleySettings, changes: Sequence[Change]) -> str | None:
    """Write one optimizer's way down a valley; see `Experiment.script`. None for L-BFGS with noise, as above."""
    surface = _SURFACES["quadratic"].replace("return (", "return LOSS_SCALE * (")
    return _surface_script(settings, changes, surface, _VALLEY_START, ("condition_number", "angle", "loss_scale"))


def _surface_script(
    settings: RaceSettings | ValleySettings, changes: Sequence[Change], surface: str, start: str, shape: Sequence[str]
) -> str | None:
    noisy, searching = settings.gradient_noise > 0, settings.optimizer == "L-BFGS"
    if noisy and searching:
        return None
    optimizer = _race_optimizer(settings, changes)
    noise = ["gradient_noise", "seed"] if noisy else []
    imports = ["hashlib"] * noisy + ["math"] * ("math." in surface)
    update = [*GRADIENT_STEP[:2], *[_NOISE] * noisy, GRADIENT_STEP[2]] if not searching else ["optimizer.step(closure)"]
    return assembled(
        _imports(imports),
        constants(settings, *shape, *noise, "steps", before=[optimizer.constants]),
        optimizer.changes,
        definitions(RANDOM_STREAM if noisy else "", surface, optimizer.definition),
        f"{start}\n{optimizer.construction}",
        definitions(_CLOSURE) if searching else "",
        training_loop(["loss = loss_at(theta)"], bool(optimizer.changes), update),
    )


def classifier_script(settings: ClassifierSettings, changes: Sequence[Change]) -> str:
    """Write the training of a net on digits or points; see `Experiment.script`."""
    optimizer = optimizer_text(settings, changes, "model.parameters()")
    batched = settings.batch_size < settings.train_size
    rows, part = ([_ROWS], "[rows]") if batched else ([], "")
    loss = f"loss = nn.functional.cross_entropy(model(inputs{part}), labels{part})"
    fields = [*["width"] * (settings.depth > 0), "init_scale", *["batch_size"] * batched, "seed", "steps"]
    ends = () if settings.data == "digits" else (2, 2)
    return assembled(
        NET_IMPORTS,
        constants(settings, *fields, before=[optimizer.constants]),
        optimizer.changes,
        definitions(optimizer.definition, RANDOM_STREAM),
        data_text(settings.train_size) if settings.data == "digits" else _points_text(settings),
        model_text(settings.depth, settings.activation, *ends),
        optimizer.construction,
        training_loop([*rows, loss], bool(optimizer.changes)),
    )


def _race_optimizer(settings: RaceSettings | ValleySettings, changes: Sequence[Change]) -> OptimizerText:
    if settings.optimizer not in ("Newton", "L-BFGS"):
        return optimizer_text(settings, changes, "[theta]")
    rates = [(change.step, "lr", repr(change.value)) for change in changes if change.field == "learning_rate"]
    text = OptimizerText(
        constants=constant(settings, "learning_rate"),
        changes=change_table(rates, settings.steps),
        definition="",
        construction=f"optimizer = torch.optim.LBFGS(\n    [theta], lr=LEARNING_RATE, max_iter=1, max_eval=26, "
        f'history_size={HISTORY}, line_search_fn="strong_wolfe"\n)',
    )
    if settings.optimizer == "L-BFGS":
        return text
    return replace(
        text,
        constants=f"{text.constants}\n{constant(settings, 'damping')}",
        definition=_NEWTON,
        construction="optimizer = Newton([theta], lr=LEARNING_RATE)",
    )


def _points_text(settings: ClassifierSettings) -> str:
    """The training points, 12 bytes each, compressed, as base64."""
    split = points_split(settings.data, settings.train_size, settings.noise)
    rows = torch.cat([split.train_inputs, split.train_labels[:, None].float()], dim=1)
    return _POINTS.format(data=base64.b64encode(zlib.compress(rows.numpy().tobytes(), 9)).decode())


def _imports(names: Sequence[str]) -> str:
    lines = [f"import {name}" for name in names]
    return "\n".join([*lines, *[""] * bool(lines), "import torch"])
