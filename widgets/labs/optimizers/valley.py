"""Axes and units: who notices that the valley was turned, or that the loss was multiplied by a number?"""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.optimizers.settings import ValleySettings
from lessons.optimizers.valley import Valley
from widgets.figure.frame import Frame
from widgets.labs.optimizers import goals
from widgets.labs.optimizers.idle import idle_hyperparameters
from widgets.view.controls import Preset
from widgets.view.lines import Line, Path
from widgets.view.panels import Now, OverSteps, Panel
from widgets.view.view import LabView

LOWEST = 1e-8  # lines end there, as a share of the first loss
ARRIVED = 1e-4


def _twice(changed: dict[str, Any], word: str, lanes: dict[str, dict[str, Any]]) -> dict[str, Any]:
    """Lanes and names of a preset: each lane as it is, and with a change."""
    pairs = [
        (f"{name}{end}", {**lane, **more}) for name, lane in lanes.items() for end, more in (("", {}), (word, changed))
    ]
    names, settings = zip(*pairs, strict=True)
    return {"lanes": settings, "names": names}


def _share(frame: Frame[ValleySettings], lane: int, steps: np.ndarray) -> np.ndarray:
    share = frame.history["share"][steps, lane]
    return np.where(share > LOWEST, share, np.nan)


def _path(frame: Frame[ValleySettings], lane: int) -> tuple[np.ndarray, np.ndarray]:
    own = frame.history["own"][: frame.stop, lane]
    return own[:, 0], own[:, 1]


def _steps(frame: Frame[ValleySettings], lane: int) -> float | str:
    """From which step on the loss stays below 10⁻⁴ of the first."""
    above = np.flatnonzero(~(frame.history["share"][: frame.stop, lane] <= ARRIVED))
    return "not there yet" if above[-1] == frame.stop - 1 else float(above[-1] + 1)


DESCENT: dict[str, dict[str, Any]] = {
    "gradient descent": {"learning_rate": 1.9, "steps": 600},
    "Adam": {"optimizer": "Adam", "learning_rate": 0.1, "steps": 600},
}
SCALED: dict[str, dict[str, Any]] = {
    "gradient descent": {"learning_rate": 0.1},
    "Adam": {"optimizer": "Adam", "learning_rate": 0.1},
    "Newton": {"optimizer": "Newton", "learning_rate": 0.1},
}


class ValleyView(LabView[ValleySettings]):
    """The loss as a share of the first, and the paths in the valley's own coordinates, where all start alike."""

    name = "valley"
    title = "Axes and units"
    experiment = Valley()
    shown = ("angle", "loss_scale", "learning_rate")
    more = ("optimizer", "condition_number", "momentum", "beta_2", "weight_decay", "damping", "steps")
    speed = 60.0
    covered = ("loss", "paths")
    goals = goals.VALLEY
    presets = (
        Preset(
            "the valley turned",
            # given
            "Gradient descent and Adam, each in a valley along the axes and in the same valley turned by 45°. Who "
            "notices?",
            **_twice({"angle": 45.0}, ", 45°", DESCENT),
        ),
        Preset(
            "the loss times 100",
            # given
            "Every loss is multiplied by 100, and η stays as it was. Who notices?",
            **_twice({"loss_scale": 100.0}, ", × 100", SCALED),
        ),
    )
    panels = {
        "loss": OverSteps(
            "Loss as a share of the first (down to 10⁻⁸)",
            "share",
            Line(_share),
            legend=True,
            yaxis_type="log",
            yaxis_range=[-8.2, 4.2],
            height=400,
        ),
        "paths": Panel(
            "Paths, seen along the valley",
            "across the valley",
            "along the valley",
            Path(_path),
            xaxis_range=[-2.4, 2.4],
            yaxis_range=[-2.4, 2.4],
            height=400,
        ),
    }

    def idle(self, settings: ValleySettings) -> tuple[str, ...]:
        return idle_hyperparameters(settings)

    table = (Now("share of the first loss", "share"), Now("steps to 10⁻⁴ of it", _steps))
