"""A real net on the digits, with its sharpness measured as it trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Literal

import torch
from torch import Tensor

from lessons.core.data.digits import Split, digits_split
from lessons.core.experiment import Experiment, Measurement
from lessons.core.generators import draw_per_seed
from lessons.core.lanes import Lanes
from lessons.core.network import LOSSES, Activation, DenseNetwork, accuracy
from lessons.core.run import Change
from lessons.core.settings import Settings, setting
from lessons.core.sharpness import HessianVectorProduct, hessian_vector_product, top_eigenpair
from lessons.core.update_rules import Hyperparameters, LaneOptimizer
from lessons.divergence.scripts import net_script

FIRST_ITERATIONS = 30
FOLLOWING_ITERATIONS = 8


class NetShape(Settings):
    """The net, its data and its method, without the learning rate."""

    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam"] = setting(
        "gradient descent", label="optimizer", doc="The update rule."
    )
    momentum: float = setting(
        0.9,
        label="momentum",
        symbol="β",
        doc="Share of the velocity kept at each step (β₁ of Adam). Plain gradient descent ignores it.",
        low=0.0,
        high=0.999,
        slider=(0.0, 0.99),
        slider_step=0.01,
        hot=True,
    )
    loss: Literal["squared error", "cross-entropy"] = setting(
        "squared error", label="loss", doc="What is minimised.", shared=True
    )
    activation: Activation = setting("tanh", label="activation", doc="Between the layers.", shared=True)
    width: int = setting(
        32,
        label="width",
        doc="Units in each hidden layer.",
        low=2,
        high=512,
        slider=(4, 128),
        scale="log",
        shared=True,
    )
    depth: int = setting(
        2, label="hidden layers", doc="Number of hidden layers.", low=0, high=8, slider=(0, 4), shared=True
    )
    init_scale: float = setting(
        0.5,
        label="initial scale",
        symbol="s",
        doc="Weights start as N(0, s²/fan_in); small s starts flat, large s starts sharp.",
        low=0.01,
        high=10.0,
        slider=(0.1, 4.0),
        scale="log",
    )
    train_size: int = setting(
        200,
        label="training images",
        symbol="N",
        doc="Digits in the training set; every step uses all of them (full batch).",
        low=20,
        high=1200,
        slider=(50, 1000),
        scale="log",
        shared=True,
    )
    sharpness_every: int = setting(
        10,
        label="measure sharpness every",
        unit="steps",
        doc="Each time λ_max is followed by 8 Lanczos steps, which read at most a few percent low.",
        low=1,
        high=100,
        slider=(1, 20),
        shared=True,
    )
    steps: int = setting(
        1000,
        label="steps",
        doc="Number of updates.",
        low=1,
        high=20000,
        slider=(100, 5000),
        scale="log",
        shared=True,
    )
    seed: int = setting(0, label="seed", doc="Draws the initial weights.", low=0, high=2**31 - 1, slider=(0, 99))


class NetSettings(NetShape):
    """Settings of `Net`."""

    learning_rate: float = setting(
        0.2,
        label="learning rate",
        symbol="η",
        doc="Size of each step; compare 2/η with the sharpness.",
        low=0.0,
        high=100.0,
        slider=(0.01, 2.0),
        scale="log",
        hot=True,
    )


class Net(Experiment):
    """Full-batch training of a small net on the 8x8 digits.

    Measures, in float32 and of shape (K,): `loss` and `update_cosine` (between the last update and the one before it;
    0 until there are two) at each step; and at every `sharpness_every`-th step, held in
    between, `sharpness` (largest Hessian eigenvalue of the training loss), `test_accuracy`, `along_top` (the last
    update's component along the top eigenvector, in units of the update) and `update_norm`. The sign of `along_top` is
    sampled, so an even `sharpness_every` hides a zigzag; `update_cosine` does not.

    Near 2/eta the component along the top eigenvector flips sign at each step and the cosine falls towards -1: the
    zigzag of the parabola, in a net.
    """

    name = "net"
    title = "A net on the digits"
    settings_type = NetSettings
    references = (
        "Cohen, Kaur, Li, Kolter & Talwalkar 2021, arXiv 2103.00065 (edge of stability)",
        "Lewkowycz, Bahri, Dyer, Sohl-Dickstein & Gur-Ari 2020, arXiv 2003.02218 (catapult)",
    )

    def run(self, lanes: Lanes, device: str = "cpu") -> Iterator[Measurement]:
        shape, data = lanes.shared, digits_split(lanes.shared.train_size).to(device)
        network = DenseNetwork((64, *[shape.width] * shape.depth, 10), shape.activation)
        theta = network.initial(lanes.seed, lanes.init_scale).to(device)
        optimizer = LaneOptimizer(lanes.values("optimizer"))
        gauge = _Gauge(network, data, lanes)
        update, turn = torch.zeros_like(theta), torch.zeros(len(lanes), device=device)
        for step in range(shape.steps + 1):
            theta.requires_grad_()
            measuring = step % shape.sharpness_every == 0
            loss = LOSSES[shape.loss](network(theta, data.train_inputs), data.train_labels)
            (gradient,) = torch.autograd.grad(loss.sum(), theta, create_graph=measuring)
            if measuring:
                gauge.read(theta, hessian_vector_product(gradient, theta), update)
            yield Measurement(step, {"loss": loss.detach(), "update_cosine": turn, **gauge.values})
            previous, update = update, optimizer.update(gradient.detach(), Hyperparameters.of(lanes, theta))
            turn = torch.cosine_similarity(previous, update, dim=1)
            theta = theta.detach() + update

    def script(self, settings: NetSettings, changes: Sequence[Change] = ()) -> str:
        return net_script(settings, changes)


class _Gauge:
    """Follows the top of the Hessian: each reading starts Lanczos from the last eigenvector."""

    def __init__(self, network: DenseNetwork, data: Split, lanes: Lanes):
        self._network, self._data = network, data
        self._vector: Tensor | None = None
        self._start = draw_per_seed(lanes.seed, "sharpness", self._draw)
        self.values: dict[str, Tensor] = {}

    def _draw(self, source: torch.Generator) -> Tensor:
        return torch.randn(self._network.parameter_count, generator=source)

    def read(self, theta: Tensor, product: HessianVectorProduct, update: Tensor) -> None:
        """Measure at theta; `update` is the step that led there. All of shape (K, P)."""
        first = self._vector is None
        start = self._start.to(theta) if first else self._vector
        top = top_eigenpair(product, start, FIRST_ITERATIONS if first else FOLLOWING_ITERATIONS)
        with torch.no_grad():
            outputs = self._network(theta, self._data.test_inputs)
            length = update.norm(dim=1)
            along = (update * top.vector).sum(1) / length.clamp_min(1e-30)
            self.values = {
                "sharpness": top.value,
                "test_accuracy": accuracy(outputs, self._data.test_labels),
                "along_top": along,
                "update_norm": length,
            }
        self._vector = top.vector
