"""Iterations against the memory of momentum, measured beside what the rate of convergence alone gives."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
import torch

from lessons.core.rules import HeavyBall
from lessons.optimizers.memory import Memory, MemorySettings
from lessons.optimizers.spreads import MEMORIES, MEMORY, MemoryRange
from lessons.optimizers.theory import best_memory, best_rate_for, iterations, longest_useful_memory
from widgets.figure.colours import LANE_COLOURS
from widgets.figure.frame import Frame
from widgets.figure.plots import LOG, LOG_X, marks
from widgets.labs.optimizers import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Curve, One, Points, Theory
from widgets.view.panels import Panel
from widgets.view.readings import number
from widgets.view.view import LabView

VALLEYS = ("shortest valley", "middle valley", "longest valley")


class MemoryView(LabView[MemorySettings, MemoryRange]):
    """Iterations to an error of 1e-6 in three valleys, each momentum at its best learning rate."""

    name = "memory"
    title = "How long momentum remembers"
    experiment = Memory()
    spread = MEMORY
    compare = False
    step_figures = ()
    covered = ("memory",)
    shown = ("largest", "longest", "steps")
    goals = goals.MEMORY
    presets = (
        Preset(
            "10, 100, 1000",
            "Three valleys, and 25 momenta in each. Which is the best, and is more always better?",  # given
            ({},),
        ),
    )

    @property
    def panels(self) -> Mapping[str, Panel[MemorySettings]]:
        pairs = list(zip(VALLEYS, LANE_COLOURS, strict=False))
        predicted = [(f"{name}, from the rate alone", colour) for name, colour in pairs]
        return {
            "memory": Panel(
                "Iterations to an error of 10⁻⁶",
                "memory 1/(1−β); 1 is no momentum",
                "iterations",
                Curve(_measured, each=pairs, mode="markers", marker={"size": 7}),
                Theory(_from_the_rate, each=predicted, says="from the rate of convergence alone"),
                One(
                    partial(_marked, best_memory),
                    "the best, about √κ/4 + ½",
                    fixed=True,
                    make=marks,
                    marker={"symbol": "star", "size": 13, "color": "#d6457b"},
                ),
                One(
                    partial(_marked, longest_useful_memory),
                    "no better than none, about κ/4 + ½",
                    fixed=True,
                    make=marks,
                    marker={"symbol": "x", "size": 10, "color": "#888"},
                ),
                height=400,
                showlegend=True,
                **LOG,
                **LOG_X,
            )
        }

    def readings(self, frame: Frame[MemorySettings]) -> list[Reading]:
        lines = []
        for valley in range(len(VALLEYS)):
            memory, measured = _memories(frame, valley), _arrived(frame, valley)
            kappa = _condition_number(frame, valley)
            found = number(memory[np.nanargmin(measured)]) if np.isfinite(measured).any() else "none there yet"
            theory = number(float(best_memory(kappa)))
            lines.append(
                Reading(0, f"fastest memory, {VALLEYS[valley]}, κ = {float(kappa):g}", f"{found}; in theory {theory}")
            )
        return lines


def _rows(valley: int) -> slice:
    """The lanes of a valley."""
    return slice(valley * MEMORIES, (valley + 1) * MEMORIES)


def _condition_number(frame: Frame[MemorySettings], valley: int) -> torch.Tensor:
    return frame.lanes.condition_number[_rows(valley)][0]


def _memories(frame: Frame[MemorySettings], valley: int) -> np.ndarray:
    return (1 / (1 - frame.lanes.momentum[_rows(valley)])).numpy()


def _arrived(frame: Frame[MemorySettings], valley: int) -> np.ndarray:
    """The iterations of those momenta that are there; NaN of the others."""
    measured, error = (frame.history[name][frame.stop - 1, _rows(valley)] for name in ("iterations", "error"))
    return np.where((error <= 1e-6) | (measured < frame.stop - 1), measured, np.nan)


def _measured(frame: Frame[MemorySettings], valley: int) -> Points:
    return _memories(frame, valley), _arrived(frame, valley)


def _iterations(momentum: torch.Tensor, kappa: torch.Tensor) -> float:
    """From the slowest of the two directions."""
    rate = best_rate_for(momentum, kappa)
    growth = HeavyBall.growth(rate * torch.stack([torch.ones_like(kappa), 1 / kappa]), momentum.expand(2))
    return float(iterations(float(growth.max())))


def _from_the_rate(frame: Frame[MemorySettings], valley: int) -> Points:
    kappa = _condition_number(frame, valley)
    longest = torch.tensor(_memories(frame, valley)[-1])
    memories = torch.logspace(0, float(longest.log10()), 120, dtype=torch.float64)
    return memories.numpy(), [_iterations(1 - 1 / memory, kappa) for memory in memories]


def _marked(memory_of: Callable[[torch.Tensor], torch.Tensor], frame: Frame[MemorySettings]) -> Points:
    """A memory that theory names in each valley, and its iterations."""
    kappas = [_condition_number(frame, valley) for valley in range(len(VALLEYS))]
    memories = [memory_of(kappa) for kappa in kappas]
    heights = [_iterations(1 - 1 / memory, kappa) for memory, kappa in zip(memories, kappas, strict=True)]
    return [float(memory) for memory in memories], heights
