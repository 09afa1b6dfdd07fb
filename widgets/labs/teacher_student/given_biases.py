"""The biases of a large net whose weights are given to the lessons; without them, how to give them."""

from __future__ import annotations

from html import escape
from pathlib import Path

import ipywidgets as ipw
from torch import Tensor

from lessons.teacher_student.coactivation import saved_biases
from lessons.teacher_student.given_weights import VARIABLE, given_weights
from widgets.figure.colours import LANE_COLOURS
from widgets.page.said import said

NONE_GIVEN = (
    "No file of weights is given here: put one, such as the <code>vgg16_bn-6c64b313.pth</code> that torchvision keeps "
    "in <code>~/.cache/torch/hub/checkpoints</code> once you have used that net, beside the notebooks of the lessons, "
    f"or name it in the environment variable <code>{VARIABLE}</code>, and restart the lessons."
)


def given_biases(folder: str) -> ipw.HTML:
    """Show the share of negative biases in each batch normalization of the net whose weights are given.

    See `lessons.teacher_student.given_weights` for which file that is. Without one, or with one that cannot be read, a
    sentence says so. It is HTML and no live figure: so it is the same on a page without a kernel.

    Args:
        folder: That of the notebooks.
    """
    path = given_weights(Path(folder))
    if path is None:
        return said(f"<p>{NONE_GIVEN}</p>")
    try:
        return said(_table(path.name, saved_biases(path)))
    except ValueError as error:
        return said(f"<p>{escape(str(error))}</p>")


def _table(name: str, layers: dict[str, Tensor]) -> str:
    every = sum(len(bias) for bias in layers.values())
    negative = sum(int((bias < 0).sum()) for bias in layers.values())
    title = f"{escape(name)}: {negative} of {every} biases of batch normalization are negative ({negative / every:.0%})"
    titles = ("layer", "channels", "negative", "mean", "")
    head = "".join(f"<th scope='col'>{each}</th>" for each in titles)
    rows = "".join(_row(layer, bias) for layer, bias in layers.items())
    table = f"<table><caption>{title}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f"<div class='tdl-values' tabindex='0' role='region' aria-label='Biases that were given'>{table}</div>"


def _row(layer: str, bias: Tensor) -> str:
    share = float((bias < 0).double().mean())
    bar = (
        f"<span style='display:inline-block;height:0.7em;width:{8 * share:.2f}em;background:{LANE_COLOURS[0]}'></span>"
    )
    mean = f"{float(bias.mean()):.3f}".replace("-", "−")
    return (
        f"<tr><th scope='row'>{escape(layer)}</th><td>{len(bias)}</td><td>{share:.0%}</td><td>{mean}</td>"
        f"<td aria-hidden='true' style='min-width:8em'>{bar}</td></tr>"
    )
