"""The loss is a proxy for the error: two overlapping Gaussians, several losses, and one point out of place."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any, Literal

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.generators import draw_per_seed, generator, normal_per_seed
from lessons.core.lanes import Lanes, lanes_of_each
from lessons.core.network import DenseNetwork
from lessons.core.rules import GradientDescent, Hyperparameters
from lessons.core.settings import Settings, setting
from lessons.core.training import State, Training, TrainingExperiment
from lessons.optimizers.margin_losses import MARGIN_LOSSES
from lessons.optimizers.theory import error_of_sides, linear_error

Method = Literal["squared error", "logistic", "hinge", "perceptron", "squared error of a sigmoid", "MLP"]

FRESH = 4000
WINDOW = 8.0  # half the side of the square, about the origin, over which the score is drawn
GRID = 65
_OUTLIER_LABEL = -1.0


class ProxySettings(Settings):
    """Settings of `Proxy`."""

    learning_rate: float = declared.learning_rate()
    method: Method = setting(
        "squared error",
        label="classifier",
        doc="The loss a linear classifier is trained with; 'MLP' is a small net with the logistic loss.",
    )
    outlier: bool = setting(False, label="outlier", doc="One more training point, of the left class.", hot=True)
    outlier_x: float = setting(
        6.0,
        label="outlier",
        symbol="x₁",
        doc="First coordinate of the outlier.",
        low=-1000.0,
        high=1000.0,
        slider=(-8.0, 8.0),
        slider_step=0.1,
        hot=True,
    )
    outlier_y: float = setting(
        3.0,
        label="outlier",
        symbol="x₂",
        doc="Second coordinate of the outlier.",
        low=-1000.0,
        high=1000.0,
        slider=(-8.0, 8.0),
        slider_step=0.1,
        hot=True,
    )
    separation: float = setting(
        2.0,
        label="separation",
        symbol="d",
        doc="Distance between the two class means, in standard deviations.",
        low=0.0,
        high=10.0,
        slider=(0.5, 6.0),
        slider_step=0.1,
        shared=True,
    )
    train_size: int = setting(
        60,
        label="training points",
        symbol="N",
        doc="Points in the training set, half of each class.",
        low=4,
        high=2000,
        slider=(10, 1000),
        scale="log",
        shared=True,
    )
    width: int = declared.width(default=8, doc="Hidden units of the MLP.", low=1, high=64, slider=(2, 32))
    steps: int = declared.steps(default=500)
    seed: int = declared.seed(doc="Draws the training points and the weights.")


@dataclass
class ProxyState(State):
    """State of the trainings: parameters (K, 3 + P), and the gradient there, once measured."""

    theta: Tensor
    gradient: Tensor = field(init=False)


class ProxyTraining(Training[ProxyState, ProxySettings]):
    """Full-batch gradient descent on each lane's own loss."""

    def __init__(self, lanes: Lanes[ProxySettings], device: str = "cpu"):
        super().__init__(lanes, device)
        self.classifier, self.sample, self.rule = Classifiers(lanes), TrainingSet(lanes), GradientDescent()
        self.fresh, _ = fresh_points(lanes.shared.separation)

    def start(self) -> ProxyState:
        return ProxyState(self.classifier.initial(self.lanes.seed))

    def measure(self, now: ProxyState) -> dict[str, Tensor]:
        inputs, labels, weight = self.sample.now(self.lanes)
        loss, now.gradient = self.classifier.loss_and_gradient(now.theta, inputs, labels, weight)
        wrong = (labels * self.classifier.score(now.theta, inputs) <= 0).double()
        return {
            "loss": loss,
            "train_error": (weight * wrong).sum(1),
            "fresh_error": self.classifier.fresh_error(now.theta, self.fresh, self.lanes.shared.separation),
            "weights": now.theta[:, :3] * ~self.classifier.is_net[:, None],
        }

    def advance(self, now: ProxyState) -> None:
        h = Hyperparameters(self.lanes.learning_rate[:, None], torch.zeros(1))
        now.theta = now.theta + self.rule.update(now.gradient, h)

    def snapshots(self, now: ProxyState) -> dict[str, Callable[[], Tensor]]:
        return self.classifier.snapshots(now.theta, self.fresh)


class Proxy(TrainingExperiment[ProxySettings]):
    """Full-batch gradient descent on classifiers of two unit Gaussians with means (-d/2, 0) and (d/2, 0).

    No classifier errs less than the line x_1 = 0, see `theory.bayes_error`. The perceptron is Rosenblatt's rule in its
    batch form: the mean over the points that are on the wrong side.

    It runs on the CPU, whatever the device.

    Measures, in float64: `loss` (K,), `train_error` (K,), `fresh_error` (K,) on points never seen (linear classifiers:
    in closed form; the MLP: from `FRESH` points, see `theory.error_of_sides`), and `weights` (K, 3): w_1, w_2 and bias
    of the linear classifier, 0 in lanes with an MLP.

    Snapshots: `score` (K, G, G) over the window, row j and column i at (x_i, y_j) of `grid_axis`: the boundary is where
    it is 0; and `fresh_side` (K, `FRESH`): which fresh points are put to the right class.
    """

    name = "proxy"
    title = "The loss is a proxy for the error"
    settings_type = ProxySettings
    references = (
        "Bartlett, Jordan & McAuliffe 2006, JASA 101(473) (surrogate losses)",
        "Rosenblatt 1958, Psychological Review 65(6)",
        "Brady, Raghavan & Slawny 1989, IEEE Trans. Circuits and Systems 36(5) (back-propagation against perceptron)",
    )

    training: type[Training[Any, ProxySettings]] = ProxyTraining


class Classifiers:
    """A linear classifier or a net in each lane.

    All parameters of a lane are one row of theta: three for the linear classifier, then those of the net; a lane uses
    one part, and the other has gradient 0.
    """

    def __init__(self, lanes: Lanes[ProxySettings]):
        self.is_net = torch.tensor([method == "MLP" for method in lanes.values("method")])
        self._lanes_of_method = lanes_of_each(lanes.values("method"))
        self._linear, self._net = DenseNetwork((2, 1), "linear"), DenseNetwork((2, lanes.shared.width, 1), "tanh")

    def initial(self, seeds: Tensor) -> Tensor:
        """Draw theta, float64, shape (K, 3 + P)."""
        linear = 0.5 * normal_per_seed(seeds, "linear weights", 3)
        return torch.cat([linear, self._net.initial(seeds, torch.ones(len(seeds)))], 1).double()

    def score(self, theta: Tensor, inputs: Tensor) -> Tensor:
        """Return what each lane's classifier gives for inputs (N, 2) or (K, N, 2), shape (K, N)."""
        score = theta.new_empty(len(theta), inputs.shape[-2])
        for method, lanes in self._lanes_of_method.items():
            network, part = self._of(method)
            score[lanes] = network(theta[lanes, part], _rows(inputs, lanes))[..., 0]
        return score

    def loss_and_gradient(self, theta: Tensor, inputs: Tensor, labels: Tensor, weight: Tensor) -> tuple[Tensor, Tensor]:
        """Return each lane's loss on weighted points, shape (K,), and its gradient, shape (K, 3 + P).

        Args:
            theta: Shape (K, 3 + P).
            inputs: Shape (K, N, 2).
            labels: 1 or -1, shape (N,).
            weight: Shape (K, N).
        """
        loss, gradient = torch.empty_like(theta[:, 0]), torch.zeros_like(theta)
        for method, lanes in self._lanes_of_method.items():
            network, part = self._of(method)
            on_points = network.loss_on(inputs[lanes], labels, MARGIN_LOSSES[method], weight[lanes])
            loss[lanes], gradient[lanes, part] = on_points.loss_and_gradient(theta[lanes, part])
        return loss, gradient

    def _of(self, method: str) -> tuple[DenseNetwork, slice]:
        """The classifier of a method, and where its parameters are."""
        return (self._net, slice(3, None)) if method == "MLP" else (self._linear, slice(0, 3))

    def sides(self, theta: Tensor, points: Tensor) -> Tensor:
        """Return which points (N, 2) each lane puts to the right class, bool, shape (K, N)."""
        return self.score(theta, points) > 0

    def fresh_error(self, theta: Tensor, points: Tensor, separation: float) -> Tensor:
        """Return the error on points never seen, shape (K,)."""
        error = linear_error(theta[:, :3], separation)
        if "MLP" in self._lanes_of_method:
            nets = self._lanes_of_method["MLP"]
            side = self._net(theta[nets, 3:], points)[..., 0] > 0
            error[nets] = error_of_sides(side, points[:, 0], separation)
        return error

    def snapshots(self, theta: Tensor, fresh: Tensor) -> dict[str, Callable[[], Tensor]]:
        """Return what can be drawn of theta."""
        return {
            "score": lambda: self.score(theta, _window_points()).view(-1, GRID, GRID),
            "fresh_side": lambda: self.sides(theta, fresh),
        }


class TrainingSet:
    """Each lane's points, the movable outlier last."""

    def __init__(self, lanes: Lanes[ProxySettings]):
        size = lanes.shared.train_size
        drawn = draw_per_seed(lanes.seed, "points", partial(_gaussian_points, size, lanes.shared.separation))
        self._inputs = torch.cat([drawn, torch.zeros(len(lanes), 1, 2).double()], 1)
        self._labels = torch.cat([_labels(size), torch.tensor([_OUTLIER_LABEL]).double()])

    def now(self, lanes: Lanes) -> tuple[Tensor, Tensor, Tensor]:
        """Return inputs (K, N + 1, 2), labels (N + 1,) and each point's weight in the mean (K, N + 1)."""
        outlier = torch.stack([lanes.outlier_x, lanes.outlier_y], 1)[:, None]
        inputs = torch.cat([self._inputs[:, :-1], outlier], 1)
        count = inputs.shape[1] - 1
        weight = torch.ones(len(lanes), count + 1, dtype=torch.float64)
        weight[:, -1] = lanes.outlier
        return inputs, self._labels, weight / (count + lanes.outlier[:, None])


def _rows(inputs: Tensor, lanes: Tensor | slice) -> Tensor:
    """The inputs of some lanes: of (K, N, 2), or (N, 2), the same for all."""
    return inputs[lanes] if inputs.dim() == 3 else inputs


def training_points(seed: int, train_size: int, separation: float) -> tuple[Tensor, Tensor]:
    """Return the points (N, 2) that a lane of this seed trains on, without the outlier, and their labels (N,)."""
    points = draw_per_seed(torch.tensor([seed]), "points", partial(_gaussian_points, train_size, separation))
    return points[0], _labels(train_size)


def fresh_points(separation: float) -> tuple[Tensor, Tensor]:
    """Return points (`FRESH`, 2) that no lane trains on, and their labels, 1 or -1."""
    return _gaussian_points(FRESH, separation, generator(0, "fresh points")), _labels(FRESH)


def grid_axis() -> Tensor:
    """Return the coordinates of the snapshot's columns, and of its rows, shape (G,)."""
    return torch.linspace(-WINDOW, WINDOW, GRID, dtype=torch.float64)


def _gaussian_points(count: int, separation: float, source: torch.Generator) -> Tensor:
    points = torch.randn(count, 2, generator=source, dtype=torch.float64)
    points[:, 0] += _labels(count) * separation / 2
    return points


def _labels(count: int) -> Tensor:
    """-1 and 1 in turn, float64, shape (N,)."""
    return 2.0 * (torch.arange(count, dtype=torch.float64) % 2) - 1


def _window_points() -> Tensor:
    y, x = torch.meshgrid(grid_axis(), grid_axis(), indexing="ij")
    return torch.stack([x.flatten(), y.flatten()], 1)
