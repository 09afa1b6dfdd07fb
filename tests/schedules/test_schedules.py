"""Claim 10: eta(t) of every schedule equals torch.optim.lr_scheduler value for value, where that has it."""

import math
from collections.abc import Callable
from typing import get_args

import numpy as np
import pytest
import torch
from torch.optim import lr_scheduler

from lessons.core.lanes import Lanes
from lessons.core.settings import SettingError, setting
from lessons.schedules.plateau import THRESHOLD, Plateau
from lessons.schedules.schedule_settings import DRAWN_FIELDS, ScheduleName, ScheduleShape
from lessons.schedules.schedules import SCHEDULES, planned_shares, restart_cycle, warmup_steps

pytestmark = pytest.mark.claim(10)


class Scheduled(ScheduleShape):
    """A schedule with what it needs to be asked for: its learning rate and the number of steps."""

    learning_rate: float = setting(0.3, label="learning rate", doc="η", low=0.0, high=100.0)
    steps: int = setting(60, label="steps", doc="Updates.", low=1, high=20000, shared=True)


SHAPES = [
    {},
    {"horizon": 50, "period": 7, "period_growth": 2, "decay_factor": 0.5, "floor": 0.1, "warmup_share": 0.3},
    {"horizon": 37, "period": 10, "period_growth": 3, "decay_factor": 0.9, "floor": 1e-4, "warmup_share": 0.77},
    {"horizon": 10, "period": 2, "period_growth": 4, "decay_factor": 0.01, "floor": 1.0, "warmup_share": 0.9},
    {"horizon": 11, "period": 3, "period_growth": 1, "decay_factor": 0.99, "floor": 1e-6, "warmup_share": 0.1},
    {"horizon": 600, "period": 60, "learning_rate": 7.0, "floor": 0.5, "warmup_share": 0.01},
]


def steps_of(s: Scheduled) -> int:
    return round(s.warmup_share * s.horizon) or 1


def warmup_cosine(optimizer: torch.optim.Optimizer, s: Scheduled) -> lr_scheduler.LRScheduler:
    warmup = steps_of(s)
    rise = lr_scheduler.LinearLR(optimizer, start_factor=s.floor, total_iters=warmup)
    fall = lr_scheduler.CosineAnnealingLR(optimizer, s.horizon - warmup, eta_min=s.floor * s.learning_rate)
    return lr_scheduler.SequentialLR(optimizer, [rise, fall], milestones=[warmup])


def triangular(optimizer: torch.optim.Optimizer, s: Scheduled) -> lr_scheduler.LRScheduler:
    half, low = s.period / 2, s.floor * s.learning_rate
    return lr_scheduler.CyclicLR(optimizer, low, s.learning_rate, half, half, cycle_momentum=False)


def one_cycle(optimizer: torch.optim.Optimizer, s: Scheduled) -> lr_scheduler.LRScheduler:
    return lr_scheduler.OneCycleLR(
        optimizer,
        s.learning_rate,
        total_steps=s.horizon,
        pct_start=s.warmup_share,
        div_factor=1 / s.floor,
        cycle_momentum=False,
    )


def range_test(optimizer: torch.optim.Optimizer, s: Scheduled) -> lr_scheduler.LRScheduler:
    optimizer.param_groups[0]["lr"] = s.floor * s.learning_rate
    return lr_scheduler.ExponentialLR(optimizer, s.floor ** (-1 / s.horizon))


TORCH: dict[str, Callable[[torch.optim.Optimizer, Scheduled], lr_scheduler.LRScheduler]] = {
    "constant": lambda o, s: lr_scheduler.ConstantLR(o, factor=1.0),
    "step decay": lambda o, s: lr_scheduler.StepLR(o, s.period, s.decay_factor),
    "exponential": lambda o, s: lr_scheduler.ExponentialLR(o, s.decay_factor ** (1 / s.period)),
    "cosine": lambda o, s: lr_scheduler.CosineAnnealingLR(o, s.horizon, s.floor * s.learning_rate),
    "warmup": lambda o, s: lr_scheduler.LinearLR(o, s.floor, total_iters=steps_of(s)),
    "warmup + cosine": warmup_cosine,
    "triangular": triangular,
    "warm restarts": lambda o, s: lr_scheduler.CosineAnnealingWarmRestarts(
        o, s.period, s.period_growth, s.floor * s.learning_rate
    ),
    "one-cycle": one_cycle,
    "range test": range_test,
    "linear range test": lambda o, s: lr_scheduler.LinearLR(o, s.floor, total_iters=s.horizon),
}
# After their horizon these of torch's go up again or refuse to go on; ours stay where they are.
LAST_STEP = {
    "cosine": lambda s: s.horizon,
    "warmup + cosine": lambda s: s.horizon,
    "range test": lambda s: s.horizon,
    "one-cycle": lambda s: s.horizon - 1,
}


def torch_rates(name: str, settings: Scheduled, steps: int) -> list[float]:
    """The learning rates of torch's scheduler after 0 to `steps` steps."""
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=settings.learning_rate)
    scheduler, rates = TORCH[name](optimizer, settings), []
    for _ in range(steps):
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step()
    return [*rates, optimizer.param_groups[0]["lr"]]


def our_rates(lanes: Lanes) -> np.ndarray:
    return (lanes.learning_rate * planned_shares(lanes)).numpy()


def scheduled(name: str, **values) -> Scheduled:
    return Scheduled(schedule=name, **values)


def test_every_schedule_has_a_choice_and_torchs_are_all_compared():
    assert tuple(SCHEDULES) == get_args(ScheduleName)
    in_torch = {name for name, schedule in SCHEDULES.items() if schedule.torch_name}
    assert in_torch == {*TORCH, "divide when stuck"}


@pytest.mark.sentence("l2_schedules_are_torchs")
@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
@pytest.mark.parametrize("name", TORCH)
def test_learning_rate_equals_torchs_at_each_step(name, shape):
    settings = scheduled(name, **shape)
    last = min(settings.steps, LAST_STEP.get(name, lambda s: s.steps)(settings))
    expected = torch_rates(name, settings, last)
    np.testing.assert_allclose(our_rates(Lanes([settings]))[: last + 1, 0], expected, rtol=1e-9, atol=1e-15)


@pytest.mark.parametrize("name", LAST_STEP)
def test_after_its_horizon_a_schedule_stays(name):
    settings = scheduled(name, horizon=20, steps=50)
    rates = our_rates(Lanes([settings]))[LAST_STEP[name](settings) :, 0]
    np.testing.assert_allclose(rates, rates[0], rtol=1e-12)


@pytest.mark.parametrize("shape", SHAPES, ids=range(len(SHAPES)))
def test_lanes_of_all_schedules_side_by_side_equal_each_alone(shape):
    """Up to rounding: powers of many numbers at once may round in another way."""
    settings = [scheduled(name, **shape) for name in SCHEDULES]
    together = our_rates(Lanes([*settings, *settings[::-1]]))
    alone = np.hstack([our_rates(Lanes([own])) for own in settings])
    np.testing.assert_allclose(together, np.hstack([alone, alone[:, ::-1]]), rtol=1e-13)


@pytest.mark.parametrize("name", SCHEDULES)
def test_a_schedule_reads_the_settings_that_it_names_and_no_others(name):
    """Each field in turn is moved: the plan changes if and only if the schedule uses it."""
    points = dict(zip(DRAWN_FIELDS, (0.03, 1.0, 1.0, 0.5, 0.5, 0.1, 0.1, 0.03, 0.01), strict=True))
    base = scheduled(name, horizon=40, period=10, steps=45, **points)
    read_from_the_loss = {"divide when stuck": {"decay_factor", "floor", "patience", "smoothing"}}
    for field, declared in ScheduleShape.fields().items():
        if field == "schedule" or field in read_from_the_loss.get(name, ()):
            continue
        present = getattr(base, field)
        other = 2 * present if declared.kind == "integer" else 0.7 * present
        moved = our_rates(Lanes([base.with_value(field, other)]))
        assert (field in SCHEDULES[name].uses) == (not np.array_equal(moved, our_rates(Lanes([base])))), field


@pytest.mark.parametrize("name", SCHEDULES)
def test_learning_rate_is_the_highest_value_and_scales_the_whole_schedule(name):
    one, three = (our_rates(Lanes([scheduled(name, learning_rate=eta)])) for eta in (1.0, 3.0))
    assert (one <= 1).all()
    assert (one > 0).all()
    np.testing.assert_allclose(three, 3 * one, rtol=1e-12)


@pytest.mark.parametrize("name", SCHEDULES)
def test_it_says_where_it_is_from(name):
    schedule = SCHEDULES[name]
    assert schedule.equation.count("{") == schedule.equation.count("}")
    assert schedule.reference
    assert set(schedule.uses) <= ScheduleShape.fields().keys()
    assert not schedule.torch_name or hasattr(lr_scheduler, schedule.torch_name)


@pytest.mark.parametrize("growth", [1, 2, 3, 4])
def test_restarts_fall_on_whole_steps_however_long_the_run(growth):
    """Counted one by one, over twenty thousand steps."""
    lanes = Lanes([scheduled("warm restarts", period=7, period_growth=growth)])
    start, length = restart_cycle(torch.arange(20001, dtype=torch.float64)[:, None], lanes)
    found = torch.cat([start, length], dim=1).tolist()
    begun, long = 0, 7
    for t in range(20001):
        if t == begun + long:
            begun, long = t, long * growth
        assert found[t] == [begun, long]


def test_a_warmup_is_a_whole_number_of_steps_and_ends_before_the_horizon():
    shares = [0.01, 0.04, 0.06, 0.5, 0.9]
    lanes = Lanes([scheduled("warmup + cosine", warmup_share=share, horizon=10) for share in shares])
    assert warmup_steps(lanes).tolist() == [1, 1, 1, 5, 9]


def test_the_drawn_schedule_goes_through_its_points_and_is_straight_in_logarithm():
    points = [0.1, 1.0, 0.2, 0.001, 0.5, 0.5, 0.02, 1.0, 0.3]
    drawn = dict(zip(DRAWN_FIELDS, points, strict=True))
    rates = our_rates(Lanes([scheduled("drawn", horizon=40, learning_rate=2.0, **drawn)]))[:, 0]
    np.testing.assert_allclose(rates[:41:5], 2.0 * np.array(points), rtol=1e-12)
    expected = np.interp(np.arange(41), np.arange(0, 41, 5), np.log(points))
    np.testing.assert_allclose(np.log(rates[:41] / 2.0), expected, atol=1e-12)
    np.testing.assert_allclose(rates[40:], 0.6, rtol=1e-12)


LOSSES = {
    "falls, then stays": lambda t: math.exp(-t / 20) if t < 60 else math.exp(-3),
    "noisy": lambda t: 1 + math.sin(7.1 * t) * math.cos(0.3 * t) + 1 / (1 + t),
    "falls by less than the threshold": lambda t: 1 - 3e-6 * t,
    "rises": lambda t: 1.01**t,
    "not a number": lambda t: 1 / (1 + t) if t < 40 else math.nan,
    "infinite": lambda t: 1 / (1 + t) if t < 40 else math.inf,
}


@pytest.mark.parametrize("smoothing", [0.0, 0.9])
@pytest.mark.parametrize("patience", [0, 5, 23])
@pytest.mark.parametrize("loss", LOSSES)
def test_divide_when_stuck_equals_reduce_on_plateau_on_the_running_mean(loss, patience, smoothing):
    """Three lanes at once, of which one has another schedule; torch's `eps`, which refuses small changes, is 0."""
    common = {"patience": patience, "smoothing": smoothing, "learning_rate": 0.3, "floor": 1e-3}
    decays = [0.1, 0.5, 0.7]
    lanes = Lanes([Scheduled(schedule="divide when stuck", decay_factor=d, **common) for d in decays])
    lanes = Lanes([*lanes.settings, scheduled("constant", **common)])
    plateau = Plateau.start(lanes)
    groups = [{"params": [torch.zeros(1)], "lr": 0.3} for _ in decays]
    optimizers = [torch.optim.SGD([group]) for group in groups]
    schedulers = [
        lr_scheduler.ReduceLROnPlateau(o, factor=d, patience=patience, threshold=THRESHOLD, min_lr=3e-4, eps=0)
        for o, d in zip(optimizers, decays, strict=True)
    ]
    smoothed, divided = None, set()
    for t in range(200):
        value = LOSSES[loss](t)
        smoothed = value if smoothed is None else smoothing * smoothed + (1 - smoothing) * value
        seen = plateau.see(torch.full((4,), value), lanes)
        np.testing.assert_allclose(seen, smoothed, rtol=1e-5)
        plateau.divide(lanes)
        for scheduler in schedulers:
            scheduler.step(float(seen[0]))
        expected = [o.param_groups[0]["lr"] for o in optimizers]
        np.testing.assert_allclose(0.3 * plateau.share, [*expected, 0.3], rtol=1e-12)
        divided.add(expected[0])
    assert len(divided) > 2


def test_a_setting_outside_its_bounds_is_refused():
    with pytest.raises(SettingError, match="decay factor"):
        Scheduled.checked({"decay_factor": 1.0})
