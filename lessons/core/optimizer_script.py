"""The update rules of `lessons.core.update_rules` as they are written with torch.optim."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from lessons.core.run import Change
from lessons.core.script import change_table, constant
from lessons.core.settings import Settings

_GROUP_NAMES = {"learning_rate": "lr", "momentum": "momentum"}
_TINY = 1e-30

# What a rule reads beside the learning rate; a value that the settings have no field for is torch.optim's default.
_FIELDS = {
    "gradient descent": (),
    "heavy ball": ("momentum",),
    "Nesterov": ("momentum",),
    "moving average": ("momentum",),
    "AdaGrad": (),
    "RMSProp": ("beta_2",),
    "Adam": ("momentum", "beta_2"),
    "AdamW": ("momentum", "beta_2", "weight_decay"),
    "Quickprop": (),
}
_DEFAULTS = {"beta_2": "0.999", "weight_decay": "0.01"}

_CALLS = {
    "gradient descent": "torch.optim.SGD({parameters}, lr=LEARNING_RATE)",
    "heavy ball": "torch.optim.SGD({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM)",
    "Nesterov": "torch.optim.SGD({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM, nesterov=True)",
    "moving average": "MovingAverage({parameters}, lr=LEARNING_RATE, momentum=MOMENTUM)",
    "AdaGrad": "torch.optim.Adagrad({parameters}, lr=LEARNING_RATE)",
    "RMSProp": "torch.optim.RMSprop({parameters}, lr=LEARNING_RATE, alpha={beta_2})",
    "Adam": "torch.optim.Adam({parameters}, lr=LEARNING_RATE, betas=(MOMENTUM, {beta_2}), eps=1e-8)",
    "AdamW": (
        "torch.optim.AdamW({parameters}, lr=LEARNING_RATE, betas=(MOMENTUM, {beta_2}), weight_decay={weight_decay})"
    ),
    "Quickprop": "Quickprop({parameters}, lr=LEARNING_RATE)",
}
_CALLS_WHILE_MOMENTUM_CHANGES = {
    "Adam": "ChangingAdam({parameters}, LEARNING_RATE, MOMENTUM, {beta_2})",
    "AdamW": "ChangingAdam({parameters}, LEARNING_RATE, MOMENTUM, {beta_2}, {weight_decay})",
}

_MOVING_AVERAGE = '''\
class MovingAverage(torch.optim.Optimizer):
    """Momentum as a moving average of gradients that starts at 0; with SGD's dampening it would start at g."""

    def __init__(self, parameters, lr, momentum):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        lr, beta = group["lr"], group["momentum"]
        for p in group["params"]:
            state = self.state[p]
            state["velocity"] = beta * state.get("velocity", 0.0) + (1 - beta) * p.grad
            p -= lr * state["velocity"]'''

_CHANGING_ADAM = '''\
class ChangingAdam(torch.optim.Optimizer):
    """Adam for a beta_1 that changes in flight: the product of all beta_1 so far replaces beta_1 ** t."""

    def __init__(self, parameters, lr, momentum, beta_2, weight_decay=0.0):
        super().__init__(parameters, {"lr": lr, "momentum": momentum})
        self.beta_2, self.weight_decay = beta_2, weight_decay

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        lr, beta_1, beta_2 = group["lr"], group["momentum"], self.beta_2
        for p in group["params"]:
            state = self.state[p]
            state["product_1"] = beta_1 * state.get("product_1", 1.0)
            state["product_2"] = beta_2 * state.get("product_2", 1.0)
            state["first"] = beta_1 * state.get("first", 0.0) + (1 - beta_1) * p.grad
            state["second"] = beta_2 * state.get("second", 0.0) + (1 - beta_2) * p.grad**2
            mean = state["first"] / (1 - state["product_1"])
            scale = (state["second"] / (1 - state["product_2"])).sqrt() + 1e-8
            p *= 1 - lr * self.weight_decay
            p -= lr * mean / scale'''

_QUICKPROP = '''\
class Quickprop(torch.optim.Optimizer):
    """A parabola through the last two slopes of each coordinate; steps grow by 1.75 at most (Fahlman 1988)."""

    def __init__(self, parameters, lr):
        super().__init__(parameters, {"lr": lr})

    @torch.no_grad()
    def step(self):
        group = self.param_groups[0]
        for p in group["params"]:
            state, slope = self.state[p], p.grad.clone()
            earlier, last = state.get("slope", slope), state.get("step", torch.zeros_like(p))
            factor = (slope / (earlier - slope)).clamp(max=1.75)
            factor[(slope * earlier > 0) & (slope.abs() >= earlier.abs())] = 1.75
            state["slope"], state["step"] = slope, torch.where(last == 0, -group["lr"] * slope, factor * last)
            p += state["step"]'''

_DEFINITIONS = {"moving average": _MOVING_AVERAGE, "Quickprop": _QUICKPROP}


@dataclass(frozen=True)
class OptimizerText:
    """The paragraphs of a script that concern its optimizer; empty where there is nothing to say.

    Attributes:
        constants: Learning rate, momentum and what else the optimizer reads.
        changes: Table of the changes in flight.
        definition: The optimizer's class, where torch.optim has none.
        construction: The line that makes the optimizer.
    """

    constants: str
    changes: str
    definition: str
    construction: str


def optimizer_text(settings: Settings, changes: Sequence[Change], parameters: str) -> OptimizerText:
    """Write the optimizer of a lane.

    Args:
        settings: With `optimizer`, `learning_rate`, `momentum` and `steps`; `beta_2` and `weight_decay` if they may be
            chosen.
        changes: Of `learning_rate` and `momentum`, in the order of their steps.
        parameters: An expression of what is trained.

    Raises:
        KeyError: If the update rule is unknown or a change is of another field.
    """
    rule = settings.optimizer
    used = [change for change in changes if change.field != "momentum" or "momentum" in _FIELDS[rule]]
    entries = [(change.step, _GROUP_NAMES[change.field], _value(rule, change)) for change in used]
    call, definition = _CALLS[rule], _DEFINITIONS.get(rule, "")
    if rule in _CALLS_WHILE_MOMENTUM_CHANGES and any(change.field == "momentum" for change in used):
        call, definition = _CALLS_WHILE_MOMENTUM_CHANGES[rule], _CHANGING_ADAM
    values = {name: name.upper() if name in settings.fields() else value for name, value in _DEFAULTS.items()}
    return OptimizerText(
        constants=_constants(settings),
        changes=change_table(entries, settings.steps),
        definition=definition,
        construction=f"optimizer = {call.format(parameters=parameters, **values)}",
    )


def _constants(settings: Settings) -> str:
    known = [name for name in _FIELDS[settings.optimizer] if name in settings.fields()]
    lines = [_momentum(settings) if name == "momentum" else constant(settings, name) for name in known]
    return "\n".join([constant(settings, "learning_rate"), *lines])


def _momentum(settings: Settings) -> str:
    if settings.momentum or not _needs_velocity(settings.optimizer):
        return constant(settings, "momentum")
    return f"MOMENTUM = {_TINY!r}  # momentum β is 0; at exactly 0 torch.optim.SGD would keep no velocity"


def _value(rule: str, change: Change) -> str:
    if change.field == "momentum" and not change.value and _needs_velocity(rule):
        return repr(_TINY)
    return repr(change.value)


def _needs_velocity(rule: str) -> bool:
    """Whether torch.optim.SGD writes the rule: it drops its velocity at momentum 0, and refuses 0 for Nesterov."""
    return rule in ("heavy ball", "Nesterov")
