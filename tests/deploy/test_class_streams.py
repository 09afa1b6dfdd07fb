"""What the pages of a class hear: the newest state and no queue, counts now and then, and when a veil lifts itself."""

import asyncio
import contextlib
import time

import pytest

from deploy.classroom import listeners, server
from deploy.classroom.classes import LONGEST_SECONDS
from deploy.classroom.listeners import MOST_PAGES, Listeners
from tests.deploy.class_questions import ASKED, Clock, answer, joined, new_room, put, teach
from tests.deploy.class_server import class_server
from tests.deploy.visitor import await_that

VEIL = 0.6  # instead of ninety seconds
IN_TIME = 2.5  # so long, where a page has to come back before
LIFTED = "Your teacher's connection was lost; go on by yourself."


@pytest.fixture
def served():
    with class_server() as one:
        yield one


@pytest.fixture
def soon(monkeypatch):
    monkeypatch.setattr(listeners, "FROZEN_SECONDS", VEIL)


def test_the_state_comes_first_and_after_each_change(served):
    teacher, member = served.teacher(), served.member()
    with member.stream() as stream:
        name, said = stream.next()
        assert name == "state"
        assert said == member.state()
        teacher.teach("pace", value="follow")
        assert stream.until("state")["class"]["pace"] == "follow"
    assert b"\nid: 1\n" in stream.raw


def test_many_answers_are_few_messages_and_the_last_count_is_told(served):
    teacher, members = served.teacher(), [served.member() for _ in range(30)]
    teacher.teach("ask", lesson="divergence", asked=ASKED["number"])
    with members[0].stream() as stream, teacher.stream() as taught:
        for value, member in enumerate(members):
            assert member.answer(value % 20).status == 200
        began, told = time.monotonic(), 0
        while stream.until("counts")["answered"] < 30:
            told += 1
        print(f"{told + 1} messages of 30 answers; the last {1000 * (time.monotonic() - began):.0f} ms later")
        assert told < 25
        while taught.until("state")["teacher"]["rounds"][0]["answered"] < 30:
            pass


async def heard(listener, seconds):
    """What a page that listens is sent within a time."""
    found = []
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(seconds):
            async for message in listener.messages():
                found.append(message)
    return found


def test_a_slow_page_gets_the_newest_state_alone():
    async def scenario():
        room = new_room(Clock())
        everyone, member = Listeners(room), joined(room)
        page = everyone.open(member).messages()
        assert "event: state\n" in await anext(page)
        for pace in ("follow", "frozen", "free", "follow"):  # while what was sent waits in the connection
            teach(room, "pace", value=pace)
        message = await anext(page)
        assert '"pace":"follow"' in message
        assert '"seq":4' in message
        waiting = asyncio.create_task(anext(page))
        await asyncio.sleep(2 * listeners.COUNT_SECONDS)
        assert not waiting.done(), "the states between are of no use to anybody"
        waiting.cancel()
        everyone.end()

    asyncio.run(scenario())


def test_a_count_does_not_take_the_place_of_a_state_nor_anything_that_of_the_end():
    async def scenario():
        room = new_room(Clock())
        everyone, member = Listeners(room), joined(room)
        slow, other = everyone.open(member), everyone.open(member)
        vote = put(room, "number")
        answer(room, member, 7)
        await asyncio.sleep(2 * listeners.COUNT_SECONDS)
        page = slow.messages()
        assert f'"vote":{{"id":{vote}' in await anext(page)
        everyone.end()
        everyone.close(other)
        slow.hear("counts")
        slow.hear("state")
        assert "event: end\n" in await anext(page)
        with pytest.raises(StopAsyncIteration):
            await anext(page)

    asyncio.run(scenario())


def test_members_are_not_told_that_somebody_is_of_another_mind():
    async def scenario():
        room = new_room(Clock())
        everyone, member, other = Listeners(room), joined(room), joined(room)
        put(room, "number")
        page, taught = everyone.open(member), everyone.open(None)
        for value in (7, 8):
            answer(room, other, value)
            said = {}
            for name, listener in (("member", page), ("teacher", taught)):
                said[name] = await heard(listener, 5 * listeners.COUNT_SECONDS)
        assert said["member"] == []
        assert '"values":[8]' in said["teacher"][-1]
        everyone.end()

    asyncio.run(scenario())


def test_the_oldest_of_too_many_pages_of_a_member_hears_no_more(served):
    member, other = served.member(), served.member()
    with contextlib.ExitStack() as opened:
        others = opened.enter_context(other.stream())
        streams = [opened.enter_context(member.stream()) for _ in range(MOST_PAGES)]
        for stream in (others, *streams):
            stream.until("state")
        opened.enter_context(member.stream()).until("state")
        while (found := streams[0].next()[0]) == "counts":
            pass
        assert found == "enough"  # so that it does not come back and push out another
        assert streams[0].next()[0] == ""
        served.teacher().teach("pace", value="follow")
        for stream in (others, *streams[1:]):
            assert stream.until("state")["class"]["pace"] == "follow"


def test_the_pages_of_who_leaves_hear_no_more(served):
    member = served.member()
    with member.stream() as stream:
        stream.until("state")
        member.tell("leave")
        while (found := stream.next()[0]) == "counts":
            pass
        assert found == ""
    await_that(lambda: served.room.here == 0, "nobody is here")


def test_silence_is_broken(served, monkeypatch):
    monkeypatch.setattr(listeners, "BEAT_SECONDS", 0.1)
    with served.member().stream() as stream:
        stream.until("beat")
        stream.until("beat")


def test_who_goes_is_noticed(served):
    teacher, member = served.teacher(), served.member()
    with member.stream() as stream:
        stream.until("state")
        assert teacher.state()["teacher"]["open"] == 1
    await_that(lambda: teacher.state()["teacher"]["open"] == 0, "the page is gone")


def test_the_end_reaches_all_pages(served):
    teacher, members = served.teacher(), [served.member() for _ in range(5)]
    with contextlib.ExitStack() as opened:
        streams = [opened.enter_context(each.stream()) for each in (*members, teacher)]
        for stream in streams:
            stream.until("state")
        teacher.teach("end")
        for stream in streams:
            stream.until("end")
            assert stream.next() == ("", None)


def test_the_veil_lifts_itself_when_the_last_page_of_the_teacher_is_gone(served, soon):
    teacher, member = served.teacher(), served.member()
    with member.stream() as stream:
        with teacher.stream() as one, teacher.stream() as two:
            one.until("state")
            two.until("state")
            teacher.teach("pace", value="frozen")
            time.sleep(2 * VEIL)
            while stream.until("state")["class"]["pace"] != "frozen":
                pass
            assert member.state()["class"]["pace"] == "frozen"
        gone = time.monotonic()
        while (said := stream.until("state")["class"])["pace"] == "frozen":
            pass
        assert (said["pace"], said["why"]) == ("free", LIFTED)
        assert time.monotonic() - gone > 0.9 * VEIL


def test_the_veil_stays_when_the_teacher_is_back_in_time(served, monkeypatch):
    monkeypatch.setattr(listeners, "FROZEN_SECONDS", IN_TIME)
    teacher, member = served.teacher(), served.member()
    with teacher.stream() as stream:
        stream.until("state")
        teacher.teach("pace", value="frozen")
    with teacher.stream() as stream:
        stream.until("state")
        time.sleep(1.2 * IN_TIME)
        assert member.state()["class"]["pace"] == "frozen"


def test_the_veil_of_a_teacher_who_never_listened_lifts_itself(served, soon):
    with served.member().stream() as stream:
        stream.until("state")
        time.sleep(1.2 * VEIL)  # what was noted when the page came is over
        served.teacher().teach("pace", value="frozen")
        assert stream.until("state")["class"]["pace"] == "frozen"
        assert stream.until("state")["class"]["why"] == LIFTED


def test_the_veil_lifts_itself_after_a_restart_to_which_no_teacher_comes(tmp_path, soon):
    with class_server(tmp_path / "class.sqlite3") as before:
        member = before.member()
        before.teacher().teach("pace", value="frozen")
    with class_server(tmp_path / "class.sqlite3") as after:
        member.port = after.port
        with member.stream() as stream:
            assert stream.until("state")["class"]["pace"] == "frozen"
            assert stream.until("state")["class"]["why"] == LIFTED


def test_the_veil_of_an_ended_class_is_forgotten(served, soon, caplog):
    teacher = served.teacher()
    with teacher.stream() as stream:
        stream.until("state")
        teacher.teach("pace", value="frozen")
        teacher.teach("end")
        stream.until("end")
    time.sleep(1.5 * VEIL)
    assert "Traceback" not in caplog.text
    assert teacher.state()["class"]["pace"] == "free"


def test_a_class_that_grows_too_old_ends_while_it_is_open(monkeypatch):
    monkeypatch.setattr(server, "LOOK_SECONDS", 0.1)
    clock = Clock()
    with class_server() as served:
        teacher, member = served.teacher(), served.member()
        with member.stream() as stream:
            stream.until("state")
            clock.now = time.time() + LONGEST_SECONDS + 1
            monkeypatch.setattr(served.server.classes, "_now", clock)
            stream.until("end")
        assert teacher.state()["teacher"]["joined"] == 0, "the key teaches a new class"
