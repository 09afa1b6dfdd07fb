"""Sweeps: 64 learning rates trained at once, with the theory's line across them."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.declared import fewer
from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings, setting
from lessons.divergence.bowl import Bowl, BowlSettings, BowlShape, eigenvalues, rotation, starts
from lessons.divergence.net import Net, NetSettings, NetShape
from lessons.divergence.sweep import learning_rate_sweep
from lessons.divergence.theory import growth_factor
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import grey, line, plot, theory
from widgets.sharpness_gauge import limit_factor
from widgets.view import LabView

DIVERGED = "#d6457b"


def _rate(default: float, which: str, bounds: tuple[float, float], high: float) -> float:
    return setting(
        default,
        label=f"{which} learning rate",
        symbol="η",
        doc=f"The {which} of 64 learning rates, spaced evenly in logarithm.",
        low=1e-6,
        high=high,
        slider=bounds,
        scale="log",
    )


class BowlSweepSettings(BowlShape):
    """A bowl and a range of learning rates."""

    lowest: float = _rate(0.02, "lowest", (0.001, 1.0), 500.0)
    highest: float = _rate(4.0, "highest", (0.5, 100.0), 500.0)
    dimension: int = fewer(BowlShape, "dimension", 2, 20)
    steps: int = fewer(BowlShape, "steps", 100, 1000)


class NetSweepSettings(NetShape):
    """A net and a range of learning rates."""

    lowest: float = _rate(0.01, "lowest", (0.001, 0.1), 100.0)
    highest: float = _rate(2.0, "highest", (0.2, 10.0), 100.0)
    width: int = fewer(NetShape, "width", 16, 32)
    depth: int = fewer(NetShape, "depth", 2, 2)
    train_size: int = fewer(NetShape, "train_size", 100, 200)
    steps: int = fewer(NetShape, "steps", 300, 1000)


class SweepView(LabView):
    """What two sweeps have in common: final loss against learning rate, diverged lanes at the top, the limit."""

    compare = False
    step_figures = ()
    lane_settings: type[Settings]
    limit_name = "limit"

    def lanes(self, settings: Sequence[Settings], names: Sequence[str]) -> Lanes:
        values = settings[0].model_dump()
        lowest, highest = values.pop("lowest"), values.pop("highest")
        return learning_rate_sweep(self.lane_settings, values, lowest, highest)

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        return {"sweep": self._sweep_figure(colours[0])}

    def begin(self, frame: Frame) -> None:
        rates = frame.lanes.learning_rate.numpy()
        frame.screen.relayout("sweep", {"xaxis.range": _decades(rates)})

    def draw(self, frame: Frame) -> None:
        rates, loss = frame.lanes.learning_rate.numpy(), frame.history["loss"][frame.stop - 1]
        gone = frame.gone
        start = float(frame.history["loss"][0, 0])
        frame.screen.replace("sweep", 0, x=rates, y=np.where(gone | ~(loss > 0), np.nan, loss))
        frame.screen.replace("sweep", 1, x=rates[gone], y=np.full(gone.sum(), 100 * start))
        limit = self._limit(frame)
        if limit is not None:
            low = np.nanmin(np.where(gone | ~(loss > 0), start, loss))
            frame.screen.replace("sweep", 2, x=[limit, limit], y=[low, 300 * start])

    def readings(self, frame: Frame) -> list[Reading]:
        rates, limit = frame.lanes.learning_rate.tolist(), self._limit(frame)
        loss = np.nan_to_num(frame.history["loss"][frame.stop - 1].astype(float), nan=np.inf)
        gone = [rate for rate, end in zip(rates, frame.ends, strict=True) if end is not None]
        return [
            Reading(
                0, "smallest η that diverged so far", min(gone, default="none yet"), limit if gone else None, "limit"
            ),
            Reading(0, "η with the smallest loss now", rates[int(loss.argmin())], self._best(frame), "long run"),
        ]

    def _limit(self, frame: Frame) -> float | None:
        """Largest stable learning rate by the theory."""
        factor = limit_factor(frame.lanes)
        return None if factor is None else factor / self._sharpness(frame)

    @abstractmethod
    def _sharpness(self, frame: Frame) -> float:
        """The largest Hessian eigenvalue that the theory goes by."""

    def _best(self, frame: Frame) -> float | None:
        return None

    def _sweep_figure(self, colour: str) -> go.Figure:
        cross = {"symbol": "x", "size": 7, "color": DIVERGED}
        traces = [
            line("loss now", colour, mode="markers", marker={"size": 6}),
            go.Scatter(x=[], y=[], mode="markers", name="diverged", marker=cross),
            theory(self.limit_name, grey(0.9)),
            theory("theory", colour),
        ]
        return plot(
            "sweep",
            "Loss of 64 learning rates trained at once",
            "learning rate η",
            "loss now",
            traces,
            xaxis_type="log",
            xaxis_tickformat="~g",
            yaxis_type="log",
            height=380,
            showlegend=True,
        )


class BowlSweepView(SweepView):
    """The sweep on the bowl, with the loss that the closed form gives."""

    name = "bowl_sweep"
    title = "64 learning rates on the bowl"
    experiment: Experiment = Bowl()
    lane_settings = BowlSettings
    instant = True
    speed = 20.0
    covered = ("sweep",)
    shown = ("lowest", "highest", "optimizer", "momentum", "condition_number")
    more = ("sharpness", "dimension", "start_x", "start_y", "steps")
    presets = (
        Preset("gradient descent", "The loss falls with η up to a sharp wall at 2/λ_max.", ({},)),
        Preset("heavy ball", "The wall moves to 2(1+β)/λ_max.", ({"optimizer": "heavy ball"},)),
        Preset(
            "moving average",
            "The wall moves to 2(1+β)/((1−β)λ_max): 19 times as far at β = 0.9.",
            ({"optimizer": "moving average", "highest": 80.0},),
        ),
        Preset("Nesterov", "The wall moves inwards, to 2(1+β)/((1+2β)λ_max).", ({"optimizer": "Nesterov"},)),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return BowlSweepSettings

    def draw(self, frame: Frame) -> None:
        super().draw(frame)
        rates, predicted = frame.lanes.learning_rate.numpy(), self._predicted(frame)
        below = predicted < 300 * float(frame.history["loss"][0, 0])
        shown = np.where(below & (predicted > 0), predicted, np.nan)
        frame.screen.replace("sweep", 3, x=rates[::2], y=shown[::2])

    def _predicted(self, frame: Frame) -> np.ndarray:
        """(1/2) sum_i lambda_i a_i(0)^2 rho_i^(2t): exact for gradient descent, the envelope with momentum."""
        lanes, values = frame.lanes, eigenvalues(frame.lanes).numpy()
        amplitude = np.einsum("kde,kd->ke", rotation(lanes).numpy(), starts(lanes).numpy())
        rho = growth_factor(
            lanes.values("optimizer")[0], (lanes.learning_rate[:, None] * eigenvalues(lanes)), lanes.momentum[:, None]
        ).numpy()
        with np.errstate(over="ignore"):
            return (values * amplitude**2 * rho ** (2 * (frame.stop - 1))).sum(1) / 2

    def _sharpness(self, frame: Frame) -> float:
        return float(frame.lanes.sharpness[0])

    def _best(self, frame: Frame) -> float | None:
        """Optimal rate of gradient descent in the long run: 2 / (lambda_max + lambda_min)."""
        values = eigenvalues(frame.lanes)[0]
        return float(2 / (values[0] + values[-1])) if frame.lanes.values("optimizer")[0] == "gradient descent" else None


class NetSweepView(SweepView):
    """The sweep with real nets, and where each one's sharpness ends."""

    name = "net_sweep"
    title = "64 learning rates for the net"
    limit_name = "limit at the start"
    experiment: Experiment = Net()
    lane_settings = NetSettings
    covered = ("sweep", "sharpness")
    shown = ("lowest", "highest", "optimizer", "momentum", "init_scale", "seed")
    more = ("activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
    presets = (
        Preset(
            "sixty-four nets",
            "Nets survive beyond 2/λ_max at the start: they move to where it is flatter.",
            ({},),
        ),
        Preset(
            "a sharp start",
            "Larger initial weights: more of the learning rates lie above the line.",
            ({"init_scale": 1.0},),
        ),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return NetSweepSettings

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        sharpness = plot(
            "sweep-sharpness",
            "Sharpness of each net now, and the limit 2/η (dashes)",
            "learning rate η",
            "λ_max now",
            [
                line("λ_max now", colours[0], mode="markers", marker={"size": 6}),
                theory("2/η", grey(0.9)),
            ],
            xaxis_type="log",
            xaxis_tickformat="~g",
            yaxis_type="log",
            height=380,
            showlegend=True,
        )
        return {**super().figures(names, colours), "sharpness": sharpness}

    def begin(self, frame: Frame) -> None:
        super().begin(frame)
        rates = frame.lanes.learning_rate.numpy()[[0, -1]]
        frame.screen.relayout("sharpness", {"xaxis.range": _decades(rates)})
        factor = limit_factor(frame.lanes)
        if factor is not None:
            frame.screen.replace("sharpness", 1, x=rates, y=factor / rates)

    def draw(self, frame: Frame) -> None:
        super().draw(frame)
        rates, top = frame.lanes.learning_rate.numpy(), frame.history["sharpness"][frame.stop - 1]
        frame.screen.replace("sharpness", 0, x=rates, y=np.where(frame.gone | ~(top > 0), np.nan, top))

    def _sharpness(self, frame: Frame) -> float:
        return float(frame.history["sharpness"][0, 0])


def _decades(rates: np.ndarray) -> list[float]:
    """Range of a logarithmic axis around the learning rates."""
    return [float(np.log10(rates[0])) - 0.05, float(np.log10(rates[-1])) + 0.05]
