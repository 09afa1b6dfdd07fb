"""Claims 3 and 4: momentum amplifies gradients that agree and damps those that alternate, in both conventions."""

import numpy as np
import pytest
import torch

from lessons.core.lanes import Lanes
from lessons.optimizers.gains import Gain, GainSettings
from lessons.optimizers.theory import gain

pytestmark = pytest.mark.claim(4)

MOMENTA = [0.0, 0.5, 0.9, 0.99]
PATTERNS = ["constant", "alternating"]


def gains(history_of, optimizer: str, pattern: str) -> np.ndarray:
    """Gain after each step in a lane for each of MOMENTA, (T, 4)."""
    lanes = [GainSettings(optimizer=optimizer, gradient=pattern, momentum=m, steps=2500) for m in MOMENTA]
    return history_of(Gain(), lanes)["gain"]


@pytest.mark.claim(3)
@pytest.mark.parametrize("pattern", PATTERNS)
@pytest.mark.parametrize("optimizer", ["gradient descent", "heavy ball", "moving average"])
def test_gain_follows_the_geometric_series_and_tends_to_its_limit(history_of, optimizer, pattern):
    measured, steps = gains(history_of, optimizer, pattern), torch.arange(2501, dtype=torch.float64)
    for k, momentum in enumerate(MOMENTA):
        share = 1 - momentum if optimizer == "moving average" else 1
        used = 0.0 if optimizer == "gradient descent" else momentum
        np.testing.assert_allclose(measured[1:, k], share * gain(pattern, used, steps[1:]), rtol=1e-9)
        limit = share / (1 - used if pattern == "constant" else 1 + used)
        assert gain(pattern, used) * share == pytest.approx(limit)
        assert measured[-1, k] == pytest.approx(limit, rel=1e-9)


def test_it_is_agreement_and_not_the_drop_in_loss_that_momentum_amplifies(history_of):
    """SET RIGHT "moves more where the loss drops more".

    Both gradients have size 1, and a plain step drops the loss by as much on either: momentum 0.9 makes of one 10, of
    the other 0.53.
    """
    drops = {}
    for optimizer in ("gradient descent", "heavy ball"):
        lanes = [GainSettings(optimizer=optimizer, gradient=pattern, steps=400) for pattern in PATTERNS]
        drops[optimizer] = -np.diff(history_of(Gain(), lanes)["loss"], axis=0)[-1]
    np.testing.assert_allclose(drops["gradient descent"], [1.0, 1.0])
    np.testing.assert_allclose(drops["heavy ball"], [10.0, 1 / 1.9], rtol=1e-9)


def test_a_change_in_flight_moves_the_gain_to_the_new_limit(history_of):
    lanes, seen = Lanes([GainSettings(steps=600)]), []
    for measured in Gain().run(lanes):
        seen.append(measured["gain"].item())
        if measured.step == 300:
            lanes.change(0, "momentum", 0.5)
    assert seen[300] == pytest.approx(10)
    assert seen[301] == pytest.approx(0.5 * 10 + 1)
    assert seen[-1] == pytest.approx(2)
