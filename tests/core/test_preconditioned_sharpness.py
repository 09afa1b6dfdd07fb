"""What each experiment that follows a sharpness reads where a rule divides the gradient; claim 90."""

from collections.abc import Callable
from functools import partial
from typing import Any

import pytest

from lessons.core.curvature.sharpness import HessianAt, preconditioned
from lessons.core.lanes import Lanes
from lessons.core.rules import Hyperparameters
from lessons.core.run import Run
from lessons.divergence.net import Net, NetTraining
from lessons.initialization.training import DeepNet, DeepNetTraining
from lessons.normalization.training import NormalizedNet, NormalizedTraining
from lessons.schedules.net import ScheduledNet, ScheduledTraining
from tests.dense_hessian import dense_eigenvalues

pytestmark = pytest.mark.claim(90)

SMALL = {"width": 3, "depth": 1, "train_size": 40, "steps": 30, "sharpness_every": 5, "learning_rate": 0.003}
EXPERIMENTS: dict[str, tuple[Any, dict[str, Any], Any, Callable[[Any, Any], HessianAt]]] = {
    "divergence": (Net(), {}, NetTraining, lambda training, now: training.loss.hessian_at),
    "schedules": (
        ScheduledNet(),
        {"batch_size": 40},
        ScheduledTraining,
        lambda training, now: training.full_loss.hessian_at,
    ),
    "initialization": (
        DeepNet(),
        {"follow_sharpness": True},
        DeepNetTraining,
        lambda training, now: training.loss.hessian_at,
    ),
    "normalization": (
        NormalizedNet(),
        {"follow_sharpness": True, "follow_shift": False, "batch_size": 40, "normalization": "batch"},
        NormalizedTraining,
        lambda training, now: partial(training.nets.hessian_at, memories=now.memories),
    ),
}


@pytest.mark.parametrize("topic", EXPERIMENTS)
def test_it_is_the_top_of_the_dense_matrix_and_without_a_division_the_sharpness(topic):
    """Adam beside gradient descent; within the 2 % that eight Lanczos steps a reading may be low."""
    experiment, own, training_type, hessian_of = EXPERIMENTS[topic]
    settings = [
        experiment.settings_type.checked({**SMALL, **own, "optimizer": optimizer})
        for optimizer in ("gradient descent", "Adam")
    ]
    *_, last = Run(experiment, Lanes(settings))
    now, training = last.state, training_type(Lanes(settings))
    by = now.optimizer.preconditioner(now.gradient, Hyperparameters.of(training.lanes, now.theta))
    hessian_at = hessian_of(training, now)

    def product_at(theta):
        return preconditioned(hessian_at(theta), by)

    dense = dense_eigenvalues(product_at, now.theta)[:, -1]
    plain, divided = last["preconditioned_sharpness"].tolist()
    assert plain == last["sharpness"][0].item()
    assert divided == pytest.approx(dense[1].item(), rel=0.02)
    assert divided > 10 * last["sharpness"][1].item(), "a mean of gradients is divided by far less than 1"
