"""All optimizers at the start of a race, each at a learning rate that suits the surface."""

from __future__ import annotations

from typing import Any

from lessons.optimizers.net_slice import NetSlice
from lessons.optimizers.settings import RaceSettings
from lessons.optimizers.surfaces import Beale, Quadratic, Rosenbrock, Saddle, TwoMinima

NOISE = 0.1

_STARTS = {
    "quadratic": Quadratic.start,
    "Rosenbrock": Rosenbrock.start,
    "Beale": Beale.start,
    "saddle": Saddle.start,
    "two minima": TwoMinima.start,
    "net": NetSlice.start,
}
_STEPS = {"quadratic": 150, "Rosenbrock": 500, "Beale": 300, "saddle": 150, "two minima": 150, "net": 150}

# In the order of _STEPS: measured, each within a factor of two or three of the best; those of Newton's method and
# L-BFGS are their natural 1. What attracts Newton to the saddle of two of the surfaces is not its learning rate.
# On the quadratic heavy ball has nine tenths of the best rate: at the best one its first steps overshoot far.
_RATES = {
    "gradient descent": (1.0, 0.002, 0.01, 0.1, 0.03, 0.3),
    "heavy ball": (3.0, 0.002, 0.003, 0.1, 0.03, 0.1),
    "moving average": (3.0 / 0.33, 0.02, 0.03, 1.0, 0.3, 1.0),
    "Nesterov": (1.0, 0.001, 0.003, 0.1, 0.03, 0.1),
    "AdaGrad": (1.0, 1.0, 1.0, 0.3, 0.3, 0.3),
    "RMSProp": (0.03, 0.03, 0.03, 0.01, 0.01, 0.01),
    "Adam": (0.3, 0.3, 0.3, 0.03, 0.1, 0.1),
    "AdamW": (0.3, 0.3, 0.3, 0.03, 0.1, 0.1),
    "Quickprop": (1.0, 0.001, 0.01, 0.1, 0.03, 0.1),
    "Newton": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
    "L-BFGS": (1.0, 1.0, 1.0, 1.0, 1.0, 1.0),
}
# Tuned to the quadratic: ((sqrt kappa - 1) / (sqrt kappa + 1))^2 for the heavy ball, without the square for Nesterov.
_CONDITION_NUMBER = 100.0
_MOMENTA = {"heavy ball": 0.67, "moving average": 0.67, "Nesterov": 0.82}
_NET_DAMPING = 1.0  # far out on the slice its Hessian is not positive: without damping Newton runs off


def line_up(surface: str) -> dict[str, RaceSettings]:
    """Return a lane for each optimizer by its name, all from the surface's own start; last SGD: descent with noise.

    Raises:
        KeyError: If there is no such surface.
    """
    x, y = _STARTS[surface]
    common: dict[str, Any] = {"surface": surface, "start_x": x, "start_y": y, "steps": _STEPS[surface]}
    if surface == "net":
        common["damping"] = _NET_DAMPING
    own: dict[str, dict[str, Any]] = {}
    if surface == "quadratic":
        common["condition_number"] = _CONDITION_NUMBER
        own = {name: {"momentum": momentum} for name, momentum in _MOMENTA.items()}
    column = list(_STEPS).index(surface)
    lanes = {
        name: RaceSettings(optimizer=name, learning_rate=rates[column], **own.get(name, {}), **common)
        for name, rates in _RATES.items()
    }
    return {**lanes, "SGD": lanes["gradient descent"].with_value("gradient_noise", NOISE)}
