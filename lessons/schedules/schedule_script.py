"""The schedules as they are written with torch.optim.lr_scheduler."""

from __future__ import annotations

from dataclasses import dataclass

from lessons.core.scripts.script import constant
from lessons.schedules.plateau import THRESHOLD
from lessons.schedules.schedule_settings import DRAWN_FIELDS, DRAWN_POINTS, ScheduleShape
from lessons.schedules.schedules import SCHEDULES

_MODULE = "torch.optim.lr_scheduler"

# What a call refers to: {group} is the optimizer that is scheduled, {eta} its learning rate, {low} the lowest one,
# {share} the share of the warmup.
_CALLS = {
    "step decay": "StepLR({group}, step_size=PERIOD, gamma=DECAY_FACTOR)",
    "divide when stuck": (
        "ReduceLROnPlateau({group}, factor=DECAY_FACTOR, patience=PATIENCE, "
        f"threshold={THRESHOLD}, min_lr={{low}}, eps=0)"
    ),
    "exponential": "ExponentialLR({group}, gamma=DECAY_FACTOR ** (1 / PERIOD))",
    "cosine": "CosineAnnealingLR({group}, T_max=HORIZON, eta_min={low})",
    "warmup": "LinearLR({group}, start_factor=FLOOR, total_iters=WARMUP)",
    "warmup + cosine": "SequentialLR({group}, [rise, fall], milestones=[WARMUP])",
    "triangular": "CyclicLR({group}, {low}, {eta}, step_size_up=PERIOD / 2, cycle_momentum=False)",
    "warm restarts": "CosineAnnealingWarmRestarts({group}, T_0=PERIOD, T_mult=PERIOD_GROWTH, eta_min={low})",
    "one-cycle": (
        "OneCycleLR({group}, {eta}, total_steps=HORIZON, pct_start={share}, div_factor=1 / FLOOR, cycle_momentum=False)"
    ),
    "range test": "LambdaLR({group}, lambda step: FLOOR ** (1 - min(step / HORIZON, 1)))",
    "linear range test": "LinearLR({group}, start_factor=FLOOR, total_iters=HORIZON)",
    "drawn": "LambdaLR({group}, drawn_share)",
}
_WARMUP_COSINE = f"""\
rise = {_MODULE}.LinearLR({{group}}, start_factor=FLOOR, total_iters=WARMUP)
fall = {_MODULE}.CosineAnnealingLR({{group}}, T_max=HORIZON - WARMUP, eta_min={{low}})
"""
_TOP_AT_0 = "# The rise takes no time, and OneCycleLR would divide by 0: it gets a little more.\n"
_LONGER_SHARE = "WARMUP_SHARE * (1 + 1e-12)"
_SMOOTHED = "smoothed = None  # running mean of the loss, which may be stuck\n"
_BEFORE = {"warmup + cosine": _WARMUP_COSINE, "divide when stuck": _SMOOTHED}
_WARMUP = "WARMUP = max(1, round(WARMUP_SHARE * HORIZON))  # steps"
_DRAWN = f"""\
def drawn_share(step):
    place = min(step / HORIZON, 1) * {DRAWN_POINTS - 1}
    left = min(int(place), {DRAWN_POINTS - 2})
    low, high = math.log(POINTS[left]), math.log(POINTS[left + 1])
    return math.exp(low + (place - left) * (high - low))"""
_PACE = """\
# The learning rate changes in flight: the schedule runs beside the optimizer, as a share of it.
pace = torch.optim.SGD([torch.zeros(1)], lr=1.0)
"""
_BASE = 'optimizer.param_groups[0]["base_lr"] = LEARNING_RATE'
_LINE = 120
_LAST_STEP = {"cosine": "HORIZON", "warmup + cosine": "HORIZON", "one-cycle": "HORIZON - 1"}


@dataclass(frozen=True)
class ScheduleText:
    """The parts of a script that concern its schedule; empty where there is nothing to say.

    Attributes:
        constants: The settings that the schedule uses.
        definition: The function of a drawn schedule.
        construction: What makes the scheduler, once there is an optimizer.
        before_step: Lines of the loop, before the optimizer's step.
        after_step: Lines of the loop, after it.
    """

    constants: str
    definition: str
    construction: str
    before_step: tuple[str, ...]
    after_step: tuple[str, ...]


def schedule_text(settings: ScheduleShape, rate_changes: bool) -> ScheduleText:
    """Write the schedule of a lane.

    Args:
        settings: With `learning_rate`.
        rate_changes: Whether `learning_rate` changes in flight. Then, unless the schedule is constant, the loop reads
            it from the entry "base_lr" of the optimizer's group.
    """
    name = settings.schedule
    if name == "constant":
        return ScheduleText("", "", "", (), ())
    names = {"group": "pace", "eta": "1.0", "low": "FLOOR"}
    if not rate_changes:
        names = {"group": "optimizer", "eta": "LEARNING_RATE", "low": "FLOOR * LEARNING_RATE"}
    top_at_0 = name == "one-cycle" and settings.warmup_share * settings.horizon == 1
    names["share"] = _LONGER_SHARE if top_at_0 else "WARMUP_SHARE"
    scheduler = _broken(f"scheduler = {_MODULE}.{_CALLS[name]}".format(**names))
    construction = (_TOP_AT_0 if top_at_0 else _BEFORE.get(name, "").format(**names)) + scheduler
    before, after = _loop_lines(name, rate_changes)
    return ScheduleText(
        constants=_constants(settings),
        definition=_DRAWN if name == "drawn" else "",
        construction=f"{_PACE}{construction}\n{_BASE}" if rate_changes else construction,
        before_step=before,
        after_step=after,
    )


def _broken(call: str) -> str:
    """A call, its arguments on a line of their own where one line is too short."""
    if len(call) <= _LINE:
        return call
    name, _, arguments = call.partition("(")
    return f"{name}(\n    {arguments[:-1]}\n)"


def _loop_lines(name: str, rate_changes: bool) -> tuple[tuple[str, ...], tuple[str, ...]]:
    before, after = [], []
    if rate_changes:
        before = [
            "group = optimizer.param_groups[0]",
            'group["lr"] = group["base_lr"] * pace.param_groups[0]["lr"]',
        ]
        after = ["pace.step()  # nothing to train: torch asks for a step before the scheduler's"]
    if name == "divide when stuck":
        before.append(
            "smoothed = losses[0] if smoothed is None else SMOOTHING * smoothed + (1 - SMOOTHING) * losses[-1]"
        )
        after.append("scheduler.step(smoothed)")
    elif name in _LAST_STEP:
        after += [f"if step < {_LAST_STEP[name]}:", "    scheduler.step()"]
    else:
        after.append("scheduler.step()")
    return tuple(before), tuple(after)


def _constants(settings: ScheduleShape) -> str:
    used = SCHEDULES[settings.schedule].uses
    lines = [constant(settings, field) for field in used if field not in DRAWN_FIELDS]
    if settings.schedule in ("warmup", "warmup + cosine"):
        lines.append(_WARMUP)
    if settings.schedule == "drawn":
        points = ", ".join(repr(getattr(settings, field)) for field in DRAWN_FIELDS)
        lines.append(f"POINTS = [{points}]  # shares of the learning rate")
    return "\n".join(lines)
