"""What a class leaves behind: the same after a restart, nothing after its end; a sentence where there is no file."""

import contextlib
import os
import sqlite3
import stat
from pathlib import Path

import hypothesis
import hypothesis.strategies as st
import pytest

from deploy.classroom import store as class_store
from deploy.classroom.classes import LONGEST_SECONDS, Classes
from deploy.classroom.export import answers_csv
from deploy.classroom.refusal import Refused
from deploy.classroom.server import Server
from deploy.classroom.store import Store
from deploy.classroom.views import common, compact, own, teachers
from tests.deploy.class_questions import ANSWERS, ASKED, KINDS, WORTH, Clock, answer, joined, put, teach, tell


def views(room):
    """All that anybody sees of a class."""
    members = [own(room, member) for member in room.members.values()]
    return compact([common(room), teachers(room), members]).encode() + answers_csv(room).encode()


def files_of(path):
    """What a store's files hold, one after the other."""
    return b"".join(each.read_bytes() for each in sorted(path.parent.glob(f"{path.name}*")))


@pytest.fixture
def clock():
    return Clock()


@pytest.fixture
def opened(tmp_path, clock):
    """Opens the classes that the file has, as a server that is started does; the ones before are closed."""
    stores = []

    def again():
        for each in stores:
            each.close()
        stores[:] = [Store(tmp_path / "class.sqlite3")]
        return Classes(stores[0], now=clock)

    yield again
    for each in stores:
        each.close()


def a_whole_hour(room, clock):
    """All that may happen in a class."""
    teach(room, "names", value=True)
    members = [joined(room, f"Nick{number}") for number in range(5)]
    for kind in KINDS:
        vote = put(room, kind)
        for member, value in zip(members, ANSWERS[kind], strict=False):
            clock.now += 0.25
            answer(room, member, value)
        answer(room, members[0], ANSWERS[kind][2])
        teach(room, "close", vote=vote)
        teach(room, "again", vote=vote)
        answer(room, members[1], ANSWERS[kind][3], 2)
        teach(room, "reveal", vote=vote, worth=WORTH[kind])
    teach(room, "take_back", vote=put(room, "choice"))
    teach(room, "place", page="divergence", section="The wall")
    teach(room, "push", page="divergence", lab="parabola", search="lab=parabola")
    teach(room, "collect", page="divergence", lab="parabola", title="Fastest")
    for member in members:
        tell(room, member, "hand_in", collection=room.state.collection.id, search=f"lab=parabola&n={member.row.id}")
    tell(room, members[1], "hide", value=True)
    tell(room, members[4], "hide", value=True)
    tell(room, members[4], "leave")
    teach(room, "blank", member=members[2].row.id)
    teach(room, "pace", value="frozen")
    put(room, "number")
    answer(room, members[3], 12)


def test_a_server_that_is_started_again_shows_everybody_the_same(opened, clock):
    room = opened().newest()
    a_whole_hour(room, clock)
    again = opened().newest()
    assert again.row == room.row
    assert views(again) == views(room)
    assert list(again.members) == list(room.members)


def of(do, **content):
    """Commands of a kind, with what each of its parts may be."""
    return st.tuples(st.just(do), st.fixed_dictionaries(content))


VOTES, EVERY_ANSWER = st.integers(1, 12), [value for values in ANSWERS.values() for value in values]
COMMANDS = st.one_of(
    of("ask", lesson=st.just("x"), asked=st.sampled_from([*ASKED.values()])),
    *(of(do, vote=VOTES) for do in ("close", "again", "decide", "undecided", "take_back")),
    of("reveal", vote=VOTES, worth=st.sampled_from([*WORTH.values()])),
    of("pace", value=st.sampled_from(["free", "follow", "frozen"])),
    of("names", value=st.booleans()),
    of("collect", page=st.just("x"), lab=st.just("y"), title=st.just("z")),
    of("collected"),
    of("watch", page=st.just("x"), lab=st.sampled_from(["", "y"])),
    of("blank", member=st.integers(1, 6)),
)
SAID = st.one_of(
    of("answer", vote=VOTES, round=st.integers(1, 2), value=st.sampled_from(EVERY_ANSWER)),
    of("hand_in", collection=VOTES, search=st.just("a=1")),
    of("hide", value=st.booleans()),
    of("leave"),
)


@hypothesis.given(steps=st.lists(st.one_of(st.just(None), COMMANDS, st.tuples(st.integers(0, 5), SAID)), max_size=60))
def test_whatever_happens_is_done_or_refused_and_is_the_same_after_a_restart(steps):
    store, clock, sentences = Store(":memory:"), Clock(), set()
    room = Classes(store, now=clock).open()
    for step in steps:
        clock.now += 1
        try:
            match step:
                case None:
                    room.join("Ada")
                case (int() as index, (do, content)):
                    if room.members:
                        tell(room, [*room.members.values()][index % len(room.members)], do, **content)
                case (do, content):
                    teach(room, do, **content)
        except Refused as refused:
            sentences.add(str(refused))
    assert all(sentence.endswith(".") for sentence in sentences)
    for member in room.members.values():  # the time of last words is no part of what is kept
        member.seen = member.row.joined
    assert views(Classes(store, now=clock).newest()) == views(room)
    store.close()


SECRET = 13.37421


def test_an_ended_class_leaves_nothing_of_its_answers(tmp_path, opened):
    classes = opened()
    room = classes.newest()
    teach(room, "names", value=True)
    member = joined(room, "Nightingale")
    put(room, "number")
    answer(room, member, SECRET)
    teach(room, "collect", page="divergence", lab="parabola", title="Fastest")
    tell(room, member, "hand_in", collection=room.state.collection.id, search="lab=parabola&ratio=1.61803")
    written = (str(SECRET), "Nightingale", "1.61803", member.row.alias, member.row.token, "Where will it be?")
    assert all(text.encode() in files_of(tmp_path / "class.sqlite3") for text in written)
    after = classes.end(room)
    assert not any(text.encode() in files_of(tmp_path / "class.sqlite3") for text in written)
    assert after.row.key == room.row.key
    assert after.row.code != room.row.code
    assert classes.by_code(room.row.code) is None
    assert classes.by_key(room.row.key) is after
    assert opened().newest().row == after.row


def test_who_leaves_and_what_is_blanked_is_overwritten_too(tmp_path, opened):
    room = opened().newest()
    teach(room, "names", value=True)
    member, other = joined(room, "Nightingale"), joined(room, "Lovelace")
    put(room, "number")
    answer(room, member, SECRET)
    teach(room, "collect", page="divergence", lab="parabola", title="Fastest")
    tell(room, member, "hand_in", collection=room.state.collection.id, search="lab=parabola&ratio=1.61803")
    tell(room, member, "leave")
    teach(room, "blank", member=other.row.id)
    kept = files_of(tmp_path / "class.sqlite3")
    for text in (str(SECRET), "Nightingale", "Lovelace", "1.61803", member.row.alias, member.row.token):
        assert text.encode() not in kept
    assert other.row.alias.encode() in kept


def test_a_week_later_a_class_is_gone(opened, clock, tmp_path):
    classes = opened()
    old = classes.newest()
    put(old, "number")
    answer(old, joined(old), SECRET)
    clock.now += LONGEST_SECONDS - 1
    new = classes.open()
    classes.expire()
    assert classes.by_code(old.row.code) is old
    clock.now += 2
    classes.expire()
    assert classes.by_code(old.row.code) is None
    assert classes.by_key(old.row.key) is None
    assert classes.by_code(new.row.code) is new
    assert str(SECRET).encode() not in files_of(tmp_path / "class.sqlite3")
    assert [row.id for row in classes.store.rooms()] == [new.row.id]
    clock.now += LONGEST_SECONDS
    assert opened().newest().row.id != new.row.id, "a server that is started looks, too"


def test_files_are_for_this_user_alone(tmp_path):
    store = Store(tmp_path / "folder" / "class.sqlite3")
    store.add_room("ABC", "key", 0.0)
    assert stat.S_IMODE((tmp_path / "folder").stat().st_mode) == 0o700
    for path in (tmp_path / "folder").iterdir():
        assert stat.S_IMODE(path.stat().st_mode) == 0o600, path
    store.close()


def trouble_with(path):
    """The sentence of a server that cannot use a file."""
    with pytest.raises(OSError, match="class's file") as caught:
        Server(path, "/", [])
    sentence = str(caught.value)
    assert sentence.startswith(f"The class's file {path} ")
    assert sentence.endswith(".")
    assert "\n" not in sentence
    return sentence.removeprefix(f"The class's file {path} ")


def test_a_file_that_is_none_of_ours_is_a_sentence(tmp_path):
    other = tmp_path / "letter.txt"
    other.write_text("Dear reader, " * 100)
    assert trouble_with(other) == "cannot be used: file is not a database."
    assert other.read_text() == "Dear reader, " * 100


@pytest.mark.parametrize("made", ["PRAGMA user_version = 7", "CREATE TABLE theirs (id)"])
def test_a_file_of_another_version_or_program_is_a_sentence_and_stays_as_it_is(tmp_path, made):
    path = tmp_path / "class.sqlite3"
    with contextlib.closing(sqlite3.connect(path, isolation_level=None)) as base:
        base.execute(made)
    before = path.read_bytes()
    assert trouble_with(path) == "is of another version of the lessons; name another file."
    assert path.read_bytes() == before


def test_a_place_where_nothing_can_be_written_is_a_sentence(tmp_path):
    (tmp_path / "file").write_text("")
    assert trouble_with(tmp_path / "file" / "folder" / "class.sqlite3") == "cannot be used: Not a directory."
    assert trouble_with(tmp_path) == "cannot be used: Is a directory."


@pytest.mark.skipif(os.name != "posix" or os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_of_others_is_a_sentence(tmp_path):
    (tmp_path / "theirs").mkdir(mode=0o500)
    assert trouble_with(tmp_path / "theirs" / "class.sqlite3") == "cannot be used: Permission denied."


def test_two_servers_do_not_share_a_file(tmp_path, monkeypatch):
    monkeypatch.setattr(class_store, "LOCK_SECONDS", 0.1)
    path = tmp_path / "class.sqlite3"
    store = Store(path)
    assert trouble_with(path) == "cannot be used: another server uses it."
    store.close()
    Store(path).close()


def test_without_a_file_the_users_data_folder_has_it(tmp_path, monkeypatch):
    monkeypatch.setenv("JUPYTER_DATA_DIR", str(tmp_path / "data"))
    server = Server("", "/", [])
    assert Path(server.classes.store.path) == tmp_path / "data" / "training-dynamics-lab" / "class.sqlite3"
    server.classes.store.close()
