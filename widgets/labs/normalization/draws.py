"""Five draws of each net, the others faint behind the first: is it the normalization, or one lucky draw?"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from plotly.basedatatypes import BaseTraceType

from lessons.normalization.injected import InjectedNet, InjectedNetSettings
from lessons.normalization.spreads import DRAWS, NET_DRAWS, DrawsSettings
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, line
from widgets.labs.normalization.net import FOUR
from widgets.labs.normalization.net_view import idle_fields
from widgets.labs.normalization.shift import INJECTED_LANES
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Part, Traces
from widgets.view.panels import OverSteps, Panel
from widgets.view.readings import number
from widgets.view.view import LabView

RECENT = 20


def _lanes(**changes: Any) -> tuple[dict[str, Any], ...]:
    return tuple({**changes, "normalization": kind} for kind in FOUR)


class DrawnLines(Part[InjectedNetSettings]):
    """A bold line for the first draw of each set of controls, and faint ones behind it for the others.

    Args:
        quantity: Name of the measured value, of shape (K,).
        mean_of: Over how many steps a mean is drawn: one batch's loss alone is noisy.
    """

    def __init__(self, quantity: str, mean_of: int = 1):
        super().__init__()
        self._quantity, self._mean_of = quantity, mean_of

    def traces(self, names: Sequence[str], colours: Sequence[str]) -> list[BaseTraceType]:
        traces = list[BaseTraceType]()
        for name, colour in zip(names, colours, strict=True):
            faint = {"line": {"width": 1}, "opacity": 0.45, "showlegend": False, "hoverinfo": "skip"}
            traces += [line(f"{name}, draw {draw}", colour, **faint) for draw in range(2, DRAWS + 1)]
            traces.append(line(name, colour, line={"width": 2.5}))
        return traces

    def count(self, lanes: int) -> int:
        return lanes * DRAWS

    def draw(self, frame: Frame[InjectedNetSettings], traces: Traces) -> None:
        for trace in range(traces.count):
            lane = trace // DRAWS * DRAWS + (trace + 1) % DRAWS  # the first draw is the last trace: in front
            steps = frame.steps(lane, self._quantity)
            traces.extend(trace, steps, self._means(frame.history[self._quantity][:, lane], steps))

    def _means(self, values: np.ndarray, steps: np.ndarray) -> np.ndarray:
        if self._mean_of == 1:
            return values[steps]
        sums = np.concatenate([[0.0], np.cumsum(values, dtype=float)])
        first = np.maximum(steps + 1 - self._mean_of, 0)
        return (sums[steps + 1] - sums[first]) / (steps + 1 - first)


class DrawsView(LabView[InjectedNetSettings, DrawsSettings]):
    """Loss and test accuracy of five draws of the weights and batches, side by side."""

    name = "five_draws"
    title = "Five draws of each net"
    experiment = InjectedNet()
    spread = NET_DRAWS
    methods = ("normalization",)
    seeds = DRAWS
    step_figures = ()
    shown = ("learning_rate", "normalization", "depth")
    more = (
        "init_scale",
        "injected",
        "seed",
        *("optimizer", "momentum", "batch_size", "batches", "groups", "activation", "loss", "width", "train_size"),
        "steps",
    )
    presets = (
        Preset(
            "what batch norm does", "η = 0.1. Is the order of the four the same in each draw?", _lanes(), FOUR
        ),  # given
        Preset(
            "a large learning rate",
            "η = 2: for whom is it luck?",  # given
            _lanes(learning_rate=2.0),
            FOUR,
        ),
        Preset(
            "ten layers",
            "Is batch norm ahead of the plain net in each draw?",  # given
            _lanes(depth=10),
            FOUR,
        ),
        Preset(
            "shift injected",
            "Does batch norm end lower than the plain net in each draw, also where its shift is the larger one?",
            tuple({"learning_rate": 1.0, "steps": 150, **lane} for lane in INJECTED_LANES.values()),
            tuple(INJECTED_LANES),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[InjectedNetSettings]]:
        return {
            "loss": OverSteps(
                "Loss, mean of the last ten batches (faint: four more draws)",
                "loss",
                DrawnLines("loss", mean_of=10),
                legend=True,
                height=400,
                **LOG,
            ),
            "accuracy": OverSteps(
                "Accuracy on test images (faint: four more draws)",
                "accuracy",
                DrawnLines("test_accuracy"),
                yaxis_range=[0, 1],
                height=400,
            ),
        }

    def idle(self, settings: DrawsSettings) -> tuple[str, ...]:
        return (*super().idle(settings), *idle_fields(settings))

    def drawn_lanes(self, frame: Frame) -> int:
        return len(frame.lanes) // DRAWS

    def readings(self, frame: Frame[InjectedNetSettings]) -> list[Reading]:
        loss = frame.history["loss"][max(0, frame.stop - RECENT) : frame.stop].astype(float).mean(0)
        loss = np.where(np.isfinite(loss), loss, np.inf).reshape(-1, DRAWS)
        lines = []
        for lane, draws in enumerate(loss):
            spread = f"{number(draws.min(), 3)} to {number(draws.max(), 3)}"
            lines.append(Reading(lane, f"loss of the last {RECENT} batches", spread))
            if lane:
                lower = int((draws < loss[0]).sum())
                lines.append(Reading(lane, "lower than in the first row", f"in {lower} of {DRAWS} draws"))
        return lines
