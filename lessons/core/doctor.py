"""The divergence doctor: which lane blew up, when, along which direction, and how far it was over the limit."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

BLOW_UP_FACTOR = 1e4


@dataclass(frozen=True)
class Vitals:
    """The series of one lane, T steps long, that the doctor looks at.

    `components` (T, D) are positions (or last updates) along the eigen-directions named by `directions`;
    `sharpness` (T,) is the largest Hessian eigenvalue; both are NaN where they were not measured. `limit_factor` is the
    largest stable eta times sharpness, or None for rules without a closed form.
    """

    loss: np.ndarray
    sharpness: np.ndarray
    components: np.ndarray
    directions: tuple[str, ...]
    learning_rate: float
    limit_factor: float | None


@dataclass(frozen=True)
class Diagnosis:
    """Why a lane diverged.

    Attributes:
        step: First step at which the loss was not finite or `BLOW_UP_FACTOR` times its start.
        onset: Step of the smallest loss before that: from there it grew.
        learning_rate: eta in effect.
        sharpness: Largest Hessian eigenvalue at the onset.
        limit: Largest stable learning rate there, None if the rule has no closed form.
        direction: Name of the eigen-direction that grew most.
        growth: Factor per step by which that component grew between onset and blow-up.
    """

    step: int
    onset: int
    learning_rate: float
    sharpness: float
    limit: float | None
    direction: str
    growth: float

    @property
    def sentence(self) -> str:
        """The diagnosis in words."""
        cause = f"λₘₐₓ was {self.sharpness:.4g}"
        if self.limit is not None:
            cause += f", so the limit was {self.limit:.4g}, and η = {self.learning_rate:.4g} is "
            cause += f"{self.learning_rate / self.limit:.3g} times that"
        grew = f" The {self.direction} grew {self.growth:.3g}-fold a step." if self.growth else ""
        return f"Diverged at step {self.step}. The loss grew from step {self.onset} on: {cause}.{grew}"


def along_eigen_directions(updates: np.ndarray, hessian: np.ndarray) -> tuple[np.ndarray, tuple[str, str]]:
    """Return updates in a plane along the eigen-directions of a Hessian, the steepest first, and how to call those.

    A blow-up follows them and not the coordinates: in a turned valley both coordinates grow, and neither is the cause.

    Args:
        updates: Shape (T, 2); where they are not finite, neither is the result.
        hessian: Shape (2, 2).
    """
    steepest_first = np.linalg.eigh(hessian)[1][:, ::-1]
    with np.errstate(invalid="ignore", over="ignore"):
        components = updates @ steepest_first
    return components, ("update along the steepest direction", "update along the flattest direction")


def first_blow_up(loss: np.ndarray, initial: np.ndarray) -> np.ndarray:
    """Return the first row at which each lane's loss is not finite or too large.

    Args:
        loss: Shape (T, K).
        initial: Loss at step 0, shape (K,).

    Returns:
        Row numbers, shape (K,); T where a lane has not diverged.
    """
    with np.errstate(invalid="ignore", over="ignore"):
        gone = ~(loss <= BLOW_UP_FACTOR * np.maximum(initial, 1e-12))
    return np.where(gone.any(0), gone.argmax(0), len(loss))


def observed(loss: np.ndarray, step: int) -> str:
    """Say what was seen of a blow-up at `step`, where nothing explains it; `loss` of shape (T,)."""
    before = loss[:step][np.isfinite(loss[:step])]
    fall = f" from {before.min():.3g}" if len(before) else ""
    end = f"to {loss[step]:.3g}" if np.isfinite(loss[step]) else "beyond all numbers"
    return f"Diverged at step {step}: the loss went{fall} {end}."


def diagnose(vitals: Vitals, step: int) -> Diagnosis:
    """Explain why a lane blew up at `step`."""
    before = np.where(np.isfinite(vitals.loss[:step]), vitals.loss[:step], np.inf)
    onset = step - 1 - int(before[::-1].argmin()) if step else 0
    known = vitals.sharpness[: onset + 1]
    known = known[~np.isnan(known)]
    sharpness = float(known[-1]) if len(known) else np.nan
    growth = _growth(vitals.components[onset : step + 1])
    worst = int(np.argmax(growth))
    return Diagnosis(
        step=step,
        onset=onset,
        learning_rate=vitals.learning_rate,
        sharpness=sharpness,
        limit=None if vitals.limit_factor is None else vitals.limit_factor / sharpness,
        direction=vitals.directions[worst],
        growth=float(growth[worst]),
    )


def _growth(components: np.ndarray) -> np.ndarray:
    """Mean growth factor per step of each column, from its finite, non-zero entries; 0 where there are none."""
    size = np.abs(components.astype(np.float64))
    factors = np.zeros(size.shape[1])
    for column, values in enumerate(size.T):
        known = np.flatnonzero(np.isfinite(values) & (values > 0))
        if len(known) > 1:
            first, last = known[0], known[-1]
            factors[column] = (values[last] / values[first]) ** (1 / (last - first))
    return factors
