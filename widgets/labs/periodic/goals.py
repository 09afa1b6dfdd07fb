"""What to try in the labs of lesson 6."""

from __future__ import annotations

from itertools import combinations

import numpy as np

from widgets.view.goals import Attempt, Goal


def _changes_outputs(run: Attempt) -> bool:
    return run.finished and any(
        settings.normalization == "batch norm" and run["output_change"][:, lane].max() > 0.05
        for lane, settings in enumerate(run.settings)
    )


def _thousandfold(run: Attempt) -> bool:
    return any(
        settings.normalization == "batch norm"
        and not (settings.stretch_affine or settings.stretch_last_layer)
        and run["gradient_ratio"][:, lane].max() > 900
        for lane, settings in enumerate(run.settings)
    )


STRETCH = (
    Goal(
        "not_flat",
        "Let the loss of the net with batch norm change when it is stretched.",
        _changes_outputs,
        "Batch norm takes out the size of the hidden weights alone. What comes after it, its own scale and shift and "
        "the last layer, is not divided by anything.",
    ),
    Goal(
        "thousandfold",
        "Make the gradient a thousand times as long, and the function what it was.",
        _thousandfold,
        "f(αw) = f(w) means ∇f(αw) = ∇f(w)/α: a thousandth of the weights has a thousandfold gradient.",
    ),
)


def _breakdowns(run: Attempt, lane: int) -> np.ndarray:
    """The step of the onset of each breakdown so far."""
    onset = run["onset"][:, lane]
    return onset[np.diff(onset, prepend=-1) != 0]


def _without_breakdown(run: Attempt) -> bool:
    return (
        run.finished
        and run.lanes.shared.steps >= 2000
        and any(
            len(_breakdowns(run, lane)) == 0
            and run["loss"][-1, lane] < 0.1 * run["loss"][0, lane]
            and run.lanes.shared.normalization == "batch norm"
            for lane in run.left
        )
    )


def _often(run: Attempt) -> bool:
    for lane in run.left:
        onsets = _breakdowns(run, lane)
        if len(onsets) >= 4 and (onsets[3:] - onsets[:-3]).min() <= 700:
            return True
    return False


PERIODS = (
    Goal(
        "without",
        "With batch norm, learn for 2000 steps or more without a single breakdown.",
        _without_breakdown,
        "A breakdown comes when the norm has fallen so far that η/ρ² is too large. Where the norm is held, or nothing "
        "pulls it down, it never gets there.",
    ),
    Goal(
        "often",
        "Make it break down four times within 700 steps.",
        _often,
        "Weight decay brings the norm down in about 1/(ηλ) steps. The larger ηλ, the shorter the periods.",
    ),
)


def _same_losses(run: Attempt) -> bool:
    loss = run["loss"]
    return len(loss) > 500 and any(
        run.settings[a].learning_rate != run.settings[b].learning_rate
        and run.settings[a].weight_decay > 0
        and bool(np.array_equal(loss[:, a], loss[:, b]))
        for a, b in combinations(run.left, 2)
    )


def _stays_up(run: Attempt) -> bool:
    return (
        run.finished
        and run.lanes.shared.steps >= 1000
        and any(
            run["norm"][-1, lane] >= 0.98 * run["norm"][len(run["norm"]) // 2, lane]
            and run["loss"][-1, lane] < 0.1 * run["loss"][0, lane]
            and (run["onset"][:, lane] < 0).all()
            and not run.settings[lane].fixed_norm
            for lane in run.left
        )
    )


CIRCLE = (
    Goal(
        "same_losses",
        "Train two nets with different η whose losses are the same at every step.",
        _same_losses,
        "c² times η, a c²-th of λ and c times the norm at the start leave η/ρ² and ηλ as they were: it is the same "
        "training on another sphere.",
    ),
    Goal(
        "stays_up",
        "Let the norm stay where the first steps have put it, for 1000 steps or more.",
        _stays_up,
        "Gradients are at right angles to the weights and only make the norm grow. Weight decay alone pulls it down.",
    ),
)


def _rest(run: Attempt, lane: int) -> np.ndarray:
    """The norm over the second half: where it rests, if it does."""
    norm = run["norm"][:, lane]
    return norm[len(norm) // 2 :].astype(float)


def _rests(norm: np.ndarray) -> bool:
    return bool(norm.max() < 1.3 * norm.min())


def _at_one_height(run: Attempt) -> bool:
    """From three starts; what settles too slowly is not there yet, and what goes round and round never is."""
    if not run.finished or run.steps < 1000 or len(run.left) < 3:
        return False
    starts = [run.settings[lane].initial_norm for lane in run.left]
    norms = [_rest(run, lane) for lane in run.left]
    heights = np.array([np.median(norm) for norm in norms])
    return (
        max(starts) >= 10 * min(starts)
        and bool(heights.min() > 4.5 and heights.max() < 1.1 * heights.min())
        and all(_rests(norm) for norm in norms)
    )


def _soon_at_rest(run: Attempt) -> bool:
    if not run.finished or run.steps < 1000:
        return False
    for lane in run.left:
        height = float(np.median(_rest(run, lane)))
        if run.settings[lane].initial_norm >= 30 and height < 15 and run["norm"][300, lane] < 1.25 * height:
            return True
    return False


SETTLING = (
    Goal(
        "at_one_height",
        "From starts of 1, 10 and 30, let the norms rest at one height above 4.5.",
        _at_one_height,
        "At rest push and pull are equal: ρ⁴ = η⟨g²⟩/(2λ). More noise keeps g larger, a larger η makes steps longer; "
        "either lifts it.",
    ),
    Goal(
        "soon_at_rest",
        "Let a norm that starts at 30 have come to rest after 300 steps.",
        _soon_at_rest,
        "How far ρ⁴ is from rest shrinks by a factor of e in 1/(4ηλ) steps. Four times η or λ: a quarter of the time.",
    ),
)
