"""Runs that simulated learners hand in: each can be trained beside the others in the lab that collects them."""

from random import Random
from urllib.parse import quote

import pytest
from headless import VIEWS

from deploy.classroom.commands import OF_MEMBER, parsed
from deploy.classroom.simulated_runs import plausible_run
from widgets.lab.gathered import gathered

COMPARING = [name for name, view in VIEWS.items() if view.spread is None and view.compare]


@pytest.mark.parametrize("name", COMPARING)
def test_a_lab_trains_what_was_handed_in_side_by_side(name):
    runs = [plausible_run(name, Random(seed)) for seed in range(30)]
    if None in runs:
        assert set(runs) == {None}
        return
    for run in runs:
        parsed(OF_MEMBER, f'{{"do": "hand_in", "collection": 1, "search": "{run}"}}'.encode())
    together = gathered(VIEWS[name](), runs)
    assert together.unusable == 0
    assert len(together.settings) > 5


def test_most_labs_have_something_to_move():
    assert sum(plausible_run(name, Random(0)) is not None for name in COMPARING) > 0.8 * len(COMPARING)


@pytest.mark.parametrize("name", ["no such lab", "", quote("../x")])
def test_of_no_lab_there_is_no_run(name):
    assert plausible_run(name, Random(0)) is None
