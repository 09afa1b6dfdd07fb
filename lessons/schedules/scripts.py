"""The trainings of lesson 2 as standalone PyTorch scripts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from lessons.core.record import Change
from lessons.core.rules.script import OptimizerText, optimizer_text
from lessons.core.scripts.net_script import NET_IMPORTS, RANDOM_STREAM, data_text, loss_text, model_text
from lessons.core.scripts.script import assembled, constants, definitions, training_loop
from lessons.schedules.schedule_script import ScheduleText, schedule_text
from lessons.schedules.settings import NoisyQuadraticSettings, ScheduledNetSettings

Scheduled = NoisyQuadraticSettings | ScheduledNetSettings

_QUADRATIC = """\
torch.set_default_dtype(torch.float64)
curvatures = SHARPNESS * CONDITION_NUMBER ** -torch.linspace(0, 1, DIMENSION)
theta = torch.full((REPLICAS, DIMENSION), START, requires_grad=True)"""
_QUADRATIC_LOSS = ("loss = (curvatures * theta.detach() ** 2).sum(1).mean() / 2",)
_QUADRATIC_GRADIENT = (
    'noise = torch.randn(REPLICAS, DIMENSION, generator=random_stream(f"noise {step}"))',
    "theta.grad = curvatures * theta.detach() + NOISE / BATCH_SIZE**0.5 * noise",
)
_NET_BATCH = (
    "epoch, number = divmod(step, len(labels) // BATCH_SIZE)",
    'order = torch.randperm(len(labels), generator=random_stream(f"epoch {epoch}"))',
    "rows = order[number * BATCH_SIZE : (number + 1) * BATCH_SIZE]",
)
_NET_GRADIENT = ("optimizer.zero_grad()", "loss.backward()")


def noisy_quadratic_script(settings: NoisyQuadraticSettings, changes: Sequence[Change]) -> str:
    """Write noisy gradient descent on a quadratic under a schedule; see `Experiment.script`."""
    optimizer, schedule = _method(settings, changes, "[theta]")
    shape = ("noise", "batch_size", "sharpness", "condition_number", "start", "dimension", "replicas", "steps", "seed")
    return assembled(
        "import hashlib\nimport math\n\nimport torch" if schedule.definition else "import hashlib\n\nimport torch",
        constants(settings, *shape, before=(optimizer.constants, schedule.constants)),
        optimizer.changes,
        definitions(RANDOM_STREAM, schedule.definition),
        f"{_QUADRATIC}\n{_constructions(optimizer, schedule)}",
        _loop(optimizer, schedule, _QUADRATIC_LOSS, _QUADRATIC_GRADIENT),
    )


def scheduled_net_script(settings: ScheduledNetSettings, changes: Sequence[Change]) -> str:
    """Write the training of a net on mini-batches of digits under a schedule; see `Experiment.script`."""
    optimizer, schedule = _method(settings, changes, "model.parameters()")
    fields = [*["width"] * (settings.depth > 0), "init_scale", "batch_size", "steps", "seed"]
    settings = settings.model_copy(update={"batch_size": min(settings.batch_size, settings.train_size)})
    loss = f"loss = {loss_text(settings.loss, 'inputs[rows]', 'labels[rows]')}"
    return assembled(
        NET_IMPORTS,
        constants(settings, *fields, before=(optimizer.constants, schedule.constants)),
        optimizer.changes,
        definitions(optimizer.definition, RANDOM_STREAM, schedule.definition),
        data_text(settings.train_size),
        model_text(settings.depth, settings.activation),
        _constructions(optimizer, schedule),
        _loop(optimizer, schedule, (*_NET_BATCH, loss), _NET_GRADIENT),
    )


def _method(settings: Scheduled, changes: Sequence[Change], parameters: str) -> tuple[OptimizerText, ScheduleText]:
    rate_changes = any(change.field == "learning_rate" for change in changes)
    optimizer, schedule = optimizer_text(settings, changes, parameters), schedule_text(settings, rate_changes)
    if schedule.construction:
        optimizer = replace(optimizer, changes=optimizer.changes.replace('"lr"', '"base_lr"'))
    return optimizer, schedule


def _constructions(optimizer: OptimizerText, schedule: ScheduleText) -> str:
    return "\n".join(part for part in (optimizer.construction, schedule.construction) if part)


def _loop(optimizer: OptimizerText, schedule: ScheduleText, loss: Sequence[str], gradient: Sequence[str]) -> str:
    """The training loop, from lines that compute the loss and lines that fill in the gradient."""
    update = [*schedule.before_step, *gradient, "optimizer.step()", *schedule.after_step]
    return training_loop(loss, bool(optimizer.changes), update)
