"""What is on the card of each lesson: a run of one of its labs, in a few lines."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from widgets.cards.drawing import Drawing, in_range, picture
from widgets.figure.colours import LANE_COLOURS, colours_of
from widgets.labs.divergence.net import NetView
from widgets.labs.initialization.variance import VarianceView
from widgets.labs.normalization.tensor import TensorView
from widgets.labs.optimizers.race import RaceView
from widgets.labs.periodic.periods import PeriodsView
from widgets.labs.schedules.noisy import NoisyView
from widgets.labs.teacher_student.students import StudentsView
from widgets.view.view import LabView

BLUE, ORANGE = LANE_COLOURS[:2]
FAINT = 0.25
DASHES = "5 5"


def optimizers() -> str:
    """Three optimizers in a valley, over the level lines of its loss."""
    lanes, history = _played(RaceView, "too much momentum")
    drawing = Drawing((-4.3, 2.4), (-0.9, 2.6))
    matrix = np.array([_valley_at(point) for point in _circle()])
    for level in (0.25, 0.6, 1.2, 2.0, 3.2):
        x, y = (matrix * level).T
        drawing.curve(x, y, width=1, fade=FAINT)
    for lane, colour in enumerate(colours_of(lanes.settings)):
        x, y = history["theta"][:120, lane].T
        drawing.curve(x, y, colour)
    drawing.dot(*history["theta"][0, 0]).dot(0, 0)
    return picture(drawing)


def _circle() -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, 121)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _valley_at(direction: np.ndarray, condition: float = 20.0, turned: float = np.pi / 6) -> np.ndarray:
    """The place on the level line of height 1/2 of the valley that a direction of its axes leads to."""
    across, along = direction * [1, np.sqrt(condition)]
    return np.array(
        [np.cos(turned) * across - np.sin(turned) * along, np.sin(turned) * across + np.cos(turned) * along]
    )


def schedules() -> str:
    """Rates that rise and fall, above the losses that they lead to."""
    lanes, history = _played(NoisyView, "cycles and restarts")
    steps = np.arange(len(history))
    rate = Drawing((0, steps[-1]), in_range(history["learning_rate"]), place=(14, 12, 292, 50))
    loss = Drawing(
        (0, steps[-1]), in_range(history["smoothed_loss"], history["expected_loss"], log=True), True, (14, 72, 292, 96)
    )
    for lane, colour in enumerate(colours_of(lanes.settings, ("schedule",))):
        rate.curve(steps, history["learning_rate"][:, lane], colour)
        loss.curve(steps, history["smoothed_loss"][:, lane], colour)
        loss.curve(steps, history["expected_loss"][:, lane], colour, 1.5, DASHES)
    return picture(rate, loss)


def divergence() -> str:
    """The sharpness of three nets, and the limits that it comes to."""
    lanes, history = _played(NetView, "edge of stability")
    steps = np.flatnonzero(history.measured("sharpness"))
    rates = lanes.learning_rate.tolist()
    limits = [2 / rate for rate in rates]
    drawing = Drawing((0, steps[-1]), in_range(history["sharpness"][steps], limits))
    for lane, limit in enumerate(limits):
        drawing.curve([0, steps[-1]], [limit, limit], LANE_COLOURS[lane], 1.5, DASHES)
        drawing.curve(steps, history["sharpness"][steps, lane], LANE_COLOURS[lane])
    drawing.words(steps[-1] * 0.99, limits[0] * 0.95, f"2/η, η = {rates[0]:g}", "end")
    return picture(drawing)


def initialization() -> str:
    """The gradient on its way back through fifty layers of six nets: it vanishes, explodes, or stays."""
    _, history = _played(VarianceView, "six activations")
    squares = history["gradient_square"][-1]
    layers = np.arange(squares.shape[1])
    drawing = Drawing((0, layers[-1]), in_range(squares, log=True), log=True)
    drawing.curve([0, layers[-1]], [1, 1], width=1, dash=DASHES, fade=0.6)
    for lane, square in enumerate(squares):
        drawing.curve(layers, square, LANE_COLOURS[lane], 3)
    return picture(drawing)


def normalization() -> str:
    """The cells of a batch that are averaged for one of them, in four kinds of normalization."""
    lanes, history = _played(TensorView, "five normalizations")
    averaged = history.snapshot("averaged")[:, :, :, 0, 0]
    kinds, samples, channels = averaged.shape
    shown = min(kinds, 4)
    drawing = Drawing((0, shown * (channels + 1) - 1), (0, samples), place=(14, 30, 292, 120))
    colours = colours_of(lanes.settings, ("normalizer",))
    for kind in range(shown):
        for sample in range(samples):
            for channel in range(channels):
                lit = averaged[kind, sample, channel] > 0
                look = (colours[kind], 1.0) if lit else ("currentColor", 0.15)
                drawing.cell(kind * (channels + 1) + channel, samples - 1 - sample, *look)
    return picture(drawing)


def periodic() -> str:
    """The loss of a net that falls apart and recovers, again and again."""
    _, history = _played(PeriodsView, "periods")
    loss = history["loss"][:, 0]
    steps = np.arange(len(loss))
    drawing = Drawing((0, steps[-1]), in_range(loss, log=True), log=True)
    # Its largest and smallest values of each stretch, so that no breakdown is lost.
    stretches = np.array_split(steps, 120)
    kept = np.unique([step for part in stretches for step in (part[loss[part].argmin()], part[loss[part].argmax()])])
    drawing.curve(kept, loss[kept], BLUE, 2)
    return picture(drawing)


def teacher_student() -> str:
    """How near the nearest student node comes to each node of the teacher."""
    _, history = _played(StudentsView, "five times as wide")
    steps = np.flatnonzero(history.measured("best_correlation"))
    found = history["best_correlation"][steps, 0, 0]
    steps, found = steps[: len(steps) // 2], found[: len(steps) // 2]
    drawing = Drawing((0, steps[-1]), in_range(found))
    drawing.curve([0, steps[-1]], [1, 1], width=1, dash=DASHES, fade=0.6)
    for curve in found.T:
        drawing.curve(steps, curve, ORANGE, 2, fade=0.8)
    return picture(drawing)


CARDS: Mapping[str, Callable[[], str]] = {
    "01_optimizers": optimizers,
    "02_schedules": schedules,
    "03_divergence": divergence,
    "04_initialization": initialization,
    "05_normalization": normalization,
    "06_periodic": periodic,
    "07_teacher_student": teacher_student,
}


def _played(view_type: type[LabView], preset: str) -> tuple[Lanes, History]:
    """Play a preset to its end."""
    view = view_type()
    (chosen,) = [each for each in view.presets if each.name == preset]
    settings = [view.settings_type.checked(lane) for lane in chosen.lanes]
    lanes = view.lanes(settings, chosen.names or [f"lane {number}" for number in range(len(settings))])
    history = History()
    history.extend([measured for measured in Run(view.experiment, lanes) if measured is not None])
    return lanes, history
