"""What is kept of votes, so as not to be found again ten times a second, is what would be found again."""

from random import Random

import pytest

from deploy.classroom.classroom import Classroom
from deploy.classroom.export import answers_csv
from deploy.classroom.refusal import Refused
from deploy.classroom.simulated_answers import plausible
from deploy.classroom.store import Store
from deploy.classroom.views import common, own, teachers
from tests.deploy.class_questions import ASKED, KINDS, WORTH, Clock, answer, joined, new_room, teach, tell


def seen(room):
    """All that is said of a class, to its teacher and to each member; of who is here now nothing is in the store."""
    return [common(room), teachers(room), *(own(room, each) for each in room.members.values()), answers_csv(room)]


def moves(room, chance):
    """What a teacher and a class may do at any moment."""
    kind = chance.choice(KINDS)
    vote = room.state.vote
    number = 0 if vote is None else vote.id
    asked = {**ASKED[kind], "name": f"{kind} {chance.random()}"}
    yield lambda: teach(room, "ask", lesson="divergence", asked=asked)
    for do in ("close", "again", "decide", "undecided", "take_back"):
        yield lambda do=do: teach(room, do, vote=number)
    if vote is not None:
        yield lambda: teach(room, "reveal", vote=number, worth=WORTH[vote.asked.kind])
    members = list(room.members.values())
    for _ in range(6 if vote is not None and members else 0):
        yield lambda: answer(room, chance.choice(members), plausible(vote.asked, chance), vote.round)
    if len(members) > 2:
        yield lambda: tell(room, chance.choice(members), "leave")
    yield lambda: joined(room)


@pytest.mark.parametrize("seed", range(6))
def test_a_class_that_was_kept_says_what_one_says_that_is_read_anew(seed):
    chance, clock, store = Random(seed), Clock(), Store(":memory:")
    room = new_room(clock, store)
    for _ in range(120):
        clock.now += 30
        try:
            chance.choice(list(moves(room, chance)))()
        except Refused:
            continue
        anew = Classroom(store, room.row, now=clock)
        for each in anew.members.values():
            each.seen = room.members[each.row.id].seen
        assert seen(room) == seen(anew)
    assert any(vote.worth is not None for vote in room.state.votes.values())
    store.close()
