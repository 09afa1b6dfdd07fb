"""Claim 27: spectral norm makes the largest singular value 1, as far as one power iteration a step follows it."""

import pytest
import torch

from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.run import Run
from lessons.normalization.network import NormalizedShape
from lessons.normalization.training import NormalizedNet
from widgets.labs.normalization.weight_questions import OnePowerIteration

pytestmark = pytest.mark.claim(27)

SEEDS = 5


@pytest.fixture(scope="module")
def last():
    """Of the question's three lanes, with five seeds each: the last measurement."""
    lanes = [each.with_value("seed", seed) for each in OnePowerIteration().lanes().settings for seed in range(SEEDS)]
    *_, last = Run(NormalizedNet(), Lanes(lanes))
    return last


def test_stretch_is_the_largest_singular_value_of_the_weights_in_use(last):
    """By all singular values, of the layers of one lane of each kind."""
    shape, found = NormalizedShape((64, 16, 16, 16, 10)), last.snapshots["stretch"]()
    for lane in (0, SEEDS, 2 * SEEDS):
        layers = shape.layers(last.state.theta[lane : lane + 1])[:-1]
        for number, layer in enumerate(layers):
            used = layer.weight[0]
            if lane == SEEDS:
                used = used / used.norm(dim=0) * layer.gamma[0]
            top = torch.linalg.svdvals(used)[0]
            if lane == 2 * SEEDS:
                pair = last.state.memories[2][number]
                top = top / (pair.right[0] @ used @ pair.left[0])
            torch.testing.assert_close(found[lane, number], top, rtol=1e-4, atol=0)


@pytest.mark.sentence("l5_stretch")
def test_one_iteration_a_step_holds_it_little_above_one_where_weight_norm_lets_it_be(last):
    """Five seeds: 1.004 to 1.15 under spectral norm, 2.2 to 3.2 without and with weight norm."""
    none, weight, spectral = last.snapshots["stretch"]().view(3, SEEDS, -1)
    assert 1 - 1e-4 < spectral.min() < spectral.max() < 1.3
    assert (spectral.amax(1) > 1.01).all(), "in each draw some layer is ahead of its iteration"
    assert min(none.min(), weight.min()) > 1.8
    assert max(none.max(), weight.max()) < 4


@pytest.mark.sentence("l5_stretch")
def test_with_more_iterations_at_the_same_weights_it_is_one(last):
    layers = NormalizedShape((64, 16, 16, 16, 10)).layers(last.state.theta[2 * SEEDS :])[:-1]
    for layer, pair in zip(layers, last.state.memories[2], strict=True):
        sigma = pair.after(layer.weight, 200).value(layer.weight)
        torch.testing.assert_close(
            torch.linalg.matrix_norm(layer.weight, ord=2) / sigma, torch.ones(SEEDS), rtol=1e-3, atol=0
        )


@pytest.mark.sentence("l5_stretch")
def test_the_question_says_so():
    question, history = OnePowerIteration(), History()
    history.extend(list(question.run()))
    assert question.outcome(history, question.lanes()).truth == 1
