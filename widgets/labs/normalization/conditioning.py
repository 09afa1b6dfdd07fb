"""Inputs prepared in several ways: the condition number that comes of it, and the steps that it costs."""

from __future__ import annotations

import math
from collections.abc import Mapping
from functools import lru_cache
from typing import Any

import numpy as np
import torch

from lessons.normalization.conditioning import (
    TOLERANCE,
    Conditioning,
    Quadratic,
    predicted_iterations,
    raw_condition_number,
    standardised_condition_number,
)
from lessons.normalization.conditioning_settings import ConditioningSettings
from lessons.normalization.preparation import examples, prepared
from widgets.figure.frame import Frame
from widgets.figure.plots import EQUAL_AXES, broad, grey, marks, theory
from widgets.labs.normalization import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, Line, One, Points, Theory
from widgets.view.panels import OverSteps, Panel, now
from widgets.view.view import LabView

INPUTS = ("raw", "centred", "standardised", "deconvolved", "whitened")
DIGITS = {"data": "digits", "train_size": 500, "steps": 600}
PIXELS = (26, 34)  # near the middle of the image, one below the other
SHOWN = 150
LOWEST, HIGHEST = -8, 0.3
TURN = np.linspace(0, 2 * np.pi, 49)
KAPPAS = np.geomspace(1.0, 1e6, 61)


class ConditioningView(LabView[ConditioningSettings]):
    """The model's inputs, its falling loss, and steps against condition number."""

    name = "conditioning"
    title = "What the inputs look like to the loss"
    experiment = Conditioning()
    covered = ("excess", "steps")
    methods = ("inputs",)
    shown = ("correlation", "offset", "inputs")
    more = ("data", "scale", "relative_rate", "iterations", "epsilon", "train_size", "steps")
    step_figures = ("excess",)
    goals = goals.CONDITIONING
    presets = (
        Preset(
            "two correlated inputs",
            "One input is three times as wide as the other, and the two are correlated. How many steps will "
            "standardising save, and how many whitening?",  # given
            tuple({"inputs": inputs} for inputs in INPUTS),
            INPUTS,
        ),
        Preset(
            "a mean of three",
            "Inputs far from zero are nearly parallel to the bias. Taking the mean away helps most.",
            # holds: l5_mean_of_three
            tuple({"inputs": inputs, "offset": 3.0, "steps": 1000} for inputs in INPUTS),
            INPUTS,
        ),
        Preset(
            "nearly the same input twice",
            "ρ = 0.98: standardised inputs have 99 times the condition number of whitened ones.",
            # holds: l5_same_input_twice
            tuple({"inputs": inputs, "correlation": 0.98, "scale": 1.0, "steps": 400} for inputs in INPUTS[2:]),
            INPUTS[2:],
        ),
        Preset(
            "5 % too fast",
            "The best learning rate leaves little room: above 1 + 1/κ times it the descent diverges.",
            # holds: l5_too_fast
            tuple({"inputs": inputs, "relative_rate": 1.05} for inputs in (INPUTS[0], *INPUTS[2:])),
            (INPUTS[0], *INPUTS[2:]),
        ),
        Preset(
            "the digits",
            "64 pixels. Five Newton-Schulz iterations stop halfway, and are worse here than standardising.",
            # holds: l5_digits
            (
                *({**DIGITS, "inputs": inputs} for inputs in INPUTS[:3]),
                *({**DIGITS, "inputs": "deconvolved", "iterations": count} for count in (5, 15)),
                {**DIGITS, "inputs": "whitened"},
            ),
            (*INPUTS[:3], "5 iterations", "15 iterations", "whitened"),
        ),
    )

    def idle(self, settings: ConditioningSettings) -> tuple[str, ...]:
        drawn = ("correlation", "scale", "offset") if settings.data == "digits" else ()
        few = () if settings.inputs == "deconvolved" else ("iterations",)
        return (*drawn, *few, *(() if settings.inputs in ("deconvolved", "whitened") else ("epsilon",)))

    @property
    def panels(self) -> Mapping[str, Panel[ConditioningSettings]]:
        dot = {"size": 4, "color": grey(0.8)}
        return {
            "inputs": Panel(
                "Two inputs as each model sees them: ellipses of two standard deviations, the chosen lane's examples",
                "first input",
                "second input",
                Curve(_ellipse, fixed=True),
                One(_examples, "examples", make=marks, fixed=True, marker=dot, hoverinfo="skip"),
                fit=_reach,
                height=360,
                **EQUAL_AXES,
            ),
            "excess": OverSteps(
                "Loss above its minimum, as a share of the start",
                "share left",
                Line("excess", make=broad),
                Theory(_closed_form, "{lane}, closed form", opacity=1.0),
                fit=_height,
                yaxis_type="log",
                yaxis_range=[LOWEST, HIGHEST],
                height=360,
            ),
            "steps": Panel(
                "Steps to a millionth of the excess, against κ",
                "condition number κ",
                "steps",
                Curve(_steps_taken, mode="markers", marker={"size": 11}),
                One(_fewest_steps, "at the best learning rate", grey(0.9), make=theory, fixed=True),
                xaxis_type="log",
                xaxis_range=[-0.3, 6],
                xaxis_dtick=1,
                yaxis_type="log",
                yaxis_tickformat="~g",
                yaxis_range=[-0.3, 4],
            ),
        }

    def readings(self, frame: Frame[ConditioningSettings]) -> list[Reading]:
        lines = []
        for lane, settings in enumerate(frame.lanes.settings):
            kappa, taken = (now(frame, name, lane) for name in ("condition_number", "iterations"))
            there = now(frame, "excess", lane) <= TOLERANCE
            best = math.ceil(predicted_iterations(kappa)) if settings.relative_rate == 1 and not frame.changes else None
            lines += [
                Reading(lane, "condition number κ", kappa, known_condition_number(settings)),
                Reading(lane, "steps to 10⁻⁶", taken if there else "not there yet", best if there else None, "at most"),
                Reading(lane, "learning rate η", now(frame, "learning_rate", lane)),
            ]
        return lines


def known_condition_number(settings: ConditioningSettings) -> float | None:
    """Return kappa by its closed form, for two inputs; None where there is none."""
    rho, scale, offset = settings.correlation, settings.scale, settings.offset
    if settings.data == "digits":
        return None
    return {
        "raw": lambda: raw_condition_number(rho, scale, offset),
        "centred": lambda: raw_condition_number(rho, scale),
        "standardised": lambda: standardised_condition_number(rho),
    }.get(settings.inputs, lambda: None)()


def _ellipse(frame: Frame[ConditioningSettings], lane: int) -> Points:
    return ellipse(_two_inputs(_without_rate(frame, lane)))


def _examples(frame: Frame[ConditioningSettings]) -> Points:
    x, y = _two_inputs(_without_rate(frame, min(frame.selected, len(frame.lanes) - 1)))[:SHOWN].T
    return x, y


def _reach(frame: Frame[ConditioningSettings]) -> dict[str, Any]:
    lanes = range(len(frame.lanes))
    side = 1.05 * float(max(np.abs(_two_inputs(_without_rate(frame, lane))[:SHOWN]).max() for lane in lanes))
    return {axis: [-side, side] for axis in ("xaxis.range", "yaxis.range")}


def _closed_form(frame: Frame[ConditioningSettings], lane: int) -> Points:
    rates = torch.from_numpy(frame.at_each_step(lane, "relative_rate"))
    expected = _quadratic(_without_rate(frame, lane)).predicted_excess(rates, frame.lanes.shared.steps).numpy()
    return frame.thinned(np.where(expected > 10.0 ** (LOWEST - 1), expected, np.nan))


def _height(frame: Frame[ConditioningSettings]) -> dict[str, Any]:
    above = frame.history["excess"][frame.stop - 1].max() > 10**HIGHEST
    return {"yaxis.range": [LOWEST, 4 if above else HIGHEST]}


def _steps_taken(frame: Frame[ConditioningSettings], lane: int) -> Points:
    there = now(frame, "excess", lane) <= TOLERANCE
    return [now(frame, "condition_number", lane)], [now(frame, "iterations", lane) if there else np.nan]


def _fewest_steps(_frame: Frame[ConditioningSettings]) -> Points:
    return KAPPAS, [predicted_iterations(kappa) for kappa in KAPPAS]


def _without_rate(frame: Frame[ConditioningSettings], lane: int) -> ConditioningSettings:
    """A lane's settings but for the learning rate, so that what is kept for them is found again when that changes."""
    return frame.lanes.settings[lane].model_copy(update={"relative_rate": 1.0})


@lru_cache(maxsize=24)
def _quadratic(settings: ConditioningSettings) -> Quadratic:
    return Quadratic.of(settings)


def ellipse(points: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y of the ellipse of two standard deviations around the mean of some points, shape (N, 2)."""
    values, vectors = np.linalg.eigh(np.cov(points.T, bias=True))
    round_ = np.stack([np.cos(TURN), np.sin(TURN)]) * np.sqrt(values.clip(0))[:, None]
    x, y = 2 * vectors @ round_ + points.mean(0)[:, None]
    return x, y


@lru_cache(maxsize=24)
def _two_inputs(settings: ConditioningSettings) -> np.ndarray:
    """Two inputs of all examples, shape (N, 2)."""
    x, _ = examples(settings)
    seen = prepared(x, settings.inputs, settings.epsilon, settings.iterations)
    return seen[:, list(PIXELS) if settings.data == "digits" else [0, 1]].numpy()
