"""The net: its sharpness rises to 2 / eta and stays there."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from lessons.core.doctor import Vitals
from lessons.core.rules.stability import limit_factor
from lessons.divergence.net import Net
from lessons.divergence.settings import NetSettings
from widgets.controls import Preset, Reading
from widgets.frame import Frame
from widgets.plots import line, plot
from widgets.sharpness_gauge import SharpnessGauge
from widgets.view import LabView

GAUGE = SharpnessGauge()
CATAPULT = {"activation": "relu", "depth": 1, "width": 128, "init_scale": 1.0, "steps": 40, "sharpness_every": 1}


class NetView(LabView[NetSettings]):
    """Loss, sharpness against 2/eta, and whether the updates zigzag, live."""

    name = "net"
    title = "A net on the digits"
    experiment = Net()
    shown = ("learning_rate", "optimizer", "momentum", "init_scale", "seed")
    more = ("activation", "width", "depth", "loss", "train_size", "sharpness_every", "steps")
    rate_field = "learning_rate"
    step_figures = ("loss", "sharpness", "zigzag")
    presets = (
        Preset(
            "edge of stability",
            # given
            "The dashed lines are the limits 2/η. Will the sharpness cross them, and what will the loss do then?",
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
            "With the heavy ball the line is 2(1+β)/η: at the same η the net becomes sharper.",
            (
                {"learning_rate": 0.2},
                {"learning_rate": 0.2, "optimizer": "heavy ball", "momentum": 0.5},
            ),
            ("gradient descent", "heavy ball, β = 0.5"),
        ),
    )

    def figures(self, names: Sequence[str], colours: Sequence[str]) -> dict[str, go.Figure]:
        pairs = list(zip(names, colours, strict=True))
        return {
            "loss": plot(
                "net-loss",
                "Training loss",
                "step",
                "loss",
                [line(n, c) for n, c in pairs],
                yaxis_type="log",
                yaxis_tickformat="~g",
                yaxis_dtick="D2",
                showlegend=len(names) > 1,
            ),
            "sharpness": GAUGE.figure("net-sharpness", names, colours),
            "zigzag": plot(
                "net-zigzag",
                "Zigzag: cosine between each update and the one before",
                "step",
                "cosine",
                [line(n, c, line={"width": 1}) for n, c in pairs],
                yaxis_range=[-1.05, 1.05],
            ),
        }

    def begin(self, frame: Frame) -> None:
        GAUGE.begin(frame)
        for figure in self.step_figures:
            frame.screen.relayout(figure, {"xaxis.range": [0, frame.lanes.shared.steps]})

    def draw(self, frame: Frame) -> None:
        GAUGE.draw(frame)
        for lane in range(len(frame.lanes)):
            frame.curve("loss", lane, lane, "loss")
            frame.curve("zigzag", lane, lane, "update_cosine")

    def readings(self, frame: Frame) -> list[Reading]:
        lines = []
        for lane in range(len(frame.lanes)):
            row, rate = frame.last(lane), float(frame.lanes.learning_rate[lane])
            lines += [
                GAUGE.reading(frame, lane, rate),
                Reading(lane, "training loss", float(frame.history["loss"][row, lane])),
                Reading(lane, "test accuracy", float(frame.history["test_accuracy"][row, lane])),
            ]
        return lines

    def vitals(self, frame: Frame[NetSettings], lane: int) -> Vitals:
        along = frame.history["along_top"][:, lane] * frame.history["update_norm"][:, lane]
        along[np.arange(len(along)) % frame.lanes.shared.sharpness_every != 0] = np.nan  # held, not measured
        return Vitals(
            loss=frame.history["loss"][:, lane],
            sharpness=frame.history["sharpness"][:, lane],
            components=along[:, None],
            directions=("update along the top eigenvector",),
            learning_rate=float(frame.lanes.learning_rate[lane]),
            limit_factor=limit_factor(frame.lanes, lane),
        )
