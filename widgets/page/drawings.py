"""The drawing at the head of a lesson: dragged, it answers at once, for all of it is computed in the browser."""

from __future__ import annotations

from typing import Any

from widgets.browser.browser_module import FOLDER, bundled
from widgets.browser.one_way import OneWayWidget

# What each shows, for where nothing runs.
DRAWINGS = {
    "momentum": "How fast heavy ball converges, over learning rate and momentum, and the error step by step.",
    "scale": "What a factor on weights before a normalization does to outputs, gradient and effective learning rate.",
    "limit": "Ten steps of gradient descent on a parabola, and the curvature 2/η that decides where they go.",
    "norm": "Gradient step and weight decay as two forces on the weights' norm, and where both balance.",
    "nodes": "Three student nodes in the plane of their weights, and where gradient flow takes them.",
    "schedule": "A schedule bent by hand: the distance that is still to go, and the noise that was kept.",
    "circle": "A circle of inputs in three wide random nets, and the angle between two of them, layer by layer.",
}


class Drawing(OneWayWidget):
    """A drawing of `DRAWINGS`: `drawing_<name>.js`, which asks nothing of the kernel.

    Attributes:
        drawing: Its name.
    """

    _css = FOLDER / "drawing.css"

    def __init__(self, name: str, **state: Any):
        self.drawing = name
        self._esm = bundled(f"drawing_{name}.js")
        super().__init__(**state)

    def __repr__(self) -> str:
        return f"A drawing to drag: {DRAWINGS[self.drawing]}"


def drawing(name: str) -> Drawing:
    """Show the drawing of this name.

    Raises:
        ValueError: If there is none.
    """
    if name not in DRAWINGS:
        raise ValueError(f"There is no drawing '{name}'; there are: {', '.join(DRAWINGS)}.")
    return Drawing(name)
