"""The labs of lesson 4."""

import numpy as np
from lab_case import LabCase, Shown, curves

from widgets.lab.lab import Lab

SMALL_NET = {"width": 4, "depth": 2, "train_size": 20, "steps": 12, "measure_every": 3}
FEW_NETS = {"width": 8, "depth": 6, "steps": 4}


def median_variances(lab: Lab) -> list[Shown]:
    """Medians over five nets of mean square less squared mean, layer by layer, and of the mean square gradient."""
    square, mean, back = (
        lab.history[name].astype(float) for name in ("activation_square", "activation_mean", "gradient_square")
    )
    variance, back = np.median(square - mean**2, 0), np.median(back, 0)
    layers = list(range(variance.shape[1]))
    return [
        shown
        for lane in range(len(variance))
        for shown in (Shown(0, lane, layers, variance[lane].tolist()), Shown(1, lane, layers[1:], back[lane].tolist()))
    ]


def median_angles(lab: Lab) -> list[Shown]:
    """Medians over the nets of the angle between two inputs, layer by layer."""
    medians = np.quantile(lab.history["angle"], 0.5, axis=0, method="nearest")
    return [Shown(0, lane, list(range(len(each))), each.tolist()) for lane, each in enumerate(medians)]


def over_the_gain(lab: Lab) -> list[Shown]:
    """The gradient that arrives at the first layer, of each gain."""
    back = np.median(lab.history["gradient_square"].astype(float)[:, :, 0], 0)
    return [Shown(0, 0, lab.run.lanes.gain.tolist(), back.tolist())]


def singular_values(lab: Lab) -> list[Shown]:
    """The newest singular values in order, and their mean square as layers are added."""
    values, mean = lab.history["singular_values"], lab.history["loss"]
    numbers, layers = list(range(1, values.shape[2] + 1)), list(range(len(mean)))
    newest = [Shown(0, lane, numbers, values[-1, lane].tolist()) for lane in range(values.shape[1])]
    return [*newest, *(Shown(1, lane, layers, mean[:, lane].tolist()) for lane in range(mean.shape[1]))]


def losses_and_gradients(lab: Lab) -> list[Shown]:
    """Loss over the step; the newest gradients, layer by layer, with a gap where there is none."""
    norms = lab.history["gradient_norm"][-1].astype(float)
    newest = np.where(norms > 0, norms, np.nan)
    layers = list(range(1, norms.shape[1] + 1))
    shown = [[None if np.isnan(value) else value for value in lane] for lane in newest.tolist()]
    return [*curves()(lab), *(Shown(2, lane, layers, values) for lane, values in enumerate(shown))]


def losses_and_units(lab: Lab) -> list[Shown]:
    """Loss over the step, and the fewest different units of a layer at the steps where they are counted."""
    fewest = lab.history["distinct_units"].min(2)
    steps = list(range(0, len(fewest), lab.run.lanes.shared.measure_every))
    counted = [Shown(1, lane, steps, fewest[steps, lane].tolist()) for lane in range(fewest.shape[1])]
    return [*curves()(lab), *counted]


def losses_and_sharpness(lab: Lab) -> list[Shown]:
    """Loss at each step, sharpness where it is measured."""
    return [*curves()(lab), *curves("sharpness", "sharpness", lab.run.lanes.shared.sharpness_every)(lab)]


CASES = {
    "symmetry": LabCase(SMALL_NET, hot=("learning_rate", 0.03), drawn=losses_and_units),
    "variance": LabCase(FEW_NETS, drawn=median_variances),
    "distributions": LabCase(FEW_NETS, drawn=median_variances),
    "angles": LabCase(FEW_NETS, drawn=median_angles),
    "edge_of_chaos": LabCase(FEW_NETS, drawn=over_the_gain),
    "jacobian": LabCase({"width": 8, "steps": 6}, drawn=singular_values),
    "schemes": LabCase(SMALL_NET, hot=("learning_rate", 0.04), drawn=losses_and_gradients),
    "hessian_spectrum": LabCase(
        {**SMALL_NET, "sharpness_every": 5, "spectrum_every": 5},
        hot=("learning_rate", 0.03),
        drawn=losses_and_sharpness,
    ),
}
