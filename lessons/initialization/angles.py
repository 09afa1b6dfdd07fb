"""Two inputs on their way through a deep random net: does the angle between them close or open?"""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.experiment import Experiment, Measurement, Measurements, MeasurementsInParts
from lessons.core.generators import normal_per_seed
from lessons.core.lanes import Lanes
from lessons.core.parts import StepsInParts
from lessons.core.settings import setting
from lessons.initialization.activations import LaneActivation
from lessons.initialization.propagation import DrawnNet, PropagationSettings, down, draw_weights, residual_or_none
from lessons.initialization.schemes import Initializer

TINIEST = 1e-300  # a length that is taken for one; below, squares are 0


class AngleSettings(PropagationSettings):
    """Settings of `Angles`."""

    angle: float = setting(
        60.0,
        label="angle between the inputs",
        symbol="α",
        unit="°",
        doc="Between the two inputs, which have the same length.",
        low=0.001,
        high=180.0,
        slider=(0.01, 180.0),
        scale="log",
    )


class Angles(Experiment[AngleSettings]):
    """The angle between what two inputs of one length make of each layer of a random net; step t is the t-th net.

    Measures, in float64: `angle` (K, L + 1), in degrees, between the two activations of a layer; entry 0 is between the
    inputs, and two that are 0 are alike. And `loss` (K,): the squared distance of the two after the last layer, over
    that of the inputs.
    """

    name = "angles"
    title = "The angle between two inputs"
    settings_type = AngleSettings
    references = (
        "Poole, Lahiri, Raghu, Sohl-Dickstein & Ganguli 2016, arXiv 1606.05340 (order and chaos)",
        "Schoenholz, Gilmer, Ganguli & Sohl-Dickstein 2017, arXiv 1611.01232 (how deep a signal gets)",
        "Yang & Schoenholz 2017, arXiv 1712.08969 (residual nets)",
        "Cho & Saul 2009, NeurIPS 22 (ReLU)",
    )

    def run(self, lanes: Lanes[AngleSettings], device: str = "cpu") -> Measurements:
        return StepsInParts(self._in_parts(lanes, device))

    def _in_parts(self, lanes: Lanes[AngleSettings], device: str) -> MeasurementsInParts:
        initializer, activation = Initializer(lanes), LaneActivation(lanes.values("activation"))
        for step in range(lanes.shared.steps + 1):
            pair = draw_pair(lanes, step)
            weights, biases = yield from draw_weights(lanes, initializer, step)
            net = DrawnNet(pair, [w.double() for w in weights], [b.double() for b in biases], residual_or_none(lanes))
            net = net.to(device)
            layers = [net.inputs, *down(net, activation).activations]
            distance = [(each[:, 0] - each[:, 1]).square().sum(1) for each in (layers[0], layers[-1])]
            values = {
                "angle": torch.stack([angle(each[:, 0], each[:, 1]) for each in layers], 1),
                "loss": distance[1] / distance[0],
            }
            yield Measurement(step, values, failures=dict(initializer.failures))


def draw_pair(lanes: Lanes[AngleSettings], number: int) -> Tensor:
    """Draw two inputs with mean square s^2 and the angle of the settings between them, float64, shape (K, 2, n)."""
    width = lanes.shared.width
    first, other = normal_per_seed(lanes.seed, f"pair of net {number}", 2, width).double().unbind(1)
    first = first / first.norm(dim=1, keepdim=True)
    other = other - (other * first).sum(1, keepdim=True) * first  # at a right angle
    other = other / other.norm(dim=1, keepdim=True)
    alpha = torch.deg2rad(lanes.angle)[:, None]
    second = torch.cos(alpha) * first + torch.sin(alpha) * other
    return width**0.5 * lanes.input_scale[:, None, None] * torch.stack([first, second], 1)


def angle(first: Tensor, second: Tensor) -> Tensor:
    """Return the angle between vectors in degrees, exact for small ones, too, where the arc cosine is not.

    Args:
        first: Shape (K, n).
        second: The same.

    Returns:
        Shape (K,): 0 where both are 0, and 90 where one of them is. Source: W. Kahan, "How Futile are Mindless
        Assessments of Roundoff in Floating-Point Computation?", 2006, section 12.
    """
    a, b = (torch.nn.functional.normalize(each, dim=1, eps=TINIEST) for each in (first, second))
    return torch.rad2deg(2 * torch.atan2((a - b).norm(dim=1), (a + b).norm(dim=1)))
