"""Private random streams: reproducible, separate by purpose and seed, apart from the global ones."""

import math
import pickle
import random

import numpy as np
import pytest
import torch

from lessons.core.generators import draw_per_seed, generator

COUNT = 10_000
CORRELATION_BOUND = 4 / math.sqrt(COUNT)  # four standard errors of independent draws


def draw(seed: int, purpose: str) -> torch.Tensor:
    return torch.randn(COUNT, generator=generator(seed, purpose))


def global_states() -> bytes:
    return pickle.dumps((torch.get_rng_state().numpy(), np.random.get_state(), random.getstate()))


@pytest.mark.parametrize("seed", [0, 1, 2**31 - 1])
def test_same_seed_and_purpose_give_the_same_draws(seed):
    assert torch.equal(draw(seed, "weights"), draw(seed, "weights"))


def test_the_streams_stay_what_they_were():
    """Saved runs name their seeds only; these constants come from the SHA-256 of "seed/purpose"."""
    assert generator(0, "weights").initial_seed() == 4194789700723333633
    assert generator(7, "digits split").initial_seed() == 4063918885131606643


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ((0, "weights"), (0, "sharpness")),
        ((0, "weights"), (0, "digits split")),
        ((0, "weights"), (1, "weights")),
        ((1, "1/x"), (11, "/x")),
        ((1, "weights"), (2**31 - 1, "weights")),
    ],
)
def test_other_purposes_and_seeds_give_unrelated_draws(one, other):
    first, second = draw(*one), draw(*other)
    assert abs(torch.corrcoef(torch.stack([first, second]))[0, 1]) < CORRELATION_BOUND


def test_one_more_draw_in_a_stream_moves_no_other():
    weights = generator(3, "weights")
    torch.randn(5, generator=weights)
    batches = torch.randn(5, generator=generator(3, "batches"))
    torch.randn(5, generator=weights)
    assert torch.equal(batches, torch.randn(5, generator=generator(3, "batches")))


def test_global_random_states_are_left_alone():
    before = global_states()
    draw(0, "weights")
    draw_per_seed(torch.tensor([0.0, 1.0]), "weights", lambda source: torch.randn(3, generator=source))
    assert global_states() == before


def test_the_global_seed_does_not_matter():
    draws = []
    with torch.random.fork_rng():
        for seed in (1, 2):
            torch.manual_seed(seed)
            draws.append(draw(0, "weights"))
    assert torch.equal(*draws)


def test_lanes_of_one_seed_share_one_draw_wherever_they_stand():
    seeds = torch.tensor([4.0, 9.0, 4.0, 2**31 - 1], dtype=torch.float64)
    calls = []

    def counted(source: torch.Generator) -> torch.Tensor:
        calls.append(source.initial_seed())
        return torch.randn(2, 3, generator=source)

    drawn = draw_per_seed(seeds, "weights", counted)
    assert drawn.shape == (4, 2, 3)
    assert len(calls) == 3
    for seed, lane in zip(seeds, drawn, strict=True):
        assert torch.equal(lane, torch.randn(2, 3, generator=generator(int(seed), "weights")))
