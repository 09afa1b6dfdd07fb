"""A cloud of seeds: is it the method, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.lanes import Lanes
from lessons.core.settings import Settings
from lessons.divergence.net import Net, NetSettings, NetShape
from lessons.divergence.theory import threshold
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.labs.divergence.sweeps import fewer
from widgets.plots import line, plot, theory
from widgets.view import LabView

SEEDS = 20
QUANTILES = (0.1, 0.9, 0.5)


class NetSeedsSettings(NetSettings):
    """A net, drawn `SEEDS` times: `seed` is the first of them."""

    width: int = fewer(NetShape, "width", 32, 64)
    depth: int = fewer(NetShape, "depth", 2, 3)
    train_size: int = fewer(NetShape, "train_size", 100, 400)
    steps: int = fewer(NetShape, "steps", 500, 2000)
    seed: int = fewer(NetShape, "seed", 0, 2**31 - SEEDS)


class NetSeedsView(LabView):
    """Median and 10 to 90 % band of loss and sharpness over twenty seeds."""

    name = "net_seeds"
    title = "Twenty seeds of one net"
    experiment = Net()
    compare = False
    step_figures = ()
    shown = ("learning_rate", "optimizer", "momentum", "init_scale", "seed")
    more = ("activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
    presets = (
        Preset(
            "at the edge", "Every seed climbs to 2/η: the band closes on the dashed line.", ({"learning_rate": 0.3},)
        ),
        Preset(
            "below the edge", "A small η: each seed has a sharpness of its own, far below.", ({"learning_rate": 0.05},)
        ),
    )

    @property
    def settings_type(self) -> type[Settings]:
        return NetSeedsSettings

    def lanes(self, settings: Sequence[Settings], names: Sequence[str]) -> Lanes:
        values = settings[0].model_dump()
        first = values.pop("seed")
        seeds = [NetSettings.checked({**values, "seed": first + k}) for k in range(SEEDS)]
        return Lanes(seeds, [f"seed {each.seed}" for each in seeds])

    def idle(self, settings: Settings) -> tuple[str, ...]:
        return ("momentum",) if settings.optimizer == "gradient descent" else ()

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        (colour,) = colours
        band = {"width": 0.5}
        low = line("10 %", colour, line=band)
        high = line("90 %", colour, line=band, fill="tonexty", fillcolor="rgba(47,126,216,0.2)")
        traces = [low, high, line("median of 20 seeds", colour)]
        return {
            "loss": plot("seeds-loss", "Training loss: median, 10 to 90 %", "step", "loss", traces, yaxis_type="log"),
            "sharpness": plot(
                "seeds-sharpness",
                "Sharpness: median, 10 to 90 %, and its limit 2/η (dashes)",
                "step",
                "λ_max",
                [*traces, theory("limit", colour)],
                yaxis_rangemode="tozero",
            ),
        }

    def begin(self, frame: Frame) -> None:
        steps = frame.lanes.shared.steps
        for figure in ("loss", "sharpness"):
            frame.screen.relayout(figure, {"xaxis.range": [0, steps]})
        limit = self._limit(frame)
        if limit is not None:
            frame.screen.replace("sharpness", 3, x=[0, steps], y=[limit, limit])

    def draw(self, frame: Frame) -> None:
        steps = np.arange(frame.start, frame.stop)
        measured = steps[steps % frame.lanes.shared.sharpness_every == 0]
        for figure, rows in (("loss", steps), ("sharpness", measured)):
            for trace, share in enumerate(QUANTILES):
                frame.screen.extend(figure, trace, rows, self._quantile(frame.history[figure][rows], share))

    def readings(self, frame: Frame) -> list[Reading]:
        row = frame.history["sharpness"][frame.stop - 1][None]
        limit, gone = self._limit(frame), sum(end is not None for end in frame.ends)
        at = {share: float(self._quantile(row, share)[0]) for share in QUANTILES}
        lines = [
            Reading(0, "median λ_max, limit 2/η", at[0.5], limit),
            Reading(0, "10 to 90 % of λ_max", f"{at[0.1]:.4g} to {at[0.9]:.4g}"),
            Reading(0, "diverged", f"{gone} of {SEEDS} seeds"),
        ]
        return lines if frame.stop > 0 else []

    @staticmethod
    def _quantile(values: np.ndarray, share: float) -> np.ndarray:
        """Of shape (T, K): the quantile over lanes; a diverged lane counts as infinitely large. Shape (T,)."""
        large = np.where(np.isfinite(values), values, np.inf).astype(float)
        return np.quantile(large, share, axis=1, method="nearest")

    @staticmethod
    def _limit(frame: Frame) -> float | None:
        rule, rate = frame.lanes.values("optimizer")[0], float(frame.lanes.learning_rate[0])
        if rule == "Adam" or rate == 0:
            return None
        return float(threshold(rule, 1.0, float(frame.lanes.momentum[0]))) / rate
