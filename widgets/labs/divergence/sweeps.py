"""Sweeps: 64 learning rates trained at once, with the theory's line across them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping

import numpy as np
import plotly.graph_objects as go
import torch
from numpy.typing import ArrayLike

from lessons.core.rules.stability import limit_factor
from lessons.core.settings import SettingsT
from lessons.divergence.bowl import Bowl, eigenvalues, rotation, starts
from lessons.divergence.net import Net
from lessons.divergence.settings import BowlSettings, NetSettings
from lessons.divergence.spreads import BOWL_SWEEP, NET_SWEEP, BowlSweepSettings, NetSweepSettings
from lessons.divergence.theory import growth_factor
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG_X, grey, limit, theory
from widgets.labs.divergence import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import One, Points
from widgets.view.panels import Panel
from widgets.view.readings import number
from widgets.view.view import ControlsT, LabView

DIVERGED = "#d6457b"
THEORY_POINTS = 400
SMALLEST_DIVERGED = "smallest η that diverged so far, and the limit at the start"


class SweepView(LabView[SettingsT, ControlsT]):
    """The base of two sweeps: final loss against learning rate, diverged lanes at the top, the limit."""

    compare = False
    step_figures = ()
    limit_name = "limit"

    @property
    def panels(self) -> Mapping[str, Panel[SettingsT]]:
        return {
            "sweep": Panel(
                "Loss of 64 learning rates trained at once",
                "learning rate η",
                "loss now",
                One(self._losses, "loss now", mode="markers", marker={"size": 6}),
                One(self._diverged, "diverged", make=_crosses),
                One(self._limit_line, self.limit_name, grey(0.9), make=limit),
                One(self._theory, "theory", make=theory),
                fit=_decades,
                yaxis_type="log",
                height=380,
                showlegend=True,
                **LOG_X,
            )
        }

    def _losses(self, frame: Frame[SettingsT]) -> Points:
        loss = frame.history["loss"][frame.stop - 1]
        return frame.lanes.learning_rate.numpy(), np.where(_alive(frame), loss, np.nan)

    def _diverged(self, frame: Frame[SettingsT]) -> Points:
        return frame.lanes.learning_rate.numpy()[frame.gone], np.full(frame.gone.sum(), self._top(frame))

    def _limit_line(self, frame: Frame[SettingsT]) -> Points | None:
        limit, loss = self._limit(frame), frame.history["loss"]
        if limit is None:
            return None
        low = loss[frame.stop - 1][_alive(frame)].min(initial=float(loss[0, 0]))
        return [limit, limit], [low, self._top(frame)]

    def _theory(self, frame: Frame[SettingsT]) -> Points | None:
        """The loss at each rate by a closed form, where there is one."""
        del frame
        return None

    @staticmethod
    def _top(frame: Frame) -> float:
        """Return where the crosses stand: above each loss that is drawn."""
        loss, start = frame.history["loss"][frame.stop - 1], float(frame.history["loss"][0, 0])
        return 3 * float(loss[~frame.gone & np.isfinite(loss)].max(initial=30 * start))

    def readings(self, frame: Frame[SettingsT]) -> list[Reading]:
        rates = frame.lanes.learning_rate.tolist()
        loss = np.nan_to_num(frame.history["loss"][frame.stop - 1].astype(float), nan=np.inf)
        best = Reading(0, "η with the smallest loss now", rates[int(loss.argmin())], self._best(frame), "long run")
        return [self._limit_reading(frame), best]

    @abstractmethod
    def _limit_reading(self, frame: Frame[SettingsT]) -> Reading:
        """The limit that was measured, beside the one by the theory."""

    def _limit(self, frame: Frame[SettingsT]) -> float | None:
        """Largest stable learning rate by the theory."""
        factor = limit_factor(frame.lanes)
        return None if factor is None else factor / self._sharpness(frame)

    @abstractmethod
    def _sharpness(self, frame: Frame[SettingsT]) -> float:
        """The largest Hessian eigenvalue that the theory goes by."""

    def _best(self, frame: Frame[SettingsT]) -> float | None:
        return None


class BowlSweepView(SweepView[BowlSettings, BowlSweepSettings]):
    """The sweep on the bowl, with the loss that the closed form gives."""

    name = "bowl_sweep"
    title = "64 learning rates on the bowl"
    experiment = Bowl()
    spread = BOWL_SWEEP
    instant = True
    speed = 20.0
    covered = ("sweep",)
    shown = ("optimizer", "momentum", "highest")
    goals = goals.BOWL_SWEEP
    more = ("lowest", "condition_number", "sharpness", "dimension", "start_x", "start_y", "steps")
    presets = (
        Preset(
            "gradient descent",
            "A dot for each η. Which will be the lowest, and from where on will the loss grow?",
            ({},),
        ),
        Preset(
            "heavy ball",
            # holds: l3_sweep_heavy, l3_plateau
            "The limit moves to 2(1+β)/λₘₐₓ. Below it lies a plateau: every η shrinks the distance by √β a step.",
            ({"optimizer": "heavy ball"},),
        ),
        Preset(
            "moving average",
            "The limit moves to 2(1+β)/((1−β)λₘₐₓ): 19 times as far at β = 0.9.",  # holds: l3_sweep_average
            ({"optimizer": "moving average", "highest": 80.0},),
        ),
        Preset(
            "Nesterov",
            "The limit moves inwards, to 2(1+β)/((1+2β)λₘₐₓ).",  # holds: l3_sweep_nesterov
            ({"optimizer": "Nesterov"},),
        ),
    )

    def _theory(self, frame: Frame[BowlSettings]) -> Points:
        rates = self._grid(frame)
        predicted = self._predicted(frame, rates)
        return rates, np.where((predicted > 0) & (predicted < self._top(frame)), predicted, np.nan)

    def readings(self, frame: Frame[BowlSettings]) -> list[Reading]:
        limit, best = super().readings(frame)
        rule, momentum = frame.lanes.values("optimizer")[0], float(frame.lanes.momentum[0])
        if rule == "gradient descent" or not momentum:
            return [limit, best]
        plateau = np.isclose(self._factors(frame, frame.lanes.learning_rate.numpy()).max(1), momentum**0.5, atol=1e-6)
        step = frame.stop - 1
        if rule == "Nesterov" or not (plateau.any() and step):
            return [limit]
        middle = float(np.median(frame.history["loss"][step, plateau])) / float(frame.history["loss"][0, 0])
        return [
            limit,
            Reading(0, "median factor per step on the plateau", middle ** (0.5 / step), momentum**0.5, "long run"),
        ]

    def _grid(self, frame: Frame[BowlSettings]) -> np.ndarray:
        """Learning rates to draw the theory at: its lowest point is sharper than 64 rates can show."""
        rates = frame.lanes.learning_rate.numpy()
        best = self._best(frame)
        near: ArrayLike = [] if best is None else best * np.linspace(0.95, 1.05, 51)
        grid = np.union1d(np.geomspace(rates[0], rates[-1], THEORY_POINTS), near)
        return grid[(grid >= rates[0]) & (grid <= rates[-1])]

    @staticmethod
    def _factors(frame: Frame[BowlSettings], rates: np.ndarray) -> np.ndarray:
        """Growth per step at each of R learning rates along each eigen-direction, (R, D)."""
        eta_lambda = torch.from_numpy(rates)[:, None] * eigenvalues(frame.lanes)[0]
        return growth_factor(frame.lanes.values("optimizer")[0], eta_lambda, frame.lanes.momentum[0]).numpy()

    def _predicted(self, frame: Frame[BowlSettings], rates: np.ndarray) -> np.ndarray:
        """(1/2) sum_i lambda_i a_i(0)^2 rho_i^(2t): exact for gradient descent, the envelope with momentum."""
        values, turn = eigenvalues(frame.lanes)[0].numpy(), rotation(frame.lanes)[0].numpy()
        amplitude = starts(frame.lanes)[0].numpy() @ turn
        with np.errstate(over="ignore"):
            return (values * amplitude**2 * self._factors(frame, rates) ** (2 * (frame.stop - 1))).sum(1) / 2

    def _limit_reading(self, frame: Frame[BowlSettings]) -> Reading:
        rates, loss = frame.lanes.learning_rate.numpy(), frame.history["loss"]
        limit = self._limit(frame)
        theory = "" if limit is None else f"; in theory {number(limit)}"
        first = len(rates) - int((~(loss[frame.stop - 1] <= loss[0]))[::-1].cumprod().sum())
        between = f"between {number(rates[first - 1])} and {number(rates[first])}" if 0 < first < len(rates) else ""
        return Reading(0, "limit, as the losses show it so far", (between or "not within these rates") + theory)

    def _sharpness(self, frame: Frame[BowlSettings]) -> float:
        return float(frame.lanes.sharpness[0])

    def _best(self, frame: Frame[BowlSettings]) -> float | None:
        """Optimal rate of gradient descent in the long run: 2 / (lambda_max + lambda_min)."""
        values = eigenvalues(frame.lanes)[0]
        return float(2 / (values[0] + values[-1])) if frame.lanes.values("optimizer")[0] == "gradient descent" else None


class NetSweepView(SweepView[NetSettings, NetSweepSettings]):
    """The sweep with real nets, and where each one's sharpness ends."""

    name = "net_sweep"
    title = "64 learning rates for the net"
    limit_name = "limit at the start"
    experiment = Net()
    spread = NET_SWEEP
    covered = ("sweep", "sharpness")
    shown = ("init_scale", "highest", "optimizer")
    goals = goals.NET_SWEEP
    more = (
        "lowest",
        "momentum",
        "seed",
        "activation",
        "width",
        "depth",
        "loss",
        "train_size",
        "sharpness_every",
        "steps",
    )
    presets = (
        Preset(
            "sixty-four nets",
            "One start, 64 learning rates. Will those above 2/λₘₐₓ of the start diverge?",  # given
            ({},),
        ),
        Preset(
            "a sharp start",
            "Larger initial weights: more of the learning rates lie above the line.",
            ({"init_scale": 1.0},),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[NetSettings]]:
        sharpness = Panel(
            "Sharpness of each net now, and its limit",
            "learning rate η",
            "λₘₐₓ now",
            One(_sharpness_now, "λₘₐₓ now", mode="markers", marker={"size": 6}),
            One(_limit_at_each_rate, "limit", grey(0.9), make=limit, fixed=True),
            fit=_decades,
            yaxis_type="log",
            height=380,
            showlegend=True,
            **LOG_X,
        )
        return {**super().panels, "sharpness": sharpness}

    def _limit_reading(self, frame: Frame[NetSettings]) -> Reading:
        rates, limit = frame.lanes.learning_rate.numpy()[frame.gone], self._limit(frame)
        if not len(rates):
            return Reading(0, SMALLEST_DIVERGED, "none yet")
        return Reading(0, SMALLEST_DIVERGED, float(rates[0]), limit, "limit")

    def _sharpness(self, frame: Frame[NetSettings]) -> float:
        return float(frame.history["sharpness"][0, 0])


def _alive(frame: Frame) -> np.ndarray:
    """The lanes that have a loss to draw: bool, shape (K,)."""
    return ~frame.gone & (frame.history["loss"][frame.stop - 1] > 0)


def _sharpness_now(frame: Frame[NetSettings]) -> Points:
    top = frame.history.newest("preconditioned_sharpness", frame.stop - 1)
    return frame.lanes.learning_rate.numpy(), np.where(frame.gone | ~(top > 0), np.nan, top)


def _limit_at_each_rate(frame: Frame[NetSettings]) -> Points | None:
    rates, factor = frame.lanes.learning_rate.numpy()[[0, -1]], limit_factor(frame.lanes, preconditioned=True)
    return None if factor is None else (rates, factor / rates)


def _crosses(name: str, _colour: str) -> go.Scatter:
    return go.Scatter(x=[], y=[], mode="markers", name=name, marker={"symbol": "x", "size": 7, "color": DIVERGED})


def _decades(frame: Frame) -> dict[str, list[float]]:
    """Range of the logarithmic x axis around the learning rates."""
    rates = frame.lanes.learning_rate.numpy()
    return {"xaxis.range": [float(np.log10(rates[0])) - 0.05, float(np.log10(rates[-1])) + 0.05]}
