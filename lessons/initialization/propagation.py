"""Signal down and gradient up a deep random net, layer by layer."""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.experiment import Experiment, Measurement, Measurements, MeasurementsInParts
from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.parts import Parts, StepsInParts, whole
from lessons.core.settings import setting
from lessons.initialization.activations import LaneActivation
from lessons.initialization.draws import Layer
from lessons.initialization.histograms import BINS, histogram
from lessons.initialization.schemes import Initializer
from lessons.initialization.settings import SchemeSettings

INPUTS = 32


class PropagationSettings(SchemeSettings):
    """Settings of `Propagation`."""

    bias_deviation: float = setting(
        0.0,
        label="bias standard deviation",
        symbol="σ_b",
        doc="Standard deviation of the biases, which are Gaussian; 0 leaves them out.",
        low=0.0,
        high=10.0,
        slider=(0.0, 1.0),
        slider_step=0.01,
    )
    input_scale: float = setting(
        1.0,
        label="input scale",
        symbol="s",
        doc="Standard deviation of the inputs, which are Gaussian.",
        low=0.001,
        high=100.0,
        slider=(0.01, 10.0),
        scale="log",
    )
    residual: bool = setting(
        False,
        label="residual",
        doc="Each layer after the first adds 1/√L of its output to what came before: z ← z + (W φ(z) + b)/√L.",
    )
    depth: int = setting(
        50, label="layers", symbol="L", doc="Number of layers.", low=1, high=200, slider=(1, 100), shared=True
    )
    width: int = declared.width(
        default=256, symbol="n", doc="Units in each layer, and numbers in an input.", high=1024, slider=(8, 512)
    )
    steps: int = setting(
        20,
        label="further nets",
        doc="How many more nets are drawn; the wider they are, the nearer each of them is to the prediction.",
        low=1,
        high=1000,
        slider=(1, 100),
        shared=True,
    )
    seed: int = declared.seed(doc="Draws weights, biases, inputs and last gradients.")


class Propagation(Experiment[PropagationSettings]):
    """Forward and backward variances of random nets; step t is the t-th net, so step 0 alone shows one net.

    Each net has L layers z = W^T h + b, h = phi(z), of one width; in a residual net each layer but the first adds
    (W^T h + b) / sqrt(L) to the z before. N = `INPUTS` Gaussian inputs go through it, and Gaussian gradients of
    variance 1 come back from its last pre-activations. Measures, in float32:

    - `activation_square` (K, L + 1): mean over units and inputs of h^2; entry 0 is the input.
    - `activation_mean` (K, L + 1): mean of h. The variance is the square less this mean's square.
    - `gradient_square` (K, L): mean square gradient with respect to z of layers 1 to L; the last entry is 1 but for
      the sample of gradients.
    - `loss` (K,): mean square of the last layer over that of the input; 1 is a signal that is kept.

    What is beyond float32 is 0 or infinite here: squares below some 1e-45, or above 3e38.

    Snapshots, of the newest net: `activation_histogram` (K, L, B), the shares of activations in B equal bins of
    `histogram_range`, what lies outside in the first and the last.
    """

    name = "propagation"
    title = "Signal and gradient in a deep random net"
    settings_type = PropagationSettings
    references = (
        "Glorot & Bengio 2010, AISTATS (variances layer by layer)",
        "Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, arXiv 1606.05340 (forward)",
        "Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, arXiv 1611.01232 (backward)",
        "He, Zhang, Ren & Sun 2015, arXiv 1502.01852 (ReLU)",
        "Yang & Schoenholz 2017, arXiv 1712.08969 (residual nets)",
    )

    def run(self, lanes: Lanes[PropagationSettings], device: str = "cpu") -> Measurements:
        return StepsInParts(self._in_parts(lanes, device))

    def _in_parts(self, lanes: Lanes[PropagationSettings], device: str) -> MeasurementsInParts:
        initializer, activation = Initializer(lanes), LaneActivation(lanes.values("activation"))
        for step in range(lanes.shared.steps + 1):
            net = (yield from draw_net_in_parts(lanes, initializer, step)).to(device)
            forward = down(net, activation)
            yield None
            gradients = up(net, forward.slopes, last_gradients(lanes, step).to(device))
            squares, means = _moments(net.inputs, forward.activations)
            values = {
                "activation_square": squares,
                "activation_mean": means,
                "gradient_square": torch.stack([g.square().mean((1, 2)) for g in gradients], 1),
                "loss": squares[:, -1] / squares[:, 0],
            }
            drawing = partial(histogram, forward.activations, lanes.values("activation"), BINS)
            yield Measurement(
                step, values, snapshots={"activation_histogram": drawing}, failures=dict(initializer.failures)
            )


@dataclass(frozen=True)
class DrawnNet:
    """Random nets of K lanes: inputs (K, N, n), L weights (K, n, n) and biases (K, 1, n).

    And which of them are residual, (K,); None where none is.
    """

    inputs: Tensor
    weights: list[Tensor]
    biases: list[Tensor]
    residual: Tensor | None = None

    def to(self, device: str) -> DrawnNet:
        """Return the same on another device."""
        return DrawnNet(
            self.inputs.to(device),
            [w.to(device) for w in self.weights],
            [b.to(device) for b in self.biases],
            None if self.residual is None else self.residual.to(device),
        )

    def joined(self, before: Tensor, layer: Tensor) -> Tensor:
        """Return what the next layer gets, (K, N, n): in residual nets what was there before, and a share of the layer.

        The same holds on the way back.
        """
        if self.residual is None:
            return layer
        return torch.where(self.residual[:, None, None], before + layer / len(self.weights) ** 0.5, layer)


@dataclass(frozen=True)
class Forward:
    """The results of a forward pass: h and phi'(z) of layers 1 to L, each (K, N, n)."""

    activations: list[Tensor]
    slopes: list[Tensor]


def draw_net(lanes: Lanes[PropagationSettings], initializer: Initializer, number: int) -> DrawnNet:
    """Draw the nets with this number, and their inputs; lanes of one seed share the draws."""
    return whole(draw_net_in_parts(lanes, initializer, number))


def draw_net_in_parts(lanes: Lanes[PropagationSettings], initializer: Initializer, number: int) -> Parts[DrawnNet]:
    """Do what `draw_net` does, a part a layer."""
    inputs = normal_per_seed(lanes.seed, f"inputs of net {number}", INPUTS, lanes.shared.width)
    weights, biases = yield from draw_weights(lanes, initializer, number)
    return DrawnNet(lanes.input_scale.float()[:, None, None] * inputs, weights, biases, residual_or_none(lanes))


def are_residual(lanes: Lanes[PropagationSettings]) -> Tensor:
    """Return which lanes are residual nets, shape (K,)."""
    return torch.tensor(lanes.values("residual"))


def residual_or_none(lanes: Lanes[PropagationSettings]) -> Tensor | None:
    """Return `are_residual`, or None where no lane is."""
    return are_residual(lanes) if any(lanes.values("residual")) else None


def draw_weights(
    lanes: Lanes[PropagationSettings], initializer: Initializer, number: int
) -> Parts[tuple[list[Tensor], list[Tensor]]]:
    """Draw weights (K, n, n) and biases (K, 1, n) of each layer of the nets with this number, a part a layer."""
    depth, width = lanes.shared.depth, lanes.shared.width
    weights, biases = list[Tensor](), list[Tensor]()
    for layer in (Layer(i + 1, depth, width, width, number) for i in range(depth)):
        weights.append(initializer.weights(layer))
        biases.append(_biases(lanes, layer))
        yield
    return weights, biases


def _biases(lanes: Lanes, layer: Layer) -> Tensor:
    """Shape (K, 1, n); nothing is drawn where all of them are 0."""
    deviation = lanes.bias_deviation.float()[:, None, None]
    if not deviation.any():
        return deviation.expand(-1, 1, layer.fan_out)
    return deviation * normal_per_seed(lanes.seed, f"biases {layer.number} of net {layer.net}", 1, layer.fan_out)


def last_gradients(lanes: Lanes[PropagationSettings], number: int) -> Tensor:
    """Draw what comes back from the last pre-activations, shape (K, N, n)."""
    return normal_per_seed(lanes.seed, f"gradients of net {number}", INPUTS, lanes.shared.width)


def down(net: DrawnNet, activation: LaneActivation) -> Forward:
    """Send the inputs down."""
    hidden, activations, slopes = net.inputs, list[Tensor](), list[Tensor]()
    z = torch.empty(0)
    for number, (weight, bias) in enumerate(zip(net.weights, net.biases, strict=True)):
        layer = torch.baddbmm(bias, hidden, weight)
        z = net.joined(z, layer) if number else layer
        hidden = activation(z)
        activations.append(hidden)
        slopes.append(activation.slope(z, hidden))
    return Forward(activations, slopes)


def up(net: DrawnNet, slopes: list[Tensor], last: Tensor) -> list[Tensor]:
    """Send gradients up: dE/dz of layers 1 to L, each (K, N, n), from that of the last.

    delta_l = phi'(z_l) * (W_(l+1) delta_(l+1)), the chain rule of Rumelhart, Hinton & Williams 1986; in residual nets
    delta_(l+1) plus a share of that.
    """
    gradients = [last]
    for weight, slope in zip(net.weights[:0:-1], slopes[-2::-1], strict=True):
        gradients.append(net.joined(gradients[-1], slope * torch.bmm(gradients[-1], weight.transpose(1, 2))))
    return gradients[::-1]


def _moments(inputs: Tensor, activations: list[Tensor]) -> tuple[Tensor, Tensor]:
    each = [inputs, *activations]
    return torch.stack([h.square().mean((1, 2)) for h in each], 1), torch.stack([h.mean((1, 2)) for h in each], 1)
