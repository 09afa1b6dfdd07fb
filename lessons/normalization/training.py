"""Training of nets that differ in their normalization."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import ClassVar, TypeVar

from torch import Tensor

from lessons.core.curvature.hessian_spectrum import SpectrumAt
from lessons.core.curvature.sharpness_gauge import SharpnessGauges
from lessons.core.data.digits import digits_split
from lessons.core.lanes import Lanes
from lessons.core.other_seeds import WithOtherSeeds
from lessons.core.parts import Parts
from lessons.core.record import Change
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import LongTraining, State
from lessons.normalization.nets import Memories, NormalizedNets
from lessons.normalization.network import Batch
from lessons.normalization.scripts import training_script
from lessons.normalization.smoothness import shift_and_smoothness
from lessons.normalization.training_settings import NormalizedNetSettings

NetSettingsT_co = TypeVar("NetSettingsT_co", bound=NormalizedNetSettings, covariant=True)


@dataclass
class NormalizedState(State):
    """State of the trainings.

    Attributes:
        theta: Parameters, shape (K, P).
        memories: What the layers remember after the last batch.
        spectrum_theta: Where the spectrum is taken, shape (K, P).
        spectrum_memories: What the layers remembered there.
        optimizer: With what it remembers.
        gauges: Of the sharpness.
        gradient: At theta, shape (K, P), once measured.
    """

    theta: Tensor
    memories: Memories
    spectrum_theta: Tensor
    spectrum_memories: Memories
    optimizer: LaneOptimizer
    gauges: SharpnessGauges
    gradient: Tensor = field(init=False)


class NormalizedTraining(LongTraining[NormalizedState, NetSettingsT_co]):
    """Mini-batches, through layers that normalize."""

    def __init__(self, lanes: Lanes[NetSettingsT_co], device: str = "cpu"):
        super().__init__(lanes, device)
        self.nets = NormalizedNets(lanes, digits_split(lanes.shared.train_size).to(device))
        self.spectrum: SpectrumAt | None = None

    def start(self) -> NormalizedState:
        theta = self.nets.initial().to(self.device)
        memories = self.nets.memories(theta)
        return NormalizedState(
            theta=theta,
            memories=memories,
            spectrum_theta=theta,
            spectrum_memories=memories,
            optimizer=LaneOptimizer.of(self.lanes),
            gauges=SharpnessGauges(self.lanes.seed, self.nets.shape.parameter_count, self.device),
        )

    def measure_in_parts(self, now: NormalizedState) -> Parts[dict[str, Tensor]]:
        shape, batch = self.lanes.shared, self.nets.batch(now.step)
        loss, now.gradient, now.memories = self.nets.loss_and_gradient(now.theta, batch, now.memories)
        values = {"loss": loss}
        if now.step % shape.measure_every == 0:
            yield
            values |= yield from _readings(self.nets, self.lanes, now, batch)
        if shape.follow_sharpness and now.step % shape.sharpness_every == 0:
            yield
            values |= yield from self._sharpness(now)
        if now.step % shape.spectrum_every == 0:
            now.spectrum_theta, now.spectrum_memories = now.theta, now.memories
            self.spectrum = None
        return values

    def _sharpness(self, now: NormalizedState) -> Parts[dict[str, Tensor]]:
        product = self.nets.hessian_at(now.theta, now.memories)
        by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(self.lanes, now.theta))
        yield
        read = yield from now.gauges.read_in_parts(product, by)
        return read.measured

    def advance(self, now: NormalizedState) -> None:
        update = now.optimizer.update(now.gradient, Hyperparameters.of(self.lanes, now.theta))
        now.theta = now.theta + update

    def snapshots(self, now: NormalizedState) -> dict[str, Callable[[], Tensor]]:
        if self.spectrum is None:
            hessian_at = partial(self.nets.hessian_at, memories=now.spectrum_memories)
            self.spectrum = SpectrumAt(hessian_at, now.spectrum_theta, self.lanes.seed)
        return {"spectrum": self.spectrum, "stretch": partial(self.nets.stretch, now.theta, now.memories)}


class NormalizedNet(WithOtherSeeds[NormalizedNetSettings]):
    """Mini-batch training of a net on the 8x8 digits; lanes may differ in normalization and in their batches.

    Lanes of one seed start from the same weights and, if their batches are of one kind, see the same. Hidden layers are
    normalized, the last is linear. Measures, in float32, at each step: `loss` (K,), of the batch about to be used, in
    training mode. At every `measure_every`-th step: `train_accuracy` and `eval_accuracy` (K,), of the
    same training images, in training mode, each batch by its own statistics, and in evaluation mode; `mode_gap` (K,),
    the first less the second; `test_accuracy` (K,), in evaluation mode; and, if `follow_shift`, `shift` and
    `shift_cosine` (K, depth), `loss_along` and `gradient_change` (K, S) and `effective_smoothness` (K,) (see
    `smoothness`). At every `sharpness_every`-th step, if `follow_sharpness`: `sharpness` (K,), the largest Hessian
    eigenvalue of the loss on all training images as one batch in training mode, and `preconditioned_sharpness` (K,),
    that of P^(-1/2) H P^(-1/2), with P what the next update divides by (equal to it where nothing is divided).

    Of other seeds it measures loss and test accuracy, see `WithOtherSeeds`.

    Snapshots: `stretch` (K, depth), the largest singular value of each hidden layer's weights as they are used, after
    weight or spectral norm; and `spectrum` (K, 2, R * M), values and weights of Ritz points that stand for the density
    of eigenvalues of the same Hessian, as of the last step that `spectrum_every` divides; see
    `isolation.isolated_eigenvalues`.

    Batch norm and deconvolution at batch size 1 see no deviation from the mean: hidden layers put out their offsets,
    whatever the image. torch.nn.BatchNorm1d raises a ValueError instead.
    """

    name = "normalized net"
    title = "A net with normalization"
    settings_type = NormalizedNetSettings
    references = (
        "Ioffe & Szegedy 2015, arXiv 1502.03167 (batch norm)",
        "Ba, Kiros & Hinton 2016, arXiv 1607.06450 (layer norm)",
        "Wu & He 2018, arXiv 1803.08494 (group norm)",
        "Zhang & Sennrich 2019, arXiv 1910.07467 (RMS norm)",
        "Salimans & Kingma 2016, arXiv 1602.07868 (weight norm)",
        "Miyato, Kataoka, Koyama & Yoshida 2018, arXiv 1802.05957 (spectral norm)",
        "Ye et al. 2020, arXiv 1905.11926 (network deconvolution)",
        "Santurkar, Tsipras, Ilyas & Madry 2018, arXiv 1805.11604 (shift and smoothness)",
        "Ghorbani, Krishnan & Xiao 2019, arXiv 1901.10159 (isolated eigenvalues)",
    )
    training = NormalizedTraining
    behind = ("loss", "test_accuracy")
    spared: ClassVar = {"follow_shift": False, "follow_sharpness": False}

    def script(self, settings: NormalizedNetSettings, changes: Sequence[Change] = ()) -> str | None:
        return training_script(settings, changes)


def _readings(
    nets: NormalizedNets, lanes: Lanes[NormalizedNetSettings], now: NormalizedState, batch: Sequence[Batch]
) -> Parts[dict[str, Tensor]]:
    """Return what is measured now and then."""
    trained, evaluated = nets.train_accuracies(now.theta, now.memories, now.step)
    yield
    readings = {
        "train_accuracy": trained,
        "eval_accuracy": evaluated,
        "mode_gap": trained - evaluated,
        "test_accuracy": nets.test_accuracy(now.theta, now.memories),
    }
    if not lanes.shared.follow_shift:
        return readings
    yield
    h = Hyperparameters.of(lanes, now.theta)
    update = copy.deepcopy(now.optimizer).update(now.gradient, h)
    smoothness = shift_and_smoothness(nets, now.theta, now.gradient, update, h.learning_rate, batch, now.memories)
    return {**readings, **smoothness}
