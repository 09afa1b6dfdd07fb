"""Learning-rate schedules for any number of lanes and steps at once.

A schedule gives the learning rate at step t as a share of the lane's learning rate eta, so eta may be changed in
flight under any of them. Every share is a formula in t, with no loop; the one schedule that looks at the loss is
completed by `lessons.schedules.plateau`.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from typing import ClassVar

import torch
from torch import Tensor

from lessons.core.lanes import Lanes
from lessons.schedules.schedule_settings import DRAWN_FIELDS

FINAL_DIVISION = 1e4  # one-cycle ends so far below its start, as torch's OneCycleLR does by default


class Schedule(ABC):
    """One way for the learning rate to change with the step.

    Attributes:
        equation: In LaTeX.
        reference: Where it is from.
        torch_name: What it is called in `torch.optim.lr_scheduler`; empty where it is not there.
        uses: Fields of `ScheduleShape` that it reads.
    """

    equation: ClassVar[str]
    reference: ClassVar[str]
    torch_name: ClassVar[str] = ""
    uses: ClassVar[tuple[str, ...]] = ()

    @abstractmethod
    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        """Return eta(t) / eta.

        Args:
            t: Updates made so far, float64, shape (T, 1).
            lanes: K lanes whose settings are a `ScheduleShape`.

        Returns:
            float64, shape (T, K).
        """


class Constant(Schedule):
    """The learning rate stays."""

    equation = r"\eta_t = \eta"
    reference = "Robbins & Monro 1951 show what it lacks: with noise it does not converge"
    torch_name = "ConstantLR"

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return torch.ones(len(t), len(lanes), dtype=torch.float64)


class StepDecay(Schedule):
    """Multiplied by gamma at the end of each period."""

    equation = r"\eta_t = \eta\,\gamma^{\lfloor t/P \rfloor}"
    reference = "He, Zhang, Ren & Sun 2016, arXiv 1512.03385, section 3.4"
    torch_name = "StepLR"
    uses = ("period", "decay_factor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return lanes.decay_factor ** torch.floor(t / lanes.period)


class DivideWhenStuck(Schedule):
    """Multiplied by gamma when the smoothed loss has had no new best for more than `patience` steps.

    Its share is 1 until the loss says otherwise: see `lessons.schedules.plateau.Plateau`.
    """

    equation = r"\eta \leftarrow \max(\gamma\,\eta,\ \eta_{\min}) \text{ when stuck}"
    reference = "Krizhevsky, Sutskever & Hinton 2012, section 5, by hand; torch.optim.lr_scheduler.ReduceLROnPlateau"
    torch_name = "ReduceLROnPlateau"
    uses = ("decay_factor", "floor", "patience", "smoothing")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return torch.ones(len(t), len(lanes), dtype=torch.float64)


class Exponential(Schedule):
    """Step decay made smooth: by gamma over each period."""

    equation = r"\eta_t = \eta\,\gamma^{t/P}"
    reference = "torch.optim.lr_scheduler.ExponentialLR with factor gamma^(1/P); Li & Arora 2020, arXiv 1910.07454"
    torch_name = "ExponentialLR"
    uses = ("period", "decay_factor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return lanes.decay_factor ** (t / lanes.period)


class Cosine(Schedule):
    """Half a cosine, from eta down to eta_min."""

    equation = r"\eta_t = \eta_{\min} + \tfrac12 (\eta - \eta_{\min})\left(1 + \cos \tfrac{\pi t}{T}\right)"
    reference = "Loshchilov & Hutter 2017, arXiv 1608.03983, eq. 5, without restarts"
    torch_name = "CosineAnnealingLR"
    uses = ("horizon", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return _cosine_fall(t / lanes.horizon, 1.0, lanes.floor)


class Warmup(Schedule):
    """A straight line from eta_min up to eta, over the first w T steps."""

    equation = r"\eta_t = \eta_{\min} + (\eta - \eta_{\min}) \min\left(1, \tfrac{t}{wT}\right)"
    reference = "Goyal et al. 2017, arXiv 1706.02677, section 2.2"
    torch_name = "LinearLR"
    uses = ("horizon", "warmup_share", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return _rise(t / warmup_steps(lanes), lanes.floor)


class WarmupCosine(Schedule):
    """Warmup over the first w T steps, then half a cosine for the rest of T."""

    equation = (
        r"\eta_t = \eta_{\min} + (\eta - \eta_{\min}) \cdot \begin{cases} t/(wT) & t < wT \\"
        r" \tfrac12\left(1 + \cos \pi\tfrac{t - wT}{T - wT}\right) & t \ge wT \end{cases}"
    )
    reference = "Goyal et al. 2017, arXiv 1706.02677, with Loshchilov & Hutter 2017, arXiv 1608.03983"
    torch_name = "SequentialLR"
    uses = ("horizon", "warmup_share", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        warmup = warmup_steps(lanes)
        fall = _cosine_fall((t - warmup) / (lanes.horizon - warmup), 1.0, lanes.floor)
        return torch.where(t < warmup, _rise(t / warmup, lanes.floor), fall)


class Triangular(Schedule):
    """Up in a straight line and down again, once a period."""

    equation = r"\eta_t = \eta_{\min} + (\eta - \eta_{\min})\left(1 - |2x - 1|\right),\quad x = t/P \bmod 1"
    reference = "Smith 2017, arXiv 1506.01186, section 3.2 (cyclical learning rates)"
    torch_name = "CyclicLR"
    uses = ("period", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        place = t / lanes.period - torch.floor(t / lanes.period)
        return _rise(1 - (2 * place - 1).abs(), lanes.floor)


class WarmRestarts(Schedule):
    """Half a cosine, again and again; the time to the next restart grows m-fold each time."""

    equation = (
        r"\eta_t = \eta_{\min} + \tfrac12 (\eta - \eta_{\min})\left(1 + \cos \tfrac{\pi (t - t_i)}{P_i}\right),"
        r"\quad P_i = P m^i,\; t_{i+1} = t_i + P_i"
    )
    reference = "Loshchilov & Hutter 2017, arXiv 1608.03983, eq. 5 (SGDR)"
    torch_name = "CosineAnnealingWarmRestarts"
    uses = ("period", "period_growth", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        start, length = restart_cycle(t, lanes)
        return _cosine_fall((t - start) / length, 1.0, lanes.floor)


class OneCycle(Schedule):
    """One rise over the first w T steps and one fall, both half a cosine, the fall far below where the rise began.

    As in torch the top is at step w T - 1 and the end at T - 1; momentum is not cycled.
    """

    equation = (
        r"\eta_{\min} \nearrow \eta \searrow 10^{-4}\,\eta_{\min}\quad\text{by}\quad"
        r"a + \tfrac12 (b - a)(1 - \cos \pi x)"
    )
    reference = "Smith & Topin 2018, arXiv 1708.07120 (super-convergence); the cosine is fastai's and torch's"
    torch_name = "OneCycleLR"
    uses = ("horizon", "warmup_share", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        top, end = lanes.warmup_share * lanes.horizon - 1, lanes.horizon - 1
        rise = _cosine_fall(t / top.clamp_min(1e-9), lanes.floor, 1.0)
        fall = _cosine_fall((t - top) / (end - top), 1.0, lanes.floor / FINAL_DIVISION)
        return torch.where(t <= top, rise, fall)


class RangeTest(Schedule):
    """Multiplied by the same factor at each step, from eta_min up to eta: the useful range shows in the loss."""

    equation = r"\eta_t = \eta_{\min} \left(\eta / \eta_{\min}\right)^{t/T}"
    reference = "Smith 2017, arXiv 1506.01186, section 3.3, with fastai's exponential rise"
    torch_name = "ExponentialLR"
    uses = ("horizon", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return lanes.floor ** (1 - (t / lanes.horizon).clamp(max=1))


class LinearRangeTest(Schedule):
    """The range test as it was proposed: a straight line from eta_min up to eta."""

    equation = r"\eta_t = \eta_{\min} + (\eta - \eta_{\min})\, t/T"
    reference = "Smith 2017, arXiv 1506.01186, section 3.3"
    torch_name = "LinearLR"
    uses = ("horizon", "floor")

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        return _rise(t / lanes.horizon, lanes.floor)


class Drawn(Schedule):
    """Through points that the learner sets, evenly spaced from 0 to T, joined by straight lines in log eta."""

    equation = r"\log \eta_t = \log \eta + \text{linear between } \log p_0, \log p_1, \ldots, \log p_8"
    reference = "drawn by the learner; no source"
    uses = ("horizon", *DRAWN_FIELDS)

    def share(self, t: Tensor, lanes: Lanes) -> Tensor:
        heights = torch.stack([getattr(lanes, field) for field in DRAWN_FIELDS]).log()
        place = (t / lanes.horizon).clamp(max=1) * (len(heights) - 1)
        left = place.floor().clamp(max=len(heights) - 2)
        low, high = heights.gather(0, left.long()), heights.gather(0, left.long() + 1)
        return torch.exp(low + (place - left) * (high - low))


SCHEDULES: dict[str, Schedule] = {
    "constant": Constant(),
    "step decay": StepDecay(),
    "divide when stuck": DivideWhenStuck(),
    "exponential": Exponential(),
    "cosine": Cosine(),
    "warmup": Warmup(),
    "warmup + cosine": WarmupCosine(),
    "triangular": Triangular(),
    "warm restarts": WarmRestarts(),
    "one-cycle": OneCycle(),
    "range test": RangeTest(),
    "linear range test": LinearRangeTest(),
    "drawn": Drawn(),
}


def planned_shares(lanes: Lanes) -> Tensor:
    """Return eta(t) / eta at steps 0 to `steps` as far as it is known before the run, float64, shape (steps + 1, K).

    That is all of it but for "divide when stuck", which is 1 here.
    """
    t = torch.arange(lanes.shared.steps + 1, dtype=torch.float64)[:, None]
    names = lanes.values("schedule")
    shares = torch.empty(len(t), len(lanes), dtype=torch.float64)
    for name in dict.fromkeys(names):
        members = [lane for lane, own in enumerate(names) if own == name]
        shares[:, members] = SCHEDULES[name].share(t, Lanes([lanes.settings[lane] for lane in members]))
    return shares


def warmup_steps(lanes: Lanes) -> Tensor:
    """Return the length of a linear warmup in whole steps, at least 1, shape (K,)."""
    return torch.round(lanes.warmup_share * lanes.horizon).clamp_min(1)


def restart_cycle(t: Tensor, lanes: Lanes) -> tuple[Tensor, Tensor]:
    """Return the step of the last warm restart and the time from it to the next.

    Args:
        t: Updates made so far, shape (T, 1).
        lanes: K lanes.

    Returns:
        Two tensors of shape (T, K). The i-th restart is at P (m^i - 1) / (m - 1), or P i for m = 1.
    """
    period, growth = lanes.period, lanes.period_growth
    equal = growth == 1
    ratio = torch.where(equal, 2.0, growth)
    cycles = torch.log1p(t / period * (ratio - 1)) / torch.log(ratio)
    # A restart falls on a whole step, where rounding must not decide.
    cycle = torch.floor(torch.where(equal, t / period, cycles + 1e-9))
    before = torch.where(equal, cycle, (ratio**cycle - 1) / (ratio - 1))
    return torch.round(period * before), period * growth**cycle


def _rise(progress: Tensor, floor: Tensor) -> Tensor:
    """A straight line from floor to 1."""
    return floor + (1 - floor) * progress.clamp(max=1)


def _cosine_fall(progress: Tensor, start: Tensor | float, end: Tensor | float) -> Tensor:
    """Half a cosine from start to end."""
    return end + (start - end) * (1 + torch.cos(math.pi * progress.clamp(max=1))) / 2
