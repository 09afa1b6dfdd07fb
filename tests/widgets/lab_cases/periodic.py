"""The labs of lesson 6."""

import numpy as np
from lab_case import LabCase, Shown

from lessons.periodic.phases import find_periods
from tests.trace_named import trace_named
from widgets.lab.lab import Lab

SMALL = {"width": 4, "depth": 1, "train_size": 30, "sharpness_every": 5, "steps": 12}


def steps_of(lab: Lab) -> list[int]:
    return list(range(len(lab.history)))


def series(lab: Lab, figure: str, name: str, quantity: str) -> Shown:
    """A trace is a quantity of the first lane, which the legend calls 0 if nothing else, at each step."""
    trace = trace_named(lab.view, figure, name, lab.history[quantity].shape[1])
    number = list(lab.view.figures(["a"], ["#111"])).index(figure)
    return Shown(number, trace, steps_of(lab), lab.history[quantity][:, 0].astype(float).tolist())


def whole_show(lab: Lab) -> list[Shown]:
    """Loss and train error, norm, gradient, rate and both forces, each at every step; and the first band."""
    history = lab.history
    phases = find_periods(history["loss"][:, :1], history["norm"][:, :1]).phase[:, 0]
    begins = np.flatnonzero(np.diff(phases, prepend=-1))
    ends = np.append(begins[1:], len(phases) - 1)
    corners = []
    for begin, end in zip(begins, ends, strict=True):
        corners += [begin, begin, end, end, begin, None] if phases[begin] == phases[0] else []
    return [
        Shown(0, int(phases[0]), corners, [0, 1, 1, 0, 0, None] * (len(corners) // 6)),
        series(lab, "loss", "0", "loss"),
        series(lab, "errors", "0", "train_error"),
        series(lab, "norm", "0", "norm"),
        series(lab, "gradient", "0", "effective_gradient"),
        series(lab, "rate", "0", "effective_learning_rate"),
        series(lab, "forces", "0, up", "gradient_force"),
        series(lab, "forces", "0, down", "decay_force"),
    ]


def along_the_plane(lab: Lab) -> list[Shown]:
    """Each lane's points are effective gradient and squared norm."""
    gradient, norm = (lab.history[name][:, 0].astype(float) for name in ("effective_gradient", "norm"))
    return [
        Shown(
            0, trace_named(lab.view, "plane", "0", lab.history["norm"].shape[1]), gradient.tolist(), (norm**2).tolist()
        ),
        series(lab, "loss", "0", "loss"),
    ]


def turns(lab: Lab) -> list[Shown]:
    """1 - cos at each step but the first, which has not turned; norm and effective learning rate."""
    turn = lab.history["cosine_distance"][1:, 0].astype(float)
    return [
        Shown(0, trace_named(lab.view, "turn", "0", lab.history["loss"].shape[1]), steps_of(lab)[1:], turn.tolist()),
        series(lab, "norm", "0", "norm"),
        series(lab, "rate", "0", "effective_learning_rate"),
    ]


def stretched(lab: Lab) -> list[Shown]:
    """Loss, gradient's ratio and the size of the cosine over the factor, lane by lane."""
    history, found = lab.history, []
    for figure, quantity in enumerate(("loss", "gradient_ratio", "inner_product")):
        for lane in range(history["loss"].shape[1]):
            alpha, values = history["alpha"][:, lane], np.abs(history[quantity][:, lane])
            found.append(Shown(figure, lane, alpha[values > 0].tolist(), values[values > 0].tolist()))
    return found


def losses_and_norms(lab: Lab) -> list[Shown]:
    return [series(lab, "loss", "0", "loss"), series(lab, "norm", "0", "norm")]


def conv_show(lab: Lab) -> list[Shown]:
    """Loss, train error, norm and effective learning rate, each at every step."""
    quantities = {"loss": "loss", "errors": "train_error", "norm": "norm", "rate": "effective_learning_rate"}
    return [series(lab, figure, "0", quantity) for figure, quantity in quantities.items()]


def cells(lab: Lab) -> list[Shown]:
    """A row for each learning rate, a column for each weight decay; the norm of the first cell."""
    return [*(Shown(figure, 0, [0, 1], [0, 1, 2]) for figure in (0, 1)), series(lab, "norms", "lowest η and λ", "norm")]


def turns_and_losses(lab: Lab) -> list[Shown]:
    return [
        series(lab, "turns", "net 1", "cosine_distance"),
        series(lab, "loss", "net 1", "loss"),
    ]


def run_and_others(lab: Lab) -> list[Shown]:
    others = lab.history["loss"][:, 1].astype(float).tolist()
    return [series(lab, "loss", "the run", "loss"), Shown(0, 2, steps_of(lab), others)]


CASES = {
    "stretch": LabCase({"width": 4, "train_size": 20}, drawn=stretched),
    "periods": LabCase(SMALL, hot=("learning_rate", 0.4), drawn=whole_show),
    "circle": LabCase(SMALL, hot=("weight_decay", 0.1), drawn=along_the_plane),
    "settling": LabCase(SMALL, hot=("weight_decay", 0.1), drawn=losses_and_norms),
    "forecast": LabCase(SMALL, hot=("learning_rate", 0.4), drawn=turns),
    "period_map": LabCase(
        {"width": 8, "depth": 1, "train_size": 50, "steps": 12, "rows": 3, "columns": 2},
        drawn=cells,
    ),
    "jumps": LabCase({"width": 8, "depth": 1, "train_size": 50, "steps": 12, "nets": 2}, drawn=turns_and_losses),
    "variants": LabCase(SMALL, hot=("learning_rate", 0.4), drawn=losses_and_norms),
    "conv_periods": LabCase(
        {"width": 2, "train_size": 40, "batch_size": 16, "measure_every": 5, "steps": 12},
        hot=("weight_decay", 0.1),
        drawn=conv_show,
    ),
    "minima": LabCase(
        {"width": 8, "depth": 1, "train_size": 50, "steps": 12, "nets": 2},
        drawn=run_and_others,
    ),
}
