"""What to try in the labs of lesson 5."""

from __future__ import annotations

from widgets.view.goals import Attempt, Goal


def _lanes(run: Attempt, field: str, value: str) -> list[int]:
    return [lane for lane, settings in enumerate(run.settings) if getattr(settings, field) == value]


def _as_good(run: Attempt) -> bool:
    condition = run["condition_number"][-1]
    raw, standardised = _lanes(run, "inputs", "raw"), _lanes(run, "inputs", "standardised")
    return bool(raw and standardised) and condition[raw].min() > 3 and condition[standardised].max() < 1.02


def _of_no_use(run: Attempt) -> bool:
    condition = run["condition_number"][-1]
    raw, standardised = _lanes(run, "inputs", "raw"), _lanes(run, "inputs", "standardised")
    return bool(raw and standardised) and 10 < condition[raw].max() < 1.2 * condition[standardised].min()


def _centring_pays(run: Attempt) -> bool:
    needed = run["iterations"][-1]
    raw, centred = _lanes(run, "inputs", "raw"), _lanes(run, "inputs", "centred")
    return run.finished and bool(raw and centred) and needed[raw].min() > 3 * needed[centred].max()


CONDITIONING = (
    Goal(
        "as_good",
        "Find inputs for which standardising is as good as whitening.",
        _as_good,
        "Standardised inputs have the eigenvalues 1 ± ρ. Without correlation both are 1, which is all that whitening "
        "can do.",
    ),
    Goal(
        "of_no_use",
        "Find inputs with κ above 10 for which standardising gains next to nothing.",
        _of_no_use,
        "What standardising mends are unequal widths and means. Where the correlation alone makes the valley long, "
        "κ = (1 + ρ)/(1 − ρ) stays.",
    ),
    Goal(
        "centring",
        "Let centring alone save two thirds of the steps.",
        _centring_pays,
        "Inputs far from zero are nearly parallel to the bias: one eigenvalue grows with the square of their mean.",
    ),
)


def _as_layer(run: Attempt) -> bool:
    group = _lanes(run, "normalization", "group")
    return run.finished and any(run.settings[lane].groups == 1 for lane in group)


def _as_instance(run: Attempt) -> bool:
    channels = run.lanes.shared.channels
    group = _lanes(run, "normalization", "group")
    return run.finished and channels > 1 and any(run.settings[lane].groups == channels for lane in group)


def _batch_as_instance(run: Attempt) -> bool:
    return run.finished and run.lanes.shared.samples == 1 and bool(_lanes(run, "normalization", "batch"))


TENSOR = (
    Goal(
        "as_layer",
        "Make group norm average exactly the cells that layer norm does.",
        _as_layer,
        "One group holds all channels of a sample, and these are the cells of layer norm.",
    ),
    Goal(
        "as_instance",
        "Make group norm average exactly the cells that instance norm does.",
        _as_instance,
        "With as many groups as channels each group is one channel of one sample, as in instance norm.",
    ),
    Goal(
        "batch_as_instance",
        "Make batch norm average exactly the cells that instance norm does.",
        _batch_as_instance,
        "Batch norm averages a channel over all samples. In a batch of one there is one sample only.",
    ),
)


def _learns_where_plain_fails(run: Attempt, normalization: str) -> bool:
    """At one learning rate and one size of weights: the plain net gets less than half right, the other most."""
    if not run.finished:
        return False
    accuracy = run.newest("train_accuracy")
    plain = [
        lane for lane in _lanes(run, "normalization", "none") if run.ends[lane] is not None or accuracy[lane] < 0.5
    ]
    others = [
        lane for lane in _lanes(run, "normalization", normalization) if lane in run.left and accuracy[lane] > 0.65
    ]
    same = ("learning_rate", "init_scale")
    return any(
        all(getattr(run.settings[a], name) == getattr(run.settings[b], name) for name in same)
        for a in plain
        for b in others
    )


NET = (
    Goal(
        "batch_survives",
        "Find settings with which the plain net fails and batch norm learns.",
        lambda run: _learns_where_plain_fails(run, "batch"),
        "Batch norm lowers the sharpness and takes out the size of the weights: far larger η, and far worse first "
        "weights, still work.",
    ),
    Goal(
        "layer_survives",
        "Find settings with which the plain net fails and layer norm learns.",
        lambda run: _learns_where_plain_fails(run, "layer"),
        "Layer norm, too, divides by the size of what comes in: weights that are too large at the start do not make "
        "outputs that are too large.",
    ),
)
