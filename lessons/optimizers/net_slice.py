"""The loss of a real net over a plane through its trained weights."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import torch
from torch import Tensor

from lessons.core.data.digits import digits_split
from lessons.core.generators import generator
from lessons.core.losses import cross_entropy
from lessons.core.network import DenseNetwork
from lessons.core.rules import Adam, Hyperparameters
from lessons.optimizers.surfaces import Point, Surface, Window

HIDDEN, IMAGES = 12, 80
TRAINING_STEPS, TRAINING_RATE = 150, 0.02
_NETWORK = DenseNetwork((64, HIDDEN, 10), "tanh")
_GRID_CHUNK = 1000


class NetSlice(Surface):
    """Cross-entropy on the digits at trained weights + theta_1 d_1 + theta_2 d_2.

    d_1 and d_2 are random, and each neuron's part of them is as long as the neuron's own weights ("filter
    normalisation"), so that 1 is the scale of the weights themselves.

    What does not depend on theta is computed once: the first layer's sums are linear in theta, as are the weights of
    the second layer.
    """

    formula = r"L(w^* + \theta_1 d_1 + \theta_2 d_2)"
    reference = "Li, Xu, Taylor, Studer & Goldstein 2018, arXiv 1712.09913, section 4"
    window = Window((-1.5, -1.5), (1.5, 1.5))
    start = (-1.1, 1.1)

    def __init__(self) -> None:
        self._sums, self._weights, self._biases, self._one_hot = _coefficients()

    def loss(self, theta: Tensor) -> Tensor:
        return torch.cat([self._forward(part).loss for part in theta.split(_GRID_CHUNK)])

    def gradient(self, theta: Tensor) -> Tensor:
        return self._backward(self._forward(theta))

    def loss_and_gradient(self, theta: Tensor) -> tuple[Tensor, Tensor]:
        forward = self._forward(theta)
        return forward.loss, self._backward(forward)

    def hessian(self, theta: Tensor) -> Tensor:
        """From first and second derivatives of the outputs by theta, in closed form: twice as fast as autograd."""
        forward = self._forward(theta)
        hidden, probability = forward.hidden, forward.log_probabilities.exp()
        sums, weights = self._sums[1:].view(2, IMAGES, HIDDEN), self._weights[1:].view(2, HIDDEN, 10)
        hidden_1 = (1 - hidden**2)[:, None] * sums  # (K, 2, N, H)
        hidden_2 = -2 * hidden[:, None, None] * hidden_1[:, :, None] * sums  # (K, 2, 2, N, H)
        cross = hidden_1[:, :, None] @ weights
        outputs_1 = hidden_1 @ forward.weights[:, None] + hidden[:, None] @ weights + self._biases[1:, None]
        outputs_2 = hidden_2 @ forward.weights[:, None, None] + cross + cross.transpose(1, 2)
        mean_1 = (probability[:, None] * outputs_1).sum(3)
        spread = torch.einsum("knc,kinc,kjnc->kij", probability, outputs_1, outputs_1) - mean_1 @ mean_1.mT
        bend = torch.einsum("knc,kijnc->kij", probability - self._one_hot, outputs_2)
        return (spread + bend) / IMAGES

    def _forward(self, theta: Tensor) -> _Forward:
        mixture = torch.cat([torch.ones_like(theta[:, :1]), theta], 1)
        hidden = (mixture @ self._sums).view(-1, IMAGES, HIDDEN).tanh()
        weights = (mixture @ self._weights).view(-1, HIDDEN, 10)
        outputs = torch.baddbmm((mixture @ self._biases)[:, None], hidden, weights)
        log_probabilities = outputs.log_softmax(2)
        loss = -(log_probabilities * self._one_hot).sum((1, 2)) / IMAGES
        return _Forward(hidden, weights, log_probabilities, loss)

    def _backward(self, forward: _Forward) -> Tensor:
        """The chain rule from the outputs back to theta, shape (K, 2): autograd would cost as much again."""
        to_outputs = (forward.log_probabilities.exp() - self._one_hot) / IMAGES
        to_weights = forward.hidden.mT @ to_outputs
        to_sums = to_outputs @ forward.weights.mT * (1 - forward.hidden**2)
        to_mixture = to_sums.flatten(1) @ self._sums.T + to_weights.flatten(1) @ self._weights.T
        return (to_mixture + to_outputs.sum(1) @ self._biases.T)[:, 1:]

    @property
    def minima(self) -> tuple[Point, ...]:
        return (_lowest_point(),)


@dataclass(frozen=True)
class _Forward:
    """Hidden units (K, N, H), second-layer weights (K, H, C), log-probabilities (K, N, C) and loss (K,)."""

    hidden: Tensor
    weights: Tensor
    log_probabilities: Tensor
    loss: Tensor


@cache
def net_slice() -> NetSlice:
    """Return the slice; the net is trained at the first call."""
    return NetSlice()


@cache
def trained_weights() -> Tensor:
    """Train the net on `IMAGES` digits, full batch, and return its weights, float64, shape (P,)."""
    data, seed = digits_split(IMAGES), torch.zeros(1)
    loss = _NETWORK.loss_on(data.train_inputs.double(), data.train_labels, cross_entropy)
    theta, rule = _NETWORK.initial(seed, torch.ones(1)).double(), Adam()
    h = Hyperparameters(torch.full((1, 1), TRAINING_RATE).double(), torch.full((1, 1), 0.9).double())
    for _ in range(TRAINING_STEPS):
        theta = theta + rule.update(loss.loss_and_gradient(theta)[1], h)
    return theta[0]


@cache
def directions() -> Tensor:
    """Return d_1 and d_2, shape (2, P): random, filter-normalised, biases left as they are."""
    draw = torch.randn(2, _NETWORK.parameter_count, generator=generator(0, "slice"), dtype=torch.float64)
    trained, parts = _NETWORK.layers(trained_weights()[None]), []
    for (weight, _), (drawn, bias) in zip(trained, _NETWORK.layers(draw), strict=True):
        scaled = drawn / drawn.norm(dim=1, keepdim=True) * weight.norm(dim=1, keepdim=True)
        parts += [scaled.flatten(1), torch.zeros_like(bias).flatten(1)]
    return torch.cat(parts, 1)


@cache
def _coefficients() -> tuple[Tensor, Tensor, Tensor, Tensor]:
    """First-layer sums (3, N * H), second-layer weights (3, H * C) and biases (3, C), one-hot labels (N, C)."""
    data = digits_split(IMAGES)
    (weight, bias), (weight_2, bias_2) = _NETWORK.layers(torch.cat([trained_weights()[None], directions()]))
    sums = data.train_inputs.double() @ weight + bias
    one_hot = torch.nn.functional.one_hot(data.train_labels, 10).double()
    return sums.flatten(1), weight_2.flatten(1), bias_2[:, 0], one_hot


@cache
def _lowest_point() -> Point:
    """The minimum next to the trained weights, by Newton's method on the slice."""
    theta, surface = torch.zeros(1, 2, dtype=torch.float64), net_slice()
    for _ in range(20):
        theta = theta - torch.linalg.solve(surface.hessian(theta), surface.gradient(theta))
    return theta[0, 0].item(), theta[0, 1].item()
