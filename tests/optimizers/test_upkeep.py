"""Claim 6: the Hessian of a large net is out of reach: what each optimizer holds, against the number of weights."""

import pytest

from lessons.core.history import History
from lessons.core.rules.lbfgs import HISTORY
from lessons.optimizers.upkeep import numbers_held
from widgets.labs.optimizers.upkeep_question import NewtonNeeds, at_a_million, power

pytestmark = pytest.mark.claim(6)


@pytest.mark.parametrize("weights", [3, 40, 200])
def test_what_is_held_is_the_closed_form(weights):
    """Gradient; with Adam's two means and its product of beta_1; with L-BFGS's last gradient, update, pairs, their
    products and its scale; with the Hessian."""
    assert numbers_held("gradient descent", weights) == weights
    assert numbers_held("heavy ball", weights) == 2 * weights
    assert numbers_held("Adam", weights) == 3 * weights + 1
    assert numbers_held("L-BFGS", weights) == (3 + 2 * HISTORY) * weights + HISTORY + 1
    assert numbers_held("Newton", weights) == weights + weights**2


@pytest.mark.sentence("l1_newton_needs")
def test_newtons_grows_as_the_square_and_the_others_in_proportion():
    question, history = NewtonNeeds(), History()
    history.extend(list(question.run()))
    weights = history["weights"][:, 0]
    powers = [power(weights, history["numbers"][:, lane]) for lane in range(4)]
    assert powers == pytest.approx([1, 1, 1, 2], abs=0.01)
    assert at_a_million(history, 3) == pytest.approx(1e12, rel=0.05)
    assert question.outcome(history, question.lanes()).truth == 2
