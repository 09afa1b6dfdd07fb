"""The colours of lanes: each method has one of its own, the same in all labs and questions of all lessons."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import cast

from lessons.core.settings import Settings

# Each is seen on white and on the ground of the dark theme (contrast 3 and more, which leaves 16 steps of lightness).
# The first four are told apart by colour-blind eyes and in grey, where they are five steps of lightness apart, the
# first six by colour-blind eyes. Twelve that everybody tells apart there are not; names and readings say it again.
LANE_COLOURS = (
    "#587dff",  # blue
    "#d77f06",  # orange
    "#128a5d",  # green
    "#b13b99",  # plum
    "#ff1268",  # pink
    "#846730",  # brown
    "#756cc5",  # violet
    "#b54a4d",  # brick
    "#bd79c5",  # orchid
    "#da1609",  # red
    "#7c9f3d",  # olive
    "#e231ff",  # magenta
)


def _in_order(*choices: str, first: int = 0) -> dict[str, str]:
    return dict(zip(choices, LANE_COLOURS[first:], strict=False))


# Setting -> choice -> colour. What is often compared comes first.
METHODS: Mapping[str, Mapping[str, str]] = {
    "optimizer": _in_order(
        "gradient descent",
        "heavy ball",
        "Nesterov",
        "Adam",
        "Newton",
        "RMSProp",
        "moving average",
        "L-BFGS",
        "AdaGrad",
        "AdamW",
        "Quickprop",
        "your own",
    ),
    "schedule": {
        **_in_order(
            "constant",
            "step decay",
            "cosine",
            "one-cycle",
            "warm restarts",
            "warmup",
            "exponential",
            "warmup + cosine",
            "triangular",
            "divide when stuck",
            "drawn",
            "range test",
        ),
        "linear range test": LANE_COLOURS[9],  # a lab of range tests offers no other schedules
    },
    "normalization": {
        **_in_order("none", "batch", "layer", "deconvolution", "group", "RMS", "spectral", "weight", "instance"),
        "batch norm": LANE_COLOURS[1],
    },
    "inputs": _in_order("raw", "standardised", "whitened", "deconvolved", "centred"),
    "scheme": {
        **_in_order(
            "Xavier",
            "normal",
            "LeCun",
            "orthogonal",
            "Kaiming fan-in",
            "Kaiming fan-out",
            "zeros",
            "constant",
            "uniform",
            "signs",
            "Cauchy",
        ),
        "your own": LANE_COLOURS[11],
    },
    # Some labs compare schemes in one preset and activations in the next.
    "activation": _in_order("tanh", "linear", "logistic", "relu", "leaky relu", "gelu", first=5),
    "gradient": _in_order("constant", "alternating", first=2),
    "method": {
        **_in_order("squared error", "logistic", "MLP", "hinge", "squared error of a sigmoid", "perceptron"),
        **_in_order("end to end", "greedy", "random first layer"),
    },
}


def colour_of(method: str, choice: str) -> str:
    """Return the colour of a method: the setting that says it, and which it is.

    Raises:
        KeyError: If there is no such method.
    """
    return METHODS[method][choice]


def method_of(lanes: Sequence[Settings], methods: Iterable[str]) -> str:
    """Name the setting that says which method a lane is: the first in which the lanes differ, or the first that they
    have; empty if they have none of them."""
    had = [method for method in methods if method in type(lanes[0]).model_fields]
    differing = (method for method in had if len({getattr(lane, method) for lane in lanes}) > 1)
    return next(differing, had[0] if had else "")


def colours_of(lanes: Sequence[Settings], methods: Iterable[str] = ("optimizer",)) -> list[str]:
    """Return a colour for each lane, all different.

    The first lane of a method has the method's own; further ones have others, that of their place if it is free.

    Args:
        lanes: At most as many as there are colours.
        methods: The settings that may say which method a lane is, see `method_of`.
    """
    method = method_of(lanes, methods)
    own = [METHODS.get(method, {}).get(getattr(lane, method, "")) for lane in lanes]
    colours = [colour if colour not in own[:place] else None for place, colour in enumerate(own)]
    for place, colour in enumerate(colours):
        if colour is None:
            colours[place] = free_colour([*own, *colours], place)
    return cast(list[str], colours)


def free_colour(taken: Iterable[str | None], place: int = 0) -> str:
    """Return the first colour from a place in the palette on, and then from its start, that is not taken."""
    taken = set(taken)
    return next(colour for colour in (LANE_COLOURS[place], *LANE_COLOURS) if colour not in taken)
