"""The students' task: a teacher's outputs on Gaussian inputs, fresh or a fixed number of points."""

from __future__ import annotations

import torch
from torch import Tensor

from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.teacher_student.settings import StudentSettings
from lessons.teacher_student.student import activations
from lessons.teacher_student.teacher import draw_teachers, teacher_network

TEST_SIZE = 600
_BLOCK = 32  # steps whose inputs are drawn at once


class Task:
    """Batches for training and inputs for testing, for K lanes.

    Inputs are N(0, I_D). A batch depends on the lane's `teacher_seed` and the step alone, so it can be asked for at any
    step, and lanes of one teacher see the same inputs.

    Attributes:
        teacher: Shape of the teachers.
        theta: Their parameters, shape (K, P).
        test_inputs: The same for all lanes, shape (`TEST_SIZE`, D).
        test_activations: The teachers' activations on them, (K, `TEST_SIZE`, n) for each hidden layer.
        test_targets: Shape (K, `TEST_SIZE`, C).
        points: The fixed points, filled up with zeros, shape (K, N, D); None where all data is fresh.
        point_targets: Shape (K, N, C), shuffled where the lane asks for that.
        is_fixed: Which lanes learn from fixed points, shape (K,).
        is_point: Which of the N a lane has, shape (K, N); all False in lanes with fresh data.
    """

    def __init__(self, lanes: Lanes[StudentSettings], device: str = "cpu"):
        shape = lanes.shared
        self.device = device
        self.teacher, self.theta = teacher_network(lanes), draw_teachers(lanes).to(device)
        self.test_inputs = test_inputs(shape.dimension).to(device)
        self.test_activations, self.test_targets = activations(self.teacher, self.theta, self.test_inputs)
        self._batch_shape = (_BLOCK, shape.batch_size, shape.dimension)
        self._seeds, self._seed_of_lane = lanes.teacher_seed.long().unique(return_inverse=True)
        self._block, self._inputs, self._places = -1, torch.empty(0), torch.empty(0)
        self.is_fixed = torch.tensor([data != "fresh" for data in lanes.values("data")], device=device)
        self.points: Tensor | None = None
        if self.is_fixed.any():
            self._set_points(lanes)

    def batch(self, step: int) -> tuple[Tensor, Tensor]:
        """Return the batch of a step: inputs (K, B, D) and targets (K, B, C)."""
        block, number = divmod(step, _BLOCK)
        if block != self._block:
            self._draw_block(block)
        inputs = self._inputs[self._seed_of_lane, number].to(self.device)
        targets = self.teacher(self.theta, inputs)
        if self.points is None:
            return inputs, targets
        fixed, lanes = self.is_fixed[:, None, None], torch.arange(len(inputs))[:, None]
        rows = (self._places[self._seed_of_lane, number] * self._sizes[:, None]).long()  # with replacement
        targets = torch.where(fixed, self.point_targets[lanes, rows], targets)
        return torch.where(fixed, self.points[lanes, rows], inputs), targets

    def _draw_block(self, block: int) -> None:
        """Draw inputs, and places from 0 to 1 among the fixed points, for some steps of each teacher."""
        self._block, sources = block, [generator(seed, f"inputs {block}") for seed in self._seeds.tolist()]
        self._inputs = torch.stack([torch.randn(self._batch_shape, generator=source) for source in sources])
        if self.points is not None:
            shape = self._batch_shape[:2]
            places = [torch.rand(shape, generator=source, dtype=torch.float64) for source in sources]
            self._places = torch.stack(places)

    def _set_points(self, lanes: Lanes[StudentSettings]) -> None:
        sizes = torch.where(self.is_fixed.cpu(), lanes.train_size.long(), 1)
        most, shape = int(sizes.max()), lanes.shared
        keys = list(zip(lanes.values("teacher_seed"), sizes.tolist(), strict=True))
        points = {key: _padded(_draw_points(*key, shape.dimension), most) for key in dict.fromkeys(keys)}
        orders = {key: _padded(_draw_order(*key), most) for key in dict.fromkeys(keys)}
        order = torch.stack([orders[key] for key in keys])
        is_shuffled = torch.tensor([data == "shuffled" for data in lanes.values("data")])
        order = torch.where(is_shuffled[:, None], order, torch.arange(most)).to(self.device)
        self.points = torch.stack([points[key] for key in keys]).to(self.device)
        targets = self.teacher(self.theta, self.points)
        self.point_targets = targets.gather(1, order[..., None].expand_as(targets))
        self._sizes = sizes
        self.is_point = (torch.arange(most) < sizes[:, None]).to(self.device) & self.is_fixed[:, None]


def test_inputs(dimension: int) -> Tensor:
    """Return the inputs that all students and teachers are tested on, shape (`TEST_SIZE`, D)."""
    return torch.randn(TEST_SIZE, dimension, generator=generator(0, "test inputs"))


def _draw_points(seed: int, count: int, dimension: int) -> Tensor:
    return torch.randn(count, dimension, generator=generator(seed, "points"))


def _draw_order(seed: int, count: int) -> Tensor:
    return torch.randperm(count, generator=generator(seed, "shuffle"))


def _padded(rows: Tensor, count: int) -> Tensor:
    """The rows, filled up with zeros to so many."""
    return torch.cat([rows, rows.new_zeros(count - len(rows), *rows.shape[1:])])
