"""The line-up shows each optimizer at its best: all get down, but for Newton where a saddle attracts it."""

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.core.rules import RULES
from lessons.optimizers.line_up import line_up
from lessons.optimizers.race import SURFACES, Race

pytestmark = pytest.mark.claim(2)

every_surface = pytest.mark.parametrize("surface", SURFACES)
TO_THE_SADDLE = ("Beale", "saddle")


@every_surface
def test_each_optimizer_gets_down(history_of, surface):
    """To a tenth of the height over the lowest point that it started from, and most to a hundredth."""
    lanes = line_up(surface)
    shape = SURFACES[surface](Lanes(list(lanes.values())))
    assert {*lanes} == {*RULES, "SGD"}
    lowest = shape.loss(torch.tensor(shape.minima[:1] * len(lanes)).double())[0].item()
    loss = history_of(Race(), list(lanes.values()))["loss"] - lowest
    share = dict(zip(lanes, loss[-1] / loss[0], strict=True))
    if surface in TO_THE_SADDLE:
        del share["Newton"]
    assert max(share.values()) < 0.1
    assert np.median(list(share.values())) < 0.01 or surface == "two minima"


@pytest.mark.claim(6)
@pytest.mark.parametrize("surface", TO_THE_SADDLE)
def test_newton_ends_at_the_saddle(history_of, surface):
    lane = line_up(surface)["Newton"]
    theta = history_of(Race(), [lane])["theta"][-1, 0]
    np.testing.assert_allclose(theta, SURFACES[surface](Lanes([lane])).saddles[0], atol=1e-9)


def test_only_momentum_carries_over_into_the_deeper_of_two_minima(history_of):
    lanes = line_up("two minima")
    theta = history_of(Race(), list(lanes.values()))["theta"][-1]
    deep = {name for name, place in zip(lanes, theta, strict=True) if place[0] < 0}
    assert deep == {"heavy ball", "moving average", "Nesterov"}
