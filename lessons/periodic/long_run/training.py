"""The training loop of a long run: plain torch.nn and torch.optim, one lane, resumable at any step."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from typing import Any, cast

import torch
from torch import Tensor
from torch.nn.functional import cross_entropy
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from lessons.periodic.long_run.images import Images, augmented, epoch_rows
from lessons.periodic.long_run.nets import build_net
from lessons.periodic.long_run.settings import LongRunSettings
from lessons.periodic.sphere import cosine_distance

QUANTITIES = (
    "loss",
    "epoch_loss",
    "test_error",
    "norm",
    "gradient_norm",
    "effective_gradient",
    "effective_learning_rate",
    "cosine_distance",
    "gradient_force",
    "decay_force",
)
_TEST_BATCH = 500


class LongRun:
    """Trains a scale-invariant net by SGD with weight decay; see `lessons.periodic.experiment.Periodic`.

    Args:
        settings: What to train and how.
        images: What to learn.
        device: Where.
    """

    def __init__(self, settings: LongRunSettings, images: Images, device: str = "cpu"):
        self.settings, self.images, self.device = settings, images.to(device), device
        self.batch_size = min(settings.batch_size or len(images.train), len(images.train))
        self.steps_per_epoch = len(images.train) // self.batch_size
        self.net = build_net(settings, images.train.shape[1:], images.classes).to(device)
        self.optimizer = torch.optim.SGD(
            self.net.weights, settings.learning_rate, settings.momentum, weight_decay=settings.weight_decay
        )
        self.step = 0
        self._epoch, self._rows = -1, torch.empty(0)
        self._first_norm = parameters_to_vector(self.net.weights).norm().item()
        self._losses = torch.zeros((), dtype=torch.float64, device=device)
        self._held = {"epoch_loss": math.nan, "test_error": math.nan, "cosine_distance": 0.0}

    @property
    def steps(self) -> int:
        """Updates in the whole run."""
        return self.settings.epochs * self.steps_per_epoch

    def __iter__(self) -> Iterator[tuple[int, dict[str, float] | None]]:
        """Train to the end, and yield each step with what was recorded there before its update; None if nothing was.

        Quantities are those of `QUANTITIES`. `loss` is that of the batch about to be used. `epoch_loss`, the mean of
        those of the last whole epoch, and `test_error`, by the running statistics of the batch normalization, are held.
        When a step is yielded its update has been made, so `state` may be asked for between any two steps.
        """
        while self.step <= self.steps:
            epoch, number = divmod(self.step, self.steps_per_epoch)
            if number == 0:
                self._between_epochs(epoch)
            loss = self._loss(epoch, number)
            self.optimizer.zero_grad()
            loss.backward()
            recorded = self._values(float(loss.detach())) if self._is_recorded(self.step) else None
            if self.step < self.steps:
                self._losses += loss.detach()
                self._update()
            self.step += 1
            yield self.step - 1, recorded

    def _is_recorded(self, step: int) -> bool:
        return step % self.settings.record_every == 0 or step == self.steps

    def _loss(self, epoch: int, number: int) -> Tensor:
        settings = self.settings
        if epoch != self._epoch:
            self._epoch = epoch
            self._rows = epoch_rows(settings.seed, epoch, len(self.images.train), self.batch_size).to(self.device)
        rows = self._rows[number]
        images = self.images.train[rows]
        if settings.augmentation:
            images = augmented(images, settings.seed, self.step, self.images.largest_shift, self.images.mirrored)
        return cross_entropy(self.net.train()(self.images.standardized(images)), self.images.train_labels[rows])

    @torch.no_grad()
    def _update(self) -> None:
        """One step; measured where the next step is recorded, projected where the norm is fixed."""
        before = parameters_to_vector(self.net.weights) if self._is_recorded(self.step + 1) else None
        self.optimizer.step()
        if self.settings.fixed_norm:
            stepped = parameters_to_vector(self.net.weights)
            vector_to_parameters(stepped * (self._first_norm / stepped.norm()), self.net.weights)
        if before is not None:
            pair = torch.stack([before, parameters_to_vector(self.net.weights)])[:, None]
            self._held["cosine_distance"] = float(cosine_distance(*(pair / pair.norm(dim=2, keepdim=True))))

    @torch.no_grad()
    def _values(self, loss: float) -> dict[str, float]:
        eta, decay = self.settings.learning_rate, self.settings.weight_decay
        norm = float(parameters_to_vector(self.net.weights).norm())
        gradients = cast(list[Tensor], [w.grad for w in self.net.weights])
        gradient = float(parameters_to_vector(gradients).norm())
        values = {
            "loss": loss,
            **self._held,
            "norm": norm,
            "gradient_norm": gradient,
            "effective_gradient": gradient * norm,
            "effective_learning_rate": eta / norm**2,
            "gradient_force": (eta * gradient) ** 2,
            "decay_force": (1 - (1 - eta * decay) ** 2) * norm**2,
        }
        return {name: values[name] for name in QUANTITIES}

    def _between_epochs(self, epoch: int) -> None:
        if epoch:
            self._held["epoch_loss"] = float(self._losses) / self.steps_per_epoch
        if epoch and (epoch % self.settings.test_every == 0 or epoch == self.settings.epochs):
            self._held["test_error"] = self.test_error()
        self._losses.zero_()

    @torch.no_grad()
    def test_error(self) -> float:
        """Return the share of test images that are named wrongly, by the running statistics."""
        self.net.eval()
        batches = zip(self.images.test.split(_TEST_BATCH), self.images.test_labels.split(_TEST_BATCH), strict=True)
        wrong = sum(int((self.net(self.images.standardized(x)).argmax(1) != y).sum()) for x, y in batches)
        return wrong / len(self.images.test)

    def state(self) -> dict[str, Any]:
        """Return all that `load` needs to go on with the next step."""
        return {
            "step": self.step,
            "net": self.net.state_dict(),
            "optimizer": self.optimizer.state_dict(),
            "losses": float(self._losses),
            "first_norm": self._first_norm,
            "held": dict(self._held),
        }

    def load(self, state: Mapping[str, Any]) -> None:
        """Go on where `state` was taken."""
        self.step, self._first_norm, self._held = state["step"], state["first_norm"], dict(state["held"])
        self.net.load_state_dict(state["net"])
        self.optimizer.load_state_dict(state["optimizer"])
        self._losses.fill_(state["losses"])
