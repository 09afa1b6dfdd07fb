"""The labs of lesson 1."""

from lab_case import LabCase, Shown, cloud, curves

from lessons.optimizers.spreads import OUTLIER_DISTANCES
from widgets.lab.lab import Lab


def escapes(lab: Lab) -> list[Shown]:
    """Gradient descent comes first: steps until it has left, against the distance it started from."""
    lanes = [k for k, lane in enumerate(lab.run.lanes.settings) if lane.optimizer == "gradient descent"]
    times = lab.history["escape_time"][-1, lanes].tolist()
    return [Shown(0, 0, lab.run.lanes.distance[lanes].tolist(), times)]


def iterations(lab: Lab) -> list[Shown]:
    """Each method's iterations against the condition number, with a gap where it has not arrived."""
    methods = list(dict.fromkeys(lane.method for lane in lab.run.lanes.settings))
    error, counts = lab.history["error"][-1], lab.history["iterations"][-1]
    found = []
    for number, method in enumerate(methods):
        lanes = [k for k, lane in enumerate(lab.run.lanes.settings) if lane.method == method]
        arrived = [float(counts[k]) if error[k] <= 1e-6 else None for k in lanes]
        found.append(Shown(0, number, lab.run.lanes.condition_number[lanes].tolist(), arrived))
    return found


def iterations_of_memories(lab: Lab) -> list[Shown]:
    """Iterations against 1/(1-beta), valley by valley, with a gap where a momentum has not arrived."""
    error, counts = lab.history["error"][-1], lab.history["iterations"][-1]
    momentum, found = lab.run.lanes.momentum, []
    for valley in range(3):
        lanes = list(range(25 * valley, 25 * valley + 25))
        arrived = [float(counts[k]) if error[k] <= 1e-6 else None for k in lanes]
        found.append(Shown(0, valley, (1 / (1 - momentum[lanes])).tolist(), arrived))
    return found


def shifts(lab: Lab) -> list[Shown]:
    """The share of fresh points on another side than without the outlier; none is a gap."""
    side = lab.history.snapshot("fresh_side")
    share = (side[1 : 1 + len(OUTLIER_DISTANCES)] != side[0]).mean(1)
    return [Shown(0, 0, list(OUTLIER_DISTANCES), [v or None for v in share.tolist()])]


CASES = {
    "race": LabCase({"steps": 12}, hot=("learning_rate", 0.02)),
    "classifier": LabCase(
        {"width": 4, "depth": 1, "train_size": 30, "batch_size": 10, "steps": 12, "measure_every": 3},
        hot=("learning_rate", 0.004),
        drawn=curves("loss", "train_loss", 3),
    ),
    "classifier_seeds": LabCase(
        {"width": 4, "depth": 1, "train_size": 30, "batch_size": 10, "steps": 6, "measure_every": 1},
        drawn=cloud,
    ),
    "gain": LabCase({"steps": 30}, hot=("momentum", 0.4), drawn=curves("gain", "gain", 1)),
    "saddle": LabCase({"steps": 30}, drawn=escapes),
    "condition": LabCase({"steps": 30}, drawn=iterations),
    "memory": LabCase({"steps": 60}, drawn=iterations_of_memories),
    "valley": LabCase({"steps": 12}, hot=("learning_rate", 0.02), drawn=curves("loss", "share")),
    "proxy": LabCase(
        {"steps": 12, "train_size": 10},
        hot=("learning_rate", 0.03),
        drawn=curves("error", "fresh_error", 1),
    ),
    "outlier_shift": LabCase({"steps": 6, "train_size": 10}, drawn=shifts),
}
