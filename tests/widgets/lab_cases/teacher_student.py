"""The labs of lesson 7."""

from __future__ import annotations

import numpy as np
from lab_case import LabCase, Shown, curves

from widgets.lab.lab import Lab

TINY = {"dimension": 3, "outputs": 2, "batch_size": 32, "measure_every": 3, "horizon": 12, "steps": 12}
TINY_TEACHER = {**TINY, "teacher_width": 3}


def number_of(lab: Lab, figure: str) -> int:
    return list(lab.view.figures(["a"], ["#111"])).index(figure)


def every_third(lab: Lab, quantity: str, lanes: list[int], start: int = 0) -> tuple[list[int], np.ndarray]:
    """Steps at which the tiny runs measure, and what they measured; `start` is that of a second training."""
    values = lab.history[quantity].astype(float)
    steps = sorted({start, *range(0, len(values), 3)})
    return steps, values[steps][:, lanes]


def matrix_and_paths(lab: Lab) -> list[Shown]:
    """Share unexplained, and the number of nodes found in all layers."""
    steps, fvu = every_third(lab, "fvu", [0])
    _, found = every_third(lab, "recovered", [0])
    return [
        Shown(number_of(lab, "fvu"), 0, steps, fvu[:, 0].tolist()),
        Shown(number_of(lab, "found"), 0, steps, found[:, 0].sum(1).tolist()),
    ]


def forces_on_the_chosen_node(lab: Lab) -> list[Shown]:
    """What the luckiest node of the first lane pushes back with."""
    node = int(lab.history.snapshot("initial_correlation_1")[0].max(1).argmax())
    steps, push = (lab.history.snapshot(f"trail_{name}")[0] for name in ("step", "own_push"))
    return [Shown(number_of(lab, "forces"), 3, steps.tolist(), (-push[:, node].astype(float)).tolist())]


def nodes_by_number(lab: Lab) -> list[Shown]:
    """The chosen lane's lucky student nodes, by number, and what shaking them does."""
    rise, now = lab.history.snapshot("shake_rise"), lab.history.snapshot("correlation_1")
    lane = len(rise) - 1 if lab.panel.selected >= len(rise) else lab.panel.selected
    winners = np.union1d(now[lane].argmax(0), np.flatnonzero(now[lane].max(1) > 0.9))
    values = np.maximum(rise[lane, winners].astype(float), 1e-8).tolist()
    return [Shown(number_of(lab, "nodes"), 1, (winners + 1).tolist(), values)]


def places_at_the_start(lab: Lab) -> list[Shown]:
    """How often the student node nearest to a teacher node stood first, second, ... at the start."""
    initial, now = lab.history.snapshot("initial_correlation_1"), lab.history.snapshot("correlation_1")
    ranks = []
    for first, last in zip(initial, now, strict=True):
        for teacher, winner in enumerate(last.argmax(0)):
            ranks.append((first[:, teacher] > first[winner, teacher]).sum())
    shares = [float(np.mean(np.array(ranks) == place)) for place in range(10)]
    return [Shown(number_of(lab, "places"), 0, list(range(1, 12)), [*shares, max(0.0, 1 - sum(shares))])]


def nodes_that_ever_won(lab: Lab) -> list[Shown]:
    """Nodes that are nearest to a node of the first teacher, of one of the first two, and so on."""
    now, ever, counts = lab.history.snapshot("correlation_1"), set(), []
    for own in now:
        ever |= set(own.argmax(0).tolist())
        counts.append(float(len(ever)))
    return [Shown(number_of(lab, "ever"), 0, list(range(1, len(now) + 1)), counts)]


def found_by_width(lab: Lab) -> list[Shown]:
    """Mean share of teacher nodes found by the students of each width."""
    own = [settings.overparameterization for settings in lab.run.lanes.settings]
    shown = []
    for trace, width in enumerate(dict.fromkeys(own)):
        lanes = [lane for lane, each in enumerate(own) if each == width]
        steps, found = every_third(lab, "recovered", lanes)
        shown.append(Shown(0, trace, steps, (found[..., 0].mean(1) / 3).tolist()))
    return shown


def learned_by_ticket(lab: Lab) -> list[Shown]:
    """Median of what the students with each ticket leave unexplained."""
    tickets = [settings.ticket for settings in lab.run.lanes.settings]
    shown = []
    for trace, ticket in enumerate(dict.fromkeys(tickets)):
        steps, fvu = every_third(lab, "fvu", [lane for lane, each in enumerate(tickets) if each == ticket], 7)
        shown.append(Shown(0, trace, steps, np.median(fvu, axis=1).tolist()))
    return shown


def nodes_in_use(lab: Lab) -> list[Shown]:
    """Median number of nodes in use for each kind of data: kinds come one after the other."""
    lanes = np.split(np.arange(len(lab.run.lanes)), 3)
    shown = []
    for trace, own in enumerate(lanes):
        steps, used = every_third(lab, "effective_nodes", own.tolist())
        shown.append(Shown(0, trace, steps, np.median(used[..., 0], axis=1).tolist()))
    return shown


def nodes_by_width(lab: Lab) -> list[Shown]:
    """Nodes in use over the student's, one student of each width; large first weights, then small ones."""
    used = lab.history.newest("used_nodes")[:, 0].reshape(2, 5).astype(float)
    width = [3, 6, 12, 30, 60]
    return [Shown(number_of(lab, "used"), 4 + kind, width, own.tolist()) for kind, own in enumerate(used)]


def errors_on_the_way(lab: Lab) -> list[Shown]:
    """Unexplained on fresh inputs over that on the points, of one net of each size."""
    _, train = every_third(lab, "train_fvu", [0, 1, 2])
    _, fresh = every_third(lab, "fvu", [0, 1, 2])
    return [Shown(0, trace, [*train[:, trace], None], [*fresh[:, trace], None]) for trace in range(3)]


def error_by_width(lab: Lab) -> list[Shown]:
    """Test error against the width."""
    history = lab.history
    return [Shown(0, 0, history["width"][:, 0].tolist(), history["test_error"][:, 0].astype(float).tolist())]


def pairs_by_bias(lab: Lab) -> list[Shown]:
    """Share of inputs on which two nodes fire, against the bias."""
    joint = lab.history["joint"][:, 0]
    return [Shown(0, 0, lab.history["bias"][:, 0].tolist(), [v if v > 1e-5 else None for v in joint.tolist()])]


def negative_shares(lab: Lab) -> list[Shown]:
    """Share of negative biases in the second layer."""
    share = lab.history["negative_share"].astype(float)
    return [Shown(number_of(lab, "second"), 0, list(range(len(share))), share[:, 0, 1].tolist())]


def dealt_out(lab: Lab) -> list[Shown]:
    """Medians of what sixteen students leave unexplained, and would with their outgoing weights dealt out anew."""
    shown = []
    for trace, name in enumerate(("fvu", "dealt")):
        steps, values = every_third(lab, name, list(range(16)))
        shown.append(Shown(number_of(lab, "dealt"), trace, steps, np.median(values, axis=1).tolist()))
    return shown


def unexplained_by_nodes(lab: Lab) -> list[Shown]:
    """What random nodes leave unexplained, against their number."""
    return [Shown(0, 0, lab.history["nodes"][:, 0].tolist(), lab.history["unexplained"][:, 0].tolist())]


CASES = {
    "students": LabCase(TINY_TEACHER, hot=("learning_rate", 0.03), drawn=matrix_and_paths),
    "two_inputs": LabCase(
        {"outputs": 2, "batch_size": 32, "measure_every": 3, "horizon": 12, "steps": 12, "teacher_width": 3},
        hot=("learning_rate", 0.03),
        drawn=curves("fvu", "fvu", 3),
    ),
    "pulls": LabCase(TINY_TEACHER, hot=("learning_rate", 0.03), drawn=forces_on_the_chosen_node),
    "recovery": LabCase({**TINY_TEACHER, "students": 2}, drawn=found_by_width),
    "luck": LabCase(TINY_TEACHER, drawn=places_at_the_start),
    "one_start": LabCase({**TINY_TEACHER, "teachers": 3}, drawn=nodes_that_ever_won),
    "shaken": LabCase(TINY_TEACHER, hot=("learning_rate", 0.03), drawn=nodes_by_number),
    "lottery": LabCase({**TINY_TEACHER, "students": 2, "prune_at": 6, "keep": 3}, drawn=learned_by_ticket),
    "structure": LabCase({**TINY, "students": 1}, drawn=nodes_in_use),
    "fewest": LabCase({**TINY_TEACHER, "students": 1}, drawn=nodes_by_width),
    "same_error": LabCase({**TINY_TEACHER, "students": 1, "train_size": 30}, drawn=errors_on_the_way),
    "memorization": LabCase(
        {"width": 4, "train_size": 20, "steps": 12},
        hot=("momentum", 0.5),
        drawn=curves("train", "train_accuracy"),
    ),
    "descent": LabCase({"train_size": 20, "steps": 12}, drawn=error_by_width),
    "firing": LabCase({"inputs": 200, "steps": 12}, drawn=pairs_by_bias),
    "independence": LabCase(TINY_TEACHER, drawn=dealt_out),
    "bottom_up": LabCase({"steps": 12}, drawn=unexplained_by_nodes),
    "biases": LabCase(
        {"width": 3, "train_size": 40, "batch_size": 16, "measure_every": 3, "steps": 12},
        hot=("learning_rate", 0.01),
        drawn=negative_shares,
    ),
    "layerwise": LabCase(
        {**TINY_TEACHER, "switch_at": 6},
        hot=("learning_rate", 0.03),
        drawn=curves("fvu", "fvu", 3),
    ),
}
