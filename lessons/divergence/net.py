"""A real net on the digits, with its sharpness measured as it trains."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Literal

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.data.digits import Split, digits_split
from lessons.core.experiment import Experiment, Measurement
from lessons.core.lanes import Lanes
from lessons.core.network import LOSSES, Activation, DenseNetwork, accuracy
from lessons.core.run import Change
from lessons.core.settings import Settings
from lessons.core.sharpness import TopEigenpair, hessian_vector_product
from lessons.core.sharpness_gauge import SharpnessGauge
from lessons.core.update_rules import Hyperparameters, LaneOptimizer
from lessons.divergence.scripts import net_script


class NetShape(Settings):
    """The net, its data and its method, without the learning rate."""

    optimizer: Literal["gradient descent", "heavy ball", "moving average", "Nesterov", "Adam", "your own"] = (
        declared.optimizer()
    )
    momentum: float = declared.momentum()
    loss: Literal["squared error", "cross-entropy"] = declared.loss()
    activation: Activation = declared.activation()
    width: int = declared.width()
    depth: int = declared.depth()
    init_scale: float = declared.init_scale(
        default=0.5, doc="Weights start as N(0, s²/fan_in); small s starts flat, large s starts sharp."
    )
    train_size: int = declared.train_size(doc="Digits in the training set; every step uses all of them (full batch).")
    sharpness_every: int = declared.sharpness_every(
        default=10,
        doc="Each time λₘₐₓ is followed by 8 Lanczos steps, which read at most a few percent low.",
        high=100,
        slider=(1, 20),
    )
    steps: int = declared.steps()
    seed: int = declared.seed()


class NetSettings(NetShape):
    """Settings of `Net`."""

    learning_rate: float = declared.learning_rate(
        default=0.2, doc="Size of each step; compare 2/η with the sharpness.", slider=(0.01, 2.0)
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
        return self.resume(lanes, device, NetState.start(lanes, device))

    def resume(self, lanes: Lanes, device: str, state: NetState) -> Iterator[Measurement]:
        shape, data, now = lanes.shared, digits_split(lanes.shared.train_size).to(device), state
        network = _network(shape)
        while now.step < shape.steps:
            if now.gradient is not None:
                update = now.optimizer.update(now.gradient, Hyperparameters.of(lanes, now.theta))
                now.turn = torch.cosine_similarity(now.last_update, update, dim=1)
                now.last_update, now.theta = update, now.theta.detach() + update
            now.step += 1
            theta = now.theta.requires_grad_()
            measuring = now.step % shape.sharpness_every == 0
            loss = LOSSES[shape.loss](network(theta, data.train_inputs), data.train_labels)
            (gradient,) = torch.autograd.grad(loss.sum(), theta, create_graph=measuring)
            if measuring:
                top = now.gauge.read(hessian_vector_product(gradient, theta))
                now.held = _readings(network, data, theta, now.last_update, top)
            now.gradient = gradient.detach()
            values = {"loss": loss.detach(), "update_cosine": now.turn, **now.held}
            yield Measurement(now.step, values, failures=now.optimizer.failures, state=now)

    def script(self, settings: NetSettings, changes: Sequence[Change] = ()) -> str:
        return net_script(settings, changes)


@dataclass
class NetState:
    """Where a run of `Net` is. All tensors have the lane first: (K, P) and, for `turn`, (K,).

    Attributes:
        step: Updates made; -1 before the first measurement.
        theta: Parameters at that step.
        gradient: Gradient there, or None before the first measurement.
        last_update: The update that led there.
        turn: Cosine between that update and the one before it.
        held: What is measured now and then.
    """

    theta: Tensor
    optimizer: LaneOptimizer
    gauge: SharpnessGauge
    last_update: Tensor
    turn: Tensor
    step: int = -1
    gradient: Tensor | None = None
    held: dict[str, Tensor] = field(default_factory=dict)

    @classmethod
    def start(cls, lanes: Lanes, device: str) -> NetState:
        """The state before the first measurement."""
        network = _network(lanes.shared)
        theta = network.initial(lanes.seed, lanes.init_scale).to(device)
        return cls(
            theta=theta,
            optimizer=LaneOptimizer.of(lanes),
            gauge=SharpnessGauge(lanes.seed, network.parameter_count, device),
            last_update=torch.zeros_like(theta),
            turn=torch.zeros(len(lanes), device=device),
        )


def _network(shape: NetShape) -> DenseNetwork:
    return DenseNetwork((64, *[shape.width] * shape.depth, 10), shape.activation)


@torch.no_grad()
def _readings(
    network: DenseNetwork, data: Split, theta: Tensor, update: Tensor, top: TopEigenpair
) -> dict[str, Tensor]:
    length = update.norm(dim=1)
    return {
        "sharpness": top.value,
        "test_accuracy": accuracy(network(theta, data.test_inputs), data.test_labels),
        "along_top": (update * top.vector).sum(1) / length.clamp_min(1e-30),
        "update_norm": length,
    }
