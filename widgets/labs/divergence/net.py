"""The net: its sharpness rises to 2 / eta and stays there."""

from __future__ import annotations

from lessons.core.doctor import Vitals
from lessons.core.record import Change
from lessons.core.rules.own import OWN_CALL
from lessons.core.rules.stability import limit_factor
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from widgets.figure.frame import Frame
from widgets.labs.divergence import goals
from widgets.view.controls import Preset, Reading
from widgets.view.lines import Line
from widgets.view.panels import Now, OverSteps
from widgets.view.sharpness_gauge import sharpness_panel, sharpness_readings
from widgets.view.view import LabView

CATAPULT = {"activation": "relu", "depth": 1, "width": 128, "init_scale": 1.0, "steps": 40, "sharpness_every": 1}


class NetView(LabView[NetSettings]):
    """Loss, sharpness against 2/eta, and whether the updates zigzag, live."""

    name = "net"
    title = "A net on the digits"
    experiment = Net()
    own_call = OWN_CALL
    shown = ("learning_rate", "init_scale", "optimizer")
    more = ("momentum", "seed", "activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
    rate_field = "learning_rate"
    step_figures = ("loss", "sharpness", "zigzag")
    goals = goals.NET
    presets = (
        Preset(
            "edge of stability",
            # given
            "The dotted lines are the limits 2/η. Will the sharpness cross them, and what will the loss do then?",
            ({"learning_rate": 0.1}, {"learning_rate": 0.15}, {"learning_rate": 0.2}),
            ("η = 0.1", "η = 0.15", "η = 0.2"),
        ),
        Preset(
            "catapult",
            # holds: l3_catapult
            "One ReLU net at ½ to 8 times its limit: above it the loss shoots up, and the net lands where it is "
            "flatter and learns. At 8 times most of its units fall silent for good.",
            tuple({**CATAPULT, "learning_rate": rate} for rate in (0.0142, 0.0512, 0.114, 0.228)),
            ("half the limit", "1.8 times", "4 times", "8 times"),
            speed=10.0,
            says=("learning_rate", "optimizer", "activation", "depth", "width", "init_scale", "seed", "train_size"),
        ),
        Preset(
            "too far",
            # holds: l3_too_far
            "A tanh net at 4 times its limit: it diverges, and the doctor says why. At η = 0.15 it survives.",
            ({"init_scale": 1.0, "learning_rate": 0.25, "steps": 100},),
        ),
        Preset(
            "momentum moves the limit",
            # holds: l3_net_momentum
            "With heavy ball the line is 2(1+β)/η: at the same η the net becomes sharper.",
            (
                {"learning_rate": 0.2},
                {"learning_rate": 0.2, "optimizer": "heavy ball", "momentum": 0.5},
            ),
            ("gradient descent", "heavy ball, β = 0.5"),
        ),
        Preset(
            "move the line",
            # given
            "η = 0.2; at step 500 it rises to 0.3 by itself, and 2/η falls from 10 to 6.7. What will the sharpness do, "
            "and how soon?",
            ({"learning_rate": 0.2, "steps": 700},),
            changes=(Change(step=500, lane=0, field="learning_rate", value=0.3),),
        ),
        Preset(
            "Adam's edge",
            # given
            "Adam and RMSProp divide each gradient by a scale of its own. Divided in the same way the sharpness has a "
            "limit, too: 38/η for Adam with β₁ = 0.9, 2/η for RMSProp. Will it be kept?",
            (
                {"optimizer": "Adam", "learning_rate": 0.005, "steps": 600},
                {"optimizer": "Adam", "learning_rate": 0.01, "steps": 600},
                {"optimizer": "RMSProp", "learning_rate": 0.001, "steps": 600},
            ),
            ("Adam, η = 0.005", "Adam, η = 0.01", "RMSProp, η = 0.001"),
        ),
    )

    panels = {
        "loss": OverSteps(
            "Training loss over the run",
            "loss",
            Line("loss"),
            legend=True,
            yaxis_type="log",
            yaxis_tickformat="~g",
            yaxis_dtick="D2",
        ),
        "sharpness": sharpness_panel(),
        "zigzag": OverSteps(
            "Zigzag: cosine between each update and the one before",
            "cosine",
            Line("update_cosine", line={"width": 1}),
            yaxis_range=[-1.05, 1.05],
        ),
    }
    table = (Now("training loss", "loss"), Now("test accuracy", "test_accuracy"))

    def readings(self, frame: Frame[NetSettings]) -> list[Reading]:
        tops = [line for lane in range(len(frame.lanes)) for line in sharpness_readings(frame, lane)]
        return tops + super().readings(frame)

    def vitals(self, frame: Frame[NetSettings], lane: int) -> Vitals:
        along = frame.history["along_top"][:, lane] * frame.history["update_norm"][:, lane]
        return Vitals(
            loss=frame.history["loss"][:, lane],
            sharpness=frame.history["sharpness"][:, lane],
            components=along[:, None],
            directions=("update along the top eigenvector",),
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )
