"""Biases of a file that a person gives: drawn, or a sentence about what is wrong with it."""

import base64

import ipywidgets as ipw
import numpy as np
import pytest
import torch
from torch import nn

from widgets.figure.live_figure import LiveFigure
from widgets.labs.teacher_student import biases_in


@pytest.mark.claim(51)
def test_biases_of_a_file_are_drawn_layer_by_layer(tmp_path) -> None:
    net = nn.Sequential(nn.Conv2d(1, 4, 3), nn.BatchNorm2d(4), nn.ReLU(), nn.Conv2d(4, 8, 3), nn.BatchNorm2d(8))
    for module, bias in ((net[1], [-1.0, -1.0, -1.0, 2.0]), (net[4], [-0.5] * 8)):
        module.bias.data = torch.tensor(bias)
    torch.save(net.state_dict(), tmp_path / "net.pth")
    figure = biases_in(str(tmp_path / "net.pth"))
    assert isinstance(figure, LiveFigure)
    layers, every = (drawn["data"][0]["y"] for drawn in figure.figures_now())
    assert layers == [0.75, 1.0]
    counts = np.frombuffer(base64.b64decode(every["bdata"]), every["dtype"])
    assert counts.sum() == 12


@pytest.mark.parametrize("content", [None, b"hello <b>", b""])
def test_a_file_that_is_none_gets_a_sentence(tmp_path, content) -> None:
    path = tmp_path / "<i>weights.pth"
    if content is not None:
        path.write_bytes(content)
    shown = biases_in(str(path))
    assert isinstance(shown, ipw.HTML)
    assert "could not be read" in shown.value
    assert "<i>" not in shown.value
