"""A run in a few numbers: the loss of its chosen lane, and the link that opens it."""

from __future__ import annotations

from typing import Any

import numpy as np

from lessons.core.settings import SettingError
from widgets.lab import link as links
from widgets.lab.session import Session

POINTS = 64


def glimpse(session: Session) -> dict[str, Any]:
    """Return the loss so far, at 64 steps at most and None where it is no number; step, steps and a link's query.

    What is half made is left to the run: whoever watches must not slow it down.
    """
    history, lane = session.history, session.lanes.selected
    known = session.started and len(history) > 0 and lane < history["loss"].shape[1]
    loss = history["loss"][:, lane] if known else np.empty(0)
    step = max(len(loss) - 1, 0)
    return {
        "loss": brief(loss[thinned(len(loss), POINTS)]),
        "step": step,
        "steps": session.trial.steps if known else 0,
        "query": _query(session, step) if known else "",
    }


def thinned(length: int, points: int) -> np.ndarray:
    """Return so many of the indices 0, 1, ..., evenly spaced, first and last among them; all if they are fewer."""
    return np.unique(np.linspace(0, max(length - 1, 0), points).astype(int))[:length]


def brief(values: np.ndarray) -> list[float | None]:
    """Return values, shape (T,), with four digits each, as JSON takes them; None where one is no number."""
    return [float(f"{value:.4g}") if np.isfinite(value) else None for value in values]


def _query(session: Session, step: int) -> str:
    """The link; empty where the run holds more changes than one can."""
    view = session.view
    held = links.content(session.lanes, session.run.record, view.settings_type, step)
    try:
        return links.query(view.name, held)
    except SettingError:
        return ""
