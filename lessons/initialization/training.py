"""Deep nets on the digits that differ in how they begin."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar

import torch
from torch import Tensor

from lessons.core.backpropagation import DenseLoss
from lessons.core.curvature.hessian_spectrum import Spectra
from lessons.core.curvature.sharpness_gauge import SharpnessGauges
from lessons.core.data.digits import Split, digits_split
from lessons.core.lanes import Lanes
from lessons.core.losses import LOSSES, accuracy
from lessons.core.network import DenseNetwork
from lessons.core.other_seeds import WithOtherSeeds
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import LongTraining, State
from lessons.initialization.activations import LaneActivation
from lessons.initialization.draws import Layer
from lessons.initialization.histograms import BINS, histogram
from lessons.initialization.isometry import IMAGES, directions_kept
from lessons.initialization.schemes import Initializer
from lessons.initialization.scripts import training_script
from lessons.initialization.symmetry import distinct_units
from lessons.initialization.training_settings import DeepNetSettings


@dataclass
class DeepNetState(State):
    """State of the trainings.

    Attributes:
        theta: Parameters, shape (K, P).
        first_theta: Parameters at step 0, shape (K, P).
        spectrum_theta: Where the spectrum is taken, shape (K, P).
        optimizer: With what it remembers.
        gauges: Of the sharpness.
        failures: Lanes whose own scheme failed -> one sentence.
        gradient: At theta, shape (K, P), once measured.
    """

    theta: Tensor
    first_theta: Tensor
    spectrum_theta: Tensor
    optimizer: LaneOptimizer
    gauges: SharpnessGauges
    failures: dict[int, str]
    gradient: Tensor = field(init=False)


class DeepNetTraining(LongTraining[DeepNetState, DeepNetSettings]):
    """Full batch, from weights that each lane's scheme draws."""

    def __init__(self, lanes: Lanes[DeepNetSettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.network, self.data = deep_network(lanes), digits_split(lanes.shared.train_size).to(device)
        self.loss = training_loss(lanes, self.data)
        self.spectra = Spectra(self.loss.hessian_at, lanes.seed)

    def start(self) -> DeepNetState:
        initializer = Initializer(self.lanes)
        theta = initial_parameters(self.network.sizes, initializer).to(self.device)
        return DeepNetState(
            theta=theta,
            first_theta=theta,
            spectrum_theta=theta,
            optimizer=LaneOptimizer.of(self.lanes),
            gauges=SharpnessGauges(self.lanes.seed, self.network.parameter_count, self.device),
            failures=dict(initializer.failures),
        )

    def measure_in_parts(self, now: DeepNetState) -> Parts[dict[str, Tensor]]:
        loss, now.gradient = self.loss.loss_and_gradient(now.theta)
        shape, values = self.lanes.shared, {"loss": loss}
        if shape.follow_sharpness and now.step % shape.sharpness_every == 0:
            yield
            by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(self.lanes, now.theta))
            read = yield from now.gauges.read_in_parts(self.loss.hessian_at(now.theta), by)
            values |= read.measured
        if now.step % shape.measure_every == 0:
            values |= _readings(self.network, self.data, now.theta, now.gradient)
        if now.step and now.step % shape.spectrum_every == 0:
            now.spectrum_theta = now.theta
        return values

    def advance(self, now: DeepNetState) -> None:
        now.theta = now.theta + now.optimizer.update(now.gradient, Hyperparameters.of(self.lanes, now.theta))

    def snapshots(self, now: DeepNetState) -> dict[str, Callable[[], Tensor]]:
        return {
            "activation_histogram": partial(_histogram, self.lanes, self.data.train_inputs, now.theta),
            "spectrum": self.spectra.at(now.spectrum_theta),
            "first_spectrum": self.spectra.at(now.first_theta),
        }

    def failures(self, now: DeepNetState) -> Mapping[int, str]:
        return now.failures


class DeepNet(WithOtherSeeds[DeepNetSettings]):
    """Full-batch training of a deep net on the 8x8 digits; lanes may differ in scheme and in activation.

    Lanes of one seed scale the same draws; biases start at 0. Measures, in float32: at each step `loss` (K,); at every
    `measure_every`-th step `test_accuracy` (K,), `gradient_norm` (K, depth + 1), the Euclidean norm
    of the loss gradient with respect to each layer's weights, from the input on, `distinct_units` (K, depth), how many
    units of each hidden layer differ in what they compute, and `directions_kept` (K,), how many directions get through
    the hidden layers (see `isometry`); and, if `follow_sharpness`, `sharpness` (K,), the
    largest Hessian eigenvalue, at every `sharpness_every`-th step.

    Snapshots: `activation_histogram` (K, depth, B) on the training images (see `histograms`), and `spectrum`
    (K, 2, R * M), values and weights of Ritz points that stand for the density of Hessian eigenvalues (see `spectrum`),
    as of the last step that `spectrum_every` divides; `first_spectrum` is the same as of step 0.
    """

    name = "deep net"
    title = "A deep net, from its first weights on"
    settings_type = DeepNetSettings
    references = (
        "Glorot & Bengio 2010, AISTATS",
        "He, Zhang, Ren & Sun 2015, arXiv 1502.01852",
        "Saxe, McClelland & Ganguli 2014, arXiv 1312.6120",
        "Pennington, Schoenholz & Ganguli 2017, arXiv 1711.04735 (isometry)",
        "Ghorbani, Krishnan & Xiao 2019, arXiv 1901.10159 (Hessian spectrum)",
        "Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv 2103.00065 (sharpness in training)",
    )
    training = DeepNetTraining
    behind = ("loss", "test_accuracy")
    spared: ClassVar = {"follow_sharpness": False}

    def script(self, settings: DeepNetSettings, changes: Sequence[Change] = ()) -> str | None:
        return training_script(settings, changes)


def deep_network(lanes: Lanes[DeepNetSettings]) -> DenseNetwork:
    """Return the network, with each lane's own activation."""
    sizes = (64, *[lanes.shared.width] * lanes.shared.depth, 10)
    return DenseNetwork(sizes, LaneActivation(lanes.values("activation")))


def training_loss(lanes: Lanes[DeepNetSettings], data: Split) -> DenseLoss:
    """Return the loss on the training images as a function of theta."""
    return deep_network(lanes).loss_on(data.train_inputs, data.train_labels, LOSSES[lanes.shared.loss])


def initial_parameters(sizes: Sequence[int], initializer: Initializer) -> Tensor:
    """Draw theta (K, P) for a `DenseNetwork` of these sizes: weights by each lane's scheme, biases 0."""
    parts = []
    for number in range(1, len(sizes)):
        layer = Layer(number, len(sizes) - 1, *sizes[number - 1 : number + 1])
        weight = initializer.weights(layer)
        parts += [weight.flatten(1), torch.zeros(len(weight), layer.fan_out)]
    return torch.cat(parts, dim=1)


def _readings(network: DenseNetwork, data: Split, theta: Tensor, gradient: Tensor) -> dict[str, Tensor]:
    norms = [weight.flatten(1).norm(dim=1) for weight, _ in network.layers(gradient)]
    distinct = [distinct_units(weight, bias) for weight, bias in network.layers(theta)[:-1]]
    return {
        "test_accuracy": accuracy(network(theta, data.test_inputs), data.test_labels),
        "gradient_norm": torch.stack(norms, 1),
        "distinct_units": torch.stack(distinct, 1),
        "directions_kept": directions_kept(network, theta, data.train_inputs[:IMAGES]),
    }


def _histogram(lanes: Lanes[DeepNetSettings], inputs: Tensor, theta: Tensor) -> Tensor:
    network, activations = deep_network(lanes), []
    hidden = inputs.expand(len(theta), *inputs.shape)
    for weight, bias in network.layers(theta)[:-1]:
        hidden = network.activation(torch.baddbmm(bias, hidden, weight))
        activations.append(hidden)
    return histogram(activations, lanes.values("activation"), BINS)
