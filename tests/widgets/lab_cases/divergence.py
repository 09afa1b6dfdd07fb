"""The labs of lesson 3."""

from lab_case import LabCase, Shown, cloud

from widgets.lab.lab import Lab

SMALL_NET = {"width": 2, "depth": 1, "train_size": 20, "steps": 6, "sharpness_every": 5}


def along_parabola(lab: Lab) -> list[Shown]:
    """Each lane's points lie on the parabola at its positions."""
    return [Shown(0, 1, lab.history["position"][:, 0].tolist(), lab.history["loss"][:, 0].tolist())]


def losses_at_the_end(lab: Lab) -> list[Shown]:
    """A sweep draws the last loss against the learning rate, with a gap where a lane has diverged."""
    loss = lab.history["loss"][-1].astype(float)
    shown = [None if end is not None else value for value, end in zip(loss, lab.stage.frame(0).ends, strict=True)]
    return [Shown(0, 0, lab.run.lanes.learning_rate.tolist(), shown)]


CASES = {
    "parabola": LabCase(hot=("ratio", 0.7), diverging=(4, "ratio"), drawn=along_parabola),
    "bowl": LabCase({"steps": 60}, hot=("learning_rate", 0.6), diverging=(1, "learning_rate")),
    "bowl_sweep": LabCase({"steps": 60}, drawn=losses_at_the_end),
    "net": LabCase(
        {"width": 4, "train_size": 20, "steps": 12},
        hot=("learning_rate", 0.03),
        diverging=(2, "learning_rate"),
    ),
    "net_sweep": LabCase(SMALL_NET, drawn=losses_at_the_end),
    "net_seeds": LabCase(SMALL_NET, drawn=cloud),
}
