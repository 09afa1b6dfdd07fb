"""Lottery tickets: train, prune to the nodes that matter, go back to the start, train again."""

from __future__ import annotations

from typing import Any, Literal, get_args

import torch
from torch import Tensor

from lessons.core import declared
from lessons.core.generators import generator
from lessons.core.lanes import Lanes
from lessons.core.rules.lane_optimizer import LaneOptimizer
from lessons.core.settings import setting
from lessons.core.spread import Each, Seeds, crossed
from lessons.core.training import TrainingExperiment
from lessons.teacher_student.overlap import contribution
from lessons.teacher_student.padding import keep_nodes
from lessons.teacher_student.settings import TeacherStudentSettings
from lessons.teacher_student.student import activations, draw_students, student_widths
from lessons.teacher_student.training import StudentState, StudentTraining

Ticket = Literal["full", "rewound", "re-initialized", "random nodes"]
TICKETS: tuple[str, ...] = get_args(Ticket)


class LotterySettings(TeacherStudentSettings):
    """Settings of `Lottery`."""

    ticket: Ticket = setting(
        "rewound",
        label="ticket",
        doc="What trains the second time: all nodes; the largest contributors with their first weights, or with new "
        "ones; or as many nodes taken at random, with their first weights.",
    )
    keep: int = setting(
        10,
        label="nodes kept",
        doc="Nodes of the last hidden layer that are left after pruning.",
        low=1,
        high=2000,
        slider=(5, 50),
    )
    prune_at: int = setting(
        2000,
        label="prune after",
        unit="steps",
        doc="When the first training ends and the second begins.",
        low=1,
        high=500_000,
        slider=(500, 5000),
        scale="log",
        shared=True,
    )
    steps: int = declared.steps(
        default=4001,
        doc="Number of updates of both trainings, and one for the way back to the start.",
        high=1_000_000,
        slider=(1000, 10_000),
    )


class LotteryTraining(StudentTraining[LotterySettings]):
    """Two trainings, and one step between them that makes no update but goes back to the start."""

    def advance(self, now: StudentState) -> None:
        if now.step == self.lanes.shared.prune_at:
            self.begin_again(now)
        else:
            super().advance(now)

    def begin_again(self, now: StudentState) -> None:
        """Put every lane to the start of its second training."""
        lanes, network = self.lanes, self.network
        hidden, _ = activations(network, now.theta, self.task.test_inputs)
        score = contribution(hidden[-1], network.layers(now.theta)[-1][0])
        first, new = now.initial_theta, draw_students(lanes, "student again").to(now.theta)
        best, others = largest(score, lanes.keep), largest(_random_score(lanes, score), lanes.keep)
        starts = {
            "full": first,
            "rewound": keep_nodes(network, first, best),
            "re-initialized": keep_nodes(network, new, best),
            "random nodes": keep_nodes(network, first, others),
        }
        number = torch.tensor([TICKETS.index(ticket) for ticket in lanes.values("ticket")])
        now.theta = torch.stack([starts[ticket] for ticket in TICKETS])[number, torch.arange(len(lanes))]
        now.initial_theta, now.began = now.theta.clone(), now.step + 1
        now.optimizer = LaneOptimizer.of(lanes)


class Lottery(TrainingExperiment[LotterySettings]):
    """Trains each student twice; what the second training begins with is the lane's `ticket`.

    After `prune_at` updates the nodes with the largest contributions (outgoing weight times standard deviation)
    are kept, and step `prune_at` + 1 is the start of the second training, with the schedule from its beginning. The
    inputs are fresh ones. Measures and snapshots as in `TeacherStudent`.

    A ticket is the kept nodes *with* their first weights: with others the same nodes are as good as any.
    """

    name = "lottery tickets"
    title = "Lottery tickets among student nodes"
    settings_type = LotterySettings
    references = (
        "Frankle & Carbin 2019, arXiv 1803.03635 (the lottery ticket hypothesis)",
        "Tian, Jiang, Gong & Morcos 2019, arXiv 1905.13405 (lucky nodes)",
        "Liu, Sun, Zhou, Huang & Darrell 2019, arXiv 1810.05270 (where rewinding does not matter)",
    )

    training = LotteryTraining


def largest(score: Tensor, count: Tensor) -> Tensor:
    """Flag the largest scores of each lane.

    Args:
        score: Shape (K, m).
        count: How many, shape (K,).

    Returns:
        Shape (K, m).
    """
    return (-score).argsort(1).argsort(1) < count.to(score.device)[:, None]


def lottery_lanes(seeds: int, first_seed: int = 0, **common: Any) -> Lanes[LotterySettings]:
    """Return one lane for each ticket and each student's seed: all seeds of the first ticket, then of the next.

    Args:
        seeds: How many students.
        first_seed: Theirs are this one and those after it.
        common: Settings of all lanes.

    Raises:
        SettingError: If a value is not allowed.
    """
    return crossed(LotterySettings, common, Each("ticket", TICKETS)({}), Seeds(seeds)({"seed": first_seed}))


def _random_score(lanes: Lanes[LotterySettings], like: Tensor) -> Tensor:
    """Random numbers for the nodes that a lane has, and less for those that it lacks, shape (K, m)."""
    drawn = {seed: torch.rand(10_000, generator=generator(seed, "ticket")) for seed in set(lanes.values("seed"))}
    score = torch.stack([drawn[seed][: like.shape[1]] for seed in lanes.values("seed")])
    exists = torch.arange(like.shape[1]) < student_widths(lanes)[:, None]
    return torch.where(exists, score, -1).to(like)
