"""Shared by the tests of lesson 2."""

from collections.abc import Callable, Sequence

import pytest

from lessons.core.experiment import Experiment
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """Run an experiment to its end: `history_of(NoisyQuadratic(), settings or lanes)`."""

    def run(experiment: Experiment, lanes: Lanes | Sequence[Settings]) -> History:
        history = History()
        history.extend(list(experiment.run(lanes if isinstance(lanes, Lanes) else Lanes(lanes))))
        return history

    return run
