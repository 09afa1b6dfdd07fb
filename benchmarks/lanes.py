"""What lanes cost: K nets in one tensor program against a plain torch loop, and against the bare matrix products."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import Tensor, nn

from lessons.core.curvature.sharpness import differentiated_twice, top_eigenpair
from lessons.core.curvature.sharpness_gauge import FOLLOWING_ITERATIONS
from lessons.core.data.digits import digits_split
from lessons.core.experiment import Experiment
from lessons.core.lanes import Lanes
from lessons.core.losses import Loss, cross_entropy, squared_distance, squared_error
from lessons.core.network import DenseNetwork
from lessons.core.rules import Hyperparameters
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.training import Training
from lessons.divergence.settings import NetSettings
from lessons.normalization.training import NormalizedTraining
from lessons.normalization.training_settings import NormalizedNetSettings
from lessons.periodic.experiment import Periodic, PeriodicTraining
from lessons.periodic.settings import PeriodicSettings
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.sweep import WidthSweep, width_lanes
from widgets.labs.normalization.net import NormalizedNetView

COUNTS = (1, 4, 32)
WIDTH, DEPTH, IMAGES = 32, 2, 200
SIZES = (64, *[WIDTH] * DEPTH, 10)
SMALL_NETS = {((2, 4, 2, 1), 10): (1, 8, 128), ((2, 64, 64, 1), 32): (1, 32)}  # sizes and batch: numbers of lanes
PERIODS = 3
EVERY = 25  # steps from one sharpness to the next, of lesson 6 at its opening; lesson 5's are fewer
ROUNDS, SECONDS = 40, 0.02

Step = Callable[[], object]


def measure() -> dict[str, Any]:
    """Return a table of one net, by the number of lanes, and single figures; all in one process, on one thread."""
    torch.set_num_threads(1)
    table = {str(count): _digits_row(count) for count in COUNTS}
    figures = {}
    for (sizes, batch), counts in SMALL_NETS.items():
        for count in counts:
            (seconds,) = _seconds(_small_net(sizes, batch, count))
            name = f"{'-'.join(map(str, sizes))}, batch {batch}, {count} lane(s): µs for a lane and step"
            figures[name] = round(1e6 * seconds / count, 1)
    for count in COUNTS:
        gradient, product, step = _normalized(count)
        figures[f"lesson 6, {count} lane(s): gradient, times as fast as autograd"] = gradient
        figures[f"lesson 6, {count} lane(s): Hessian-vector product, times as fast as autograd"] = product
        figures[f"lesson 6, {count} lane(s): µs for a lane and step, sharpness included"] = step
    figures["lesson 5, four nets: µs for a lane and step, sharpness included"] = _four_nets()
    figures[f"lesson 6, {PERIODS} periods, CPU s"] = round(_cpu_seconds(_periods), 1)
    figures["lesson 7, sweep of 80 students, CPU s"] = round(_cpu_seconds(_students), 1)
    return {"table": table, "figures": figures}


def _digits_row(count: int) -> dict[str, float]:
    """The net on the digits: microseconds for a lane and step of each way, their ratios, and what a sharpness costs."""
    data = digits_split(IMAGES)
    lanes, gradient, sharpness = _on_digits(data, count)
    plain, whole, bare, alone, top = _seconds(
        _plain_loop(data), lanes, _bare_products(data, count), gradient, sharpness
    )
    return {
        "torch.optim loop, µs": round(1e6 * plain, 1),
        "lanes, µs": round(1e6 * whole / count, 1),
        "bare matmuls, µs": round(1e6 * bare / count, 1),
        "times as fast as the loop": round(plain * count / whole, 2),
        "times the bare matmuls": round(whole / bare, 2),
        "sharpness, in gradients": round(top / alone, 1),
    }


def _plain_loop(data: Any) -> Step:
    layers: list[nn.Module] = []
    for inputs, outputs in itertools.pairwise(SIZES):
        layers += [nn.Linear(inputs, outputs), nn.Tanh()]
    model = nn.Sequential(*layers[:-1])
    optimizer = torch.optim.SGD(model.parameters(), lr=0.1)
    target = torch.nn.functional.one_hot(data.train_labels, 10).float()

    def step() -> None:
        optimizer.zero_grad()
        loss = (model(data.train_inputs) - target).square().sum(1).mean() / 2
        loss.backward()
        optimizer.step()

    return step


def _on_digits(data: Any, count: int) -> tuple[Step, Step, Step]:
    """A step, a gradient by itself, and a sharpness that follows one a step ago."""
    network = DenseNetwork(SIZES, "tanh")
    loss = network.loss_on(data.train_inputs, data.train_labels, squared_error)
    theta = network.initial(torch.zeros(count), torch.ones(count))
    direction = torch.randn(theta.shape, generator=torch.Generator().manual_seed(0))
    return (
        _training(network, data.train_inputs, data.train_labels, squared_error, count),
        lambda: loss.loss_and_gradient(theta),
        lambda: top_eigenpair(loss.hessian_at(theta), direction, FOLLOWING_ITERATIONS),
    )


def _small_net(sizes: Sequence[int], batch: int, count: int) -> Step:
    draw = torch.Generator().manual_seed(0)
    inputs, targets = (torch.randn(count, batch, units, generator=draw) for units in (sizes[0], sizes[-1]))
    return _training(DenseNetwork(sizes, "tanh"), inputs, targets, squared_distance, count)


def _training(network: DenseNetwork, inputs: Tensor, targets: Tensor, loss: Loss, count: int) -> Step:
    lanes = Lanes([NetSettings(learning_rate=0.1)] * count)
    optimizer, on_batch = LaneOptimizer.of(lanes), network.loss_on(inputs, targets, loss)
    held = [network.initial(lanes.seed, lanes.init_scale)]

    def step() -> None:
        _, gradient = on_batch.loss_and_gradient(held[0])
        held[0] = held[0] + optimizer.update(gradient, Hyperparameters.of(lanes, held[0]))

    return step


def _normalized(count: int) -> tuple[float, float, float]:
    """Lesson 6's net at its opening: gradient and Hessian-vector product against autograd's, and a step of a lane."""
    training = PeriodicTraining(Lanes([PeriodicSettings(seed=seed) for seed in range(count)]))
    data, network, theta = training.data, training.network, training.start().theta
    on_images = network.loss_on(data.train_inputs, data.train_labels, cross_entropy)

    def loss(at: Tensor) -> Tensor:
        return cross_entropy(network(at, data.train_inputs), data.train_labels)

    def by_autograd() -> object:
        at = theta.clone().requires_grad_()
        return torch.autograd.grad(loss(at).sum(), at)

    product, product_by_autograd = on_images.hessian_at(theta), differentiated_twice(loss, theta)
    own, other, own_product, other_product, steps = _seconds(
        lambda: on_images.loss_and_gradient(theta),
        by_autograd,
        lambda: product(theta),
        lambda: product_by_autograd(theta),
        _steps(training),
    )
    return round(other / own, 2), round(other_product / own_product, 2), round(1e6 * steps / (EVERY * count), 1)


def _four_nets() -> float:
    """The opening of lesson 5's lab of one net, normalized in several ways."""
    opening = NormalizedNetView().presets[0].lanes
    lanes = Lanes([NormalizedNetSettings.checked(lane) for lane in opening])
    (seconds,) = _seconds(_steps(NormalizedTraining(lanes)))
    return round(1e6 * seconds / (EVERY * len(lanes)), 1)


def _steps(training: Training[Any, Any]) -> Step:
    """As many steps as lie between two readings of the sharpness, or more."""
    now = training.start()

    def steps() -> None:
        for _ in range(EVERY):
            training.measure(now)
            training.make_step(now)

    return steps


def _bare_products(data: Any, count: int) -> Step:
    """The matrix products that forward and backward need, and nothing else; examples are rows, as in the plain loop."""
    pairs = list(itertools.pairwise(SIZES))
    draw = torch.Generator().manual_seed(0)
    weights = [torch.randn(count, i, o, generator=draw) for i, o in pairs]
    inputs = [torch.randn(count, IMAGES, i, generator=draw) for i, _ in pairs]
    deltas = [torch.randn(count, IMAGES, o, generator=draw) for _, o in pairs]

    def step() -> None:
        for layer, (x, w, d) in enumerate(zip(inputs, weights, deltas, strict=True)):
            torch.bmm(x, w)
            torch.bmm(x.transpose(1, 2), d)
            if layer:
                torch.bmm(d, w.transpose(1, 2))

    return step


def _seconds(*steps: Step) -> list[float]:
    """Time of one call of each. They take turns, and the quickest turn counts: others on the machine only add to it."""
    for step in steps * 3:
        step()
    return [min(turns) for turns in zip(*([_turn(step) for step in steps] for _ in range(ROUNDS)), strict=True)]


def _turn(step: Step) -> float:
    begun, calls = time.perf_counter(), 0
    while time.perf_counter() - begun < SECONDS:
        step()
        calls += 1
    return (time.perf_counter() - begun) / calls


def _cpu_seconds(work: Step) -> float:
    begun = time.process_time()
    work()
    return time.process_time() - begun


def _periods() -> None:
    """Lesson 6's net with its first settings, until its third breakdown has begun."""
    onsets = set[float]()
    for measurement in Periodic().run(Lanes([PeriodicSettings()])):
        onsets.add(float(measurement["onset"][0]))
        if len(onsets) > PERIODS:  # -1 before the first
            return


def _students() -> None:
    """Lesson 7's students, twenty of each width, to their last step."""
    sweep: Experiment[TeacherStudentSettings] = WidthSweep()
    for _ in sweep.run(width_lanes(TeacherStudentSettings())):
        pass
