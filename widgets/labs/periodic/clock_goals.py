"""What to try in the labs of lesson 6 on what sets the clock: forecasts, turns, the map, variants, and minima."""

from __future__ import annotations

import numpy as np

from widgets.view.goals import Attempt, Goal

FIRST_STEPS = 200  # of training from scratch, which turns the weights far


def _onsets(onset: np.ndarray) -> np.ndarray:
    """The steps at which a lane's breakdowns began, of shape (N,), from the series that it keeps of them, (T,)."""
    return onset[(np.diff(onset, prepend=-1) != 0) & (onset >= 0)].astype(int)


def _never_broke(run: Attempt) -> bool:
    return bool((run["onset"][-1] < 0).all())


def _far_turns_alone(run: Attempt) -> bool:
    turn = run["cosine_distance"]
    return (
        run.finished
        and run.steps >= 1500
        and all(settings.noise == 0 for settings in run.settings)
        and _never_broke(run)
        and bool((np.median(turn[len(turn) // 2 :], axis=0) > 1e-3).all())
    )


def _calm(run: Attempt) -> bool:
    learned = run["loss"][-1] < 0.1 * run["loss"][0]
    near = (run["cosine_distance"][FIRST_STEPS:] < 1e-3).all()
    return run.finished and run.steps >= 2000 and _never_broke(run) and bool(near and learned.all())


JUMPS = (
    Goal(
        "far_turns_alone",
        "Without noise, turn by 10⁻³ in the median for 1500 steps, and let no net break down.",
        _far_turns_alone,
        "Shifted images are new at each step. The net cannot learn them by heart, so g stays large and holds the norm "
        "up. What counts as a far turn depends on what is usual.",
    ),
    Goal(
        "calm",
        "Learn for 2000 steps without a breakdown, nor a turn beyond 10⁻³ after step 200.",
        _calm,
        "Where the norm falls slowly, or not at all, η/ρ² stays far from its limit: steps are small against the "
        "weights, and nothing breaks.",
    ),
)


def _held_too_low(run: Attempt) -> bool:
    return (
        run.finished
        and run.steps >= 1500
        and any(run.settings[lane].fixed_norm and run["loss"][-100:, lane].min() > 1 for lane in run.left)
    )


def _decays_too_slowly(run: Attempt) -> bool:
    return any(
        settings.learning_rate_decay > 0 and run["onset"][-1, lane] >= 0 for lane, settings in enumerate(run.settings)
    )


VARIANTS = (
    Goal(
        "held_too_low",
        "Fix the norm so that the net does not learn at all: a loss above 1 after 1500 steps.",
        _held_too_low,
        "A fixed norm holds η/ρ² where it is, above its limit as well as below. A free net would be thrown up to where "
        "its steps are small enough.",
    ),
    Goal(
        "decays_too_slowly",
        "Let η decay, and let the net break down all the same.",
        _decays_too_slowly,
        "Weight decay shortens the weights while η falls. Only where η falls fast enough does η/ρ² never get to its "
        "limit.",
    ),
)


def _none_forecast(run: Attempt) -> bool:
    onset, forecasts = run["onset"], run["forecasts"][-1]
    return any(forecasts[lane] == 0 and len(_onsets(onset[:, lane])) >= 3 for lane in run.left)


def _narrow_band(run: Attempt) -> bool:
    """Whether a jump came between two times that are near each other, as forecast before."""
    for lane, settings in enumerate(run.settings):
        hits = run["hits"][:, lane]
        came = np.flatnonzero(np.diff(hits) > 0) + 1
        width = run["latest"][came, lane] - run["earliest"][came, lane]
        if 9e-6 < settings.delta < 1.1e-5 and bool((width <= 300).any()):
            return True
    return False


FORECAST = (
    Goal(
        "none_forecast",
        "Let the net break down three times, and not a single jump be forecast.",
        _none_forecast,
        "A forecast is made when the steps have come to turn the weights by far less than δ. Where δ is too small they "
        "never do: a jump is now.",
    ),
    Goal(
        "narrow_band",
        "With δ at 10⁻⁵, let a jump come inside a band of 300 steps at most.",
        _narrow_band,
        "How fast the norm can and must fall is set by ηλ, so both times are in proportion to 1/(ηλ): twice the decay, "
        "about half the band.",
    ),
)


def _many_minima(run: Attempt) -> bool:
    return run.steps <= 1600 and bool(run["minima"][-1, 0] >= 17)


def _good_minima(run: Attempt) -> bool:
    error = run.of(0, "test_error")
    return run.finished and bool(run["minima"][-1, 0] >= 6 and (error < 0.03).mean() > 0.5)


MINIMA = (
    Goal(
        "many_minima",
        "Let the run leave 17 minima or more in 1600 steps.",
        _many_minima,
        "A period takes 1/(ηλ) steps times a number that depends on the net and its data: the larger ηλ, the more fit "
        "in.",
    ),
    Goal(
        "good_minima",
        "With six minima or more, have a test error below 3 % in more than half of its readings.",
        _good_minima,
        "More images make each minimum better. A breakdown costs little of that: the net soon knows again what it "
        "knew, at another place.",
    ),
)


def _held_up(run: Attempt) -> bool:
    loss = run["loss"]
    return (
        run.finished
        and run.steps >= 600
        and any(
            run.settings[lane].weight_decay >= 0.008
            and run.settings[lane].batch_size >= 128
            and run["onset"][-1, lane] < 0
            and loss[-20:, lane].mean() < 0.1 * loss[0, lane]
            for lane in run.left
        )
    )


def _six_within_400(run: Attempt) -> bool:
    found = [_onsets(run["onset"][:, lane]) for lane in range(len(run.lanes))]
    return any(len(each) >= 6 and bool((each[5:] - each[:-5]).min() <= 400) for each in found)


CONV_PERIODS = (
    Goal(
        "held_up",
        "With λ ≥ 0.008 and batches of 128 or more, learn for 600 steps without a breakdown.",
        _held_up,
        "Weight decay shortens the kernels until η/ρ² is too large. A norm that is fixed cannot fall. With a smaller η "
        "it falls more slowly, and has farther to fall.",
    ),
    Goal(
        "six_within_400",
        "Let the ConvNet break down six times within 400 steps.",
        _six_within_400,
        "The period goes with 1/(ηλ) here, too. Batches make it less regular, not another law.",
    ),
)


def _cells(run: Attempt) -> list[tuple[float, float]]:
    """Of each cell: its mean period, and its median norm at the onset of a breakdown; infinite and 0 where it has none.

    Nothing before the run has come to its end, or of a map of fewer than nine cells.
    """
    if not run.finished or len(run.lanes) < 9:
        return []
    found = []
    for lane in range(len(run.lanes)):
        at = _onsets(run["onset"][:, lane])
        period = float(np.diff(at).mean()) if len(at) > 1 else np.inf
        found.append((period, float(np.median(run["norm"][at, lane])) if len(at) else 0.0))
    return found


def _quick_and_low(run: Attempt) -> bool:
    found = _cells(run)
    return bool(found) and all(period < 100 and norm < 4 for period, norm in found)


def _high_and_slow(run: Attempt) -> bool:
    found = _cells(run)
    return bool(found) and all(norm > 3 for _, norm in found) and any(period > 300 for period, _ in found)


PERIOD_MAP = (
    Goal(
        "quick_and_low",
        "In nine cells or more, let all periods be under 100 steps, at norms below 4.",
        _quick_and_low,
        "The period follows ηλ, the norm at a breakdown η alone: λ makes all cells quicker and leaves their norms "
        "about where they were.",
    ),
    Goal(
        "high_and_slow",
        "In nine cells or more, let all break down at norms above 3, one in periods above 300.",
        _high_and_slow,
        "A net breaks down where η/ρ² meets its limit: with a larger η at a larger norm, by the root of η. With λ "
        "smaller by as much, ηλ stays, and so does the period.",
    ),
)
