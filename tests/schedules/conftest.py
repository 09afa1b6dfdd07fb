"""Shared by the tests of lesson 2."""

from collections.abc import Callable, Iterator, Sequence

import pytest
import torch

from lessons.core.experiment import Experiment
from lessons.core.history import History
from lessons.core.lanes import Lanes
from lessons.core.settings import Settings


@pytest.fixture(scope="package", autouse=True)
def one_thread() -> Iterator[None]:
    """These nets are too small to share out, and on a busy machine threads that wait for each other cost tenfold."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def history_of() -> Callable[..., History]:
    """Run an experiment to its end: `history_of(NoisyQuadratic(), settings or lanes)`."""

    def run(experiment: Experiment, lanes: Lanes | Sequence[Settings]) -> History:
        history = History()
        history.extend(list(experiment.run(lanes if isinstance(lanes, Lanes) else Lanes(lanes))))
        return history

    return run
