"""Initialization schemes: how the weights of a layer are drawn."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor

from lessons.core.lanes import OWN, Lanes, lanes_of_each
from lessons.initialization.draws import Draw, Layer, cauchy, ones, orthogonal, signs, standard_normal, uniform
from lessons.initialization.own_scheme import OwnScheme

SchemeName = Literal[
    "zeros",
    "constant",
    "normal",
    "LeCun",
    "Xavier",
    "Kaiming fan-in",
    "Kaiming fan-out",
    "orthogonal",
    "uniform",
    "signs",
    "Cauchy",
    "your own",
]


@dataclass(frozen=True)
class SchemeNumbers:
    """The numbers that schemes may be set by, for K lanes, each of shape (K,)."""

    gain: Tensor
    deviation: Tensor
    constant: Tensor

    @classmethod
    def of(cls, lanes: Lanes) -> SchemeNumbers:
        """Read them."""
        return cls(lanes.gain, lanes.deviation, lanes.constant)

    def rows(self, lanes: Tensor | slice) -> SchemeNumbers:
        """Return the numbers of some lanes."""
        return SchemeNumbers(self.gain[lanes], self.deviation[lanes], self.constant[lanes])


@dataclass(frozen=True)
class Scheme:
    """Weights = scale times a draw.

    Attributes:
        equation: In LaTeX, with n_in and n_out for the fans.
        reference: Where it is from.
        uses: Names of the settings that matter.
        draw: The random matrix.
        scale: Function of the numbers, fan_in and fan_out; shape (K,).
    """

    equation: str
    reference: str
    uses: tuple[str, ...]
    draw: Draw
    scale: Callable[[SchemeNumbers, int, int], Tensor]


SCHEMES: dict[str, Scheme] = {
    "zeros": Scheme(
        r"W = 0",
        "Rumelhart, Hinton & Williams 1986, Nature 323, on breaking symmetry",
        (),
        ones,
        lambda n, fan_in, fan_out: torch.zeros_like(n.gain),
    ),
    "constant": Scheme(
        r"W_{ij} = c",
        "Rumelhart, Hinton & Williams 1986, Nature 323, on breaking symmetry",
        ("constant",),
        ones,
        lambda n, fan_in, fan_out: n.constant,
    ),
    "normal": Scheme(
        r"W_{ij} \sim N(0, \sigma^2)",
        "Krizhevsky, Sutskever & Hinton 2012, NeurIPS 25, section 5, with σ = 0.01",
        ("deviation",),
        standard_normal,
        lambda n, fan_in, fan_out: n.deviation,
    ),
    "LeCun": Scheme(
        r"W_{ij} \sim N(0, g^2 / n_\text{in})",
        'LeCun, Bottou, Orr & Müller 1998, "Efficient BackProp", section 4.6',
        ("gain",),
        standard_normal,
        lambda n, fan_in, fan_out: n.gain / math.sqrt(fan_in),
    ),
    "Xavier": Scheme(
        r"W_{ij} \sim N(0, 2 g^2 / (n_\text{in} + n_\text{out}))",
        "Glorot & Bengio 2010, AISTATS, eq. 12",
        ("gain",),
        standard_normal,
        lambda n, fan_in, fan_out: n.gain * math.sqrt(2 / (fan_in + fan_out)),
    ),
    "Kaiming fan-in": Scheme(
        r"W_{ij} \sim N(0, 2 / n_\text{in})",
        "He, Zhang, Ren & Sun 2015, arXiv 1502.01852, eq. 10",
        (),
        standard_normal,
        lambda n, fan_in, fan_out: torch.full_like(n.gain, math.sqrt(2 / fan_in)),
    ),
    "Kaiming fan-out": Scheme(
        r"W_{ij} \sim N(0, 2 / n_\text{out})",
        "He, Zhang, Ren & Sun 2015, arXiv 1502.01852, eq. 14",
        (),
        standard_normal,
        lambda n, fan_in, fan_out: torch.full_like(n.gain, math.sqrt(2 / fan_out)),
    ),
    "orthogonal": Scheme(
        r"W = g\,Q,\quad Q^\top Q = I",
        "Saxe, McClelland & Ganguli 2014, arXiv 1312.6120",
        ("gain",),
        orthogonal,
        lambda n, fan_in, fan_out: n.gain,
    ),
    "uniform": Scheme(
        r"W_{ij} \sim U(-g\sqrt{3 / n_\text{in}},\; g\sqrt{3 / n_\text{in}})",
        "Glorot & Bengio 2010, AISTATS, eq. 1, with g = 1/√3, which is also what torch.nn.Linear does",
        ("gain",),
        uniform,
        lambda n, fan_in, fan_out: n.gain / math.sqrt(fan_in),
    ),
    "signs": Scheme(
        r"W_{ij} = \pm g / \sqrt{n_\text{in}}",
        "Courbariaux, Bengio & David 2015, arXiv 1511.00363, on weights of two values",
        ("gain",),
        signs,
        lambda n, fan_in, fan_out: n.gain / math.sqrt(fan_in),
    ),
    "Cauchy": Scheme(
        r"W_{ij} \sim \text{Cauchy}(0, g / \sqrt{n_\text{in}})",
        "Favaro, Fortini & Peluchetti 2020, arXiv 2003.00394, on weights without a variance",
        ("gain",),
        cauchy,
        lambda n, fan_in, fan_out: n.gain / math.sqrt(fan_in),
    ),
}
NO_VARIANCE = ("constant", "Cauchy")  # of which theory says nothing: no random draw, or one without a variance


class Initializer:
    """Draws the weights of all lanes, each by its scheme; lanes of one seed share their draws.

    Args:
        lanes: With the fields of `SchemeSettings` and `seed`.
    """

    def __init__(self, lanes: Lanes):
        self._seeds, self._numbers = lanes.seed, SchemeNumbers.of(lanes)
        names = lanes.values("scheme")
        self._schemes = lanes_of_each(names)
        draws: list[Draw | str] = [SCHEMES[name].draw if name in SCHEMES else OWN for name in names]
        self._draws = lanes_of_each(draws)
        self._own = OwnScheme(lanes.own)

    @property
    def failures(self) -> dict[int, str]:
        """Lanes whose own function has failed -> why, in one sentence."""
        return self._own.failures

    def weights(self, layer: Layer) -> Tensor:
        """Return a layer's weights, float32, shape (K, fan_in, fan_out); NaN where a learner's function failed."""
        scale = self._scale(layer)
        if len(self._draws) == 1:
            (draw,) = self._draws
            return self._drawn(draw, slice(None), scale, layer)
        weights = torch.empty(len(self._seeds), layer.fan_in, layer.fan_out)
        for draw, lanes in self._draws.items():
            weights[lanes] = self._drawn(draw, lanes, scale[lanes], layer)
        return weights

    def _scale(self, layer: Layer) -> Tensor:
        """Return what each lane multiplies its draw by, shape (K, 1, 1); 1 for a learner's own."""
        scale = torch.ones(len(self._seeds), 1, 1)
        for name, lanes in self._schemes.items():
            if name != OWN:
                each = SCHEMES[name].scale(self._numbers.rows(lanes), layer.fan_in, layer.fan_out)
                scale[lanes] = each.float()[:, None, None]
        return scale

    def _drawn(self, draw: Draw | str, lanes: Tensor | slice, scale: Tensor, layer: Layer) -> Tensor:
        if isinstance(draw, str):
            numbers = torch.arange(len(self._seeds))[lanes].tolist()
            return self._own.weights(numbers, self._seeds[lanes], layer)
        return scale * draw(self._seeds[lanes], layer)
