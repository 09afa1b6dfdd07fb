"""Weights that are not normal: does anything but their variance count?"""

from __future__ import annotations

from widgets.labs.initialization import goals
from widgets.labs.initialization.variance import VarianceView
from widgets.view.controls import Preset

NAMES = ("normal (LeCun)", "signs", "uniform", "Cauchy")
SCHEMES = ("LeCun", "signs", "uniform", "Cauchy")


class DistributionsView(VarianceView):
    """The variance lab, with schemes that differ in the distribution of their weights alone."""

    name = "distributions"
    title = "Four kinds of random weights"
    goals = own_goals = goals.DISTRIBUTIONS  # of its schemes, beside which a learner's own may stand
    presets = (
        Preset(
            "four distributions",
            "Normal numbers, coin flips and uniform numbers of one variance, and Cauchy numbers, which have none. "
            "Whose curves will differ?",
            tuple({"scheme": scheme} for scheme in SCHEMES),
            NAMES,
        ),
        Preset(
            "with ReLU",
            "The same with ReLU and a gain of √2: Cauchy's weights overflow float32 within a few layers.",
            tuple(  # holds: l4_cauchy_overflows
                {"scheme": scheme, "activation": "relu", "gain": 1.4142} for scheme in SCHEMES
            ),
            NAMES,
        ),
        Preset(
            "PyTorch's default",
            "nn.Linear draws uniform weights with g² = 1/3. Forward and backward, each layer keeps about a third.",
            ({"scheme": "uniform", "gain": 0.5774}, {"scheme": "uniform"}),  # holds: l4_pytorchs_default_keeps_a_third
            ("PyTorch's default", "uniform, g = 1"),
            says=("scheme", "gain"),
        ),
    )
