"""A rehearsal: simulated learners join a class that is served, answer both rounds, and leave nothing behind."""

import asyncio
import contextlib
import os
import signal
import subprocess
import sys

import pytest
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application

from deploy.classroom import classroom
from deploy.classroom.client import ClassClient, NoAnswer, connections, read_address
from deploy.classroom.refusal import Refused
from deploy.classroom.rehearsal import Rehearsal, main
from tests.browser.served import free_port
from tests.deploy.served_class import QUESTIONS, comes, served_class

COMMAND = [sys.executable, "-m", "deploy.classroom", "rehearse"]
HURRY = 40.0  # half of them think for 0.2 s


@contextlib.asynccontextmanager
async def rehearsed(served, students=12):
    """A rehearsal that goes on until the end, when all leave."""
    rehearsal = Rehearsal(served.address, served.room.row.code, students, HURRY, seed=3)
    going_on = asyncio.ensure_future(rehearsal.go_on())
    try:
        yield rehearsal
    finally:
        going_on.cancel()
        await asyncio.gather(going_on, return_exceptions=True)
        assert await rehearsal.leave() == 0


async def put(teacher, served, name):
    """Put a question to the class; returns the vote."""
    await teacher.post("class/teach", {"do": "ask", "lesson": "divergence", "asked": QUESTIONS[name]})
    return served.room.state.vote


@pytest.mark.parametrize("name", QUESTIONS)
def test_learners_join_answer_both_rounds_and_leave_nothing(name, tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            async with rehearsed(served) as rehearsal:
                await comes(lambda: served.room.here == 12)
                await comes(lambda: rehearsal.line() == "12 have joined; no question is open.")
                vote = await put(teacher, served, name)
                await comes(lambda: len(vote.of(1)) >= 9)
                answered = [("1, open", rehearsal.line())]
                await teacher.post("class/teach", {"do": "close", "vote": vote.id})
                await teacher.post("class/teach", {"do": "again", "vote": vote.id})
                await comes(lambda: len(vote.of(2)) >= 9)
                answered.append(("2, open", rehearsal.line()))
            assert f"have answered “What of the {name}?” (open)." in answered[0][1]
            assert answered[1][1].endswith("(open, second vote).")
            assert served.room.members == {}
            assert vote.of(1) == vote.of(2) == {}
            assert list(served.server.classes.store.members(served.room.row.id)) == []

    asyncio.run(hour())


def test_they_follow_the_teacher_from_section_to_section(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            async with rehearsed(served):
                await comes(lambda: served.room.here == 12)
                await teacher.post("class/teach", {"do": "place", "page": "divergence", "section": "The wall"})
                await comes(lambda: all(each.at for each in served.room.members.values()))
                assert {each.at for each in served.room.members.values()} == {("divergence", "The wall")}

    asyncio.run(hour())


def test_they_hand_runs_in_where_the_teacher_collects_them(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            async with rehearsed(served):
                await comes(lambda: served.room.here == 12)
                for lab in ("no such lab", "parabola"):
                    collected = {"do": "collect", "page": "03_divergence", "lab": lab, "title": "The parabola"}
                    await teacher.post("class/teach", collected)
                await comes(lambda: len(served.room.state.collection.runs) >= 9, 60)
                assert len(set(served.room.state.collection.runs.values())) > 3

    asyncio.run(hour())


def test_a_server_that_is_started_again_finds_them_where_they_were(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            async with rehearsed(served) as rehearsal:
                await comes(lambda: served.room.here == 12)
                await put(teacher, served, "number")
                await comes(lambda: served.room.state.vote.of(1))
                await served.stop()
                await comes(lambda: rehearsal.line() == "12 have joined; they wait for the server.")
                await served.start()
                vote = served.room.state.vote
                await comes(lambda: len(vote.of(1)) >= 9)
                await comes(lambda: all(each.is_heard for each in rehearsal.learners))
                assert len(served.room.members) == 12

    asyncio.run(hour())


def test_it_is_over_when_the_teacher_ends_the_class(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            rehearsal = Rehearsal(served.address, served.room.row.code, 4, HURRY)
            going_on = asyncio.ensure_future(rehearsal.go_on())
            await comes(lambda: served.room.here == 4)
            await teacher.post("class/teach", {"do": "end"})
            await asyncio.wait_for(going_on, 20)
            assert rehearsal.line() == "0 have joined; no question is open."

    asyncio.run(hour())


def test_a_full_class_is_said_and_those_who_are_in_it_stay(tmp_path, monkeypatch):
    monkeypatch.setattr(classroom, "MOST_MEMBERS", 3)

    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served, rehearsed(served) as rehearsal:
            await comes(lambda: "full" in rehearsal.line())
            assert rehearsal.line().startswith("3 have joined (The class is full: 3 have joined.)")
            assert len(served.room.members) == 3

    asyncio.run(hour())


def test_who_leaves_hears_no_more(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            page = ClassClient(connections(1), served.address)
            await page.post("class/join", {"code": served.room.row.code})
            heard = page.events()
            assert (await anext(heard))[0] == "state"
            await page.post("class/member", {"do": "leave"})
            assert [kind for kind, _ in [each async for each in heard] if kind != "state"] == []
            with pytest.raises(Refused, match="in no class"):
                await anext(page.events())

    asyncio.run(asyncio.wait_for(hour(), 20))


def test_ctrl_c_lets_all_leave(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            options = [f"--address={served.address}r/{served.room.row.code}", "--students=5", f"--hurry={HURRY}"]
            for ending in (signal.SIGINT, signal.SIGTERM):
                process = await asyncio.create_subprocess_exec(
                    *COMMAND, *options, stdout=subprocess.PIPE, stderr=subprocess.PIPE
                )
                try:
                    await comes(lambda: served.room.here == 5, 60)
                    process.send_signal(ending)
                    said, trouble = await asyncio.wait_for(process.communicate(), 60)
                finally:
                    if process.returncode is None:
                        process.kill()
                assert (process.returncode, trouble) == (0, b"")
                assert said.decode().splitlines()[-1] == "All have left the class."
                assert served.room.members == {}

    asyncio.run(hour())


def test_a_wrong_code_and_no_class_are_one_sentence(tmp_path):
    async def served_and_asked():
        async with served_class(tmp_path / "class.sqlite3") as served:
            wrong = await ran(f"--address={served.address}", "--code=AAAAAA")
        (socket,) = bind_sockets(0, "127.0.0.1")
        other = HTTPServer(Application([]))
        other.add_socket(socket)
        none = await ran(f"--address=http://127.0.0.1:{socket.getsockname()[1]}", "--code=AAAAAA")
        other.stop()
        return wrong, none

    async def ran(*options):
        process = await asyncio.create_subprocess_exec(*COMMAND, *options, stderr=subprocess.PIPE)
        _, said = await process.communicate()
        assert process.returncode == 1
        return said.decode()

    wrong, none = asyncio.run(served_and_asked())
    assert wrong == "No class has this code. Look at the wall again: the code may be a new one.\n"
    assert none.count("\n") == 1
    assert "has no class: start it with --class" in none


@pytest.mark.parametrize(
    ("options", "sentence"),
    [
        (["--address=ftp://127.0.0.1", "--code=AAAAAA"], "is no address of a server"),
        (["--address=http://", "--code=AAAAAA"], "is no address of a server"),
        (["--address=http://127.0.0.1:99999", "--code=AAAAAA"], "is no address of a server"),
        ([], "--code CODE"),
    ],
)
def test_what_cannot_be_asked_for_is_one_sentence(options, sentence, capsys, monkeypatch):
    monkeypatch.setattr(sys.stdin, "isatty", lambda: False, raising=False)
    assert main(options) == 1
    said = capsys.readouterr().err
    assert sentence in said
    assert said.count("\n") == 1


@pytest.mark.parametrize("option", ["--students=0", "--students=501", "--students=many", "--hurry=0", "--hurry=nan"])
def test_numbers_have_bounds(option, capsys):
    with pytest.raises(SystemExit) as ended:
        main([option, "--code=AAAAAA"])
    assert ended.value.code == 2
    assert option.partition("=")[0] in capsys.readouterr().err


def test_the_command_says_in_one_sentence_that_nobody_answers():
    address = f"http://127.0.0.1:{free_port()}/"
    command = [sys.executable, "-m", "deploy.command", "rehearse", f"--address={address}", "--code=AAAAAA"]
    ran = subprocess.run(command, capture_output=True, text=True, env=dict(os.environ))
    assert (ran.returncode, ran.stdout) == (1, "")
    assert ran.stderr.startswith(f"Nothing answers at {address}: ")
    assert ran.stderr.count("\n") == 1


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("http://127.0.0.1:8866", ("http://127.0.0.1:8866/", "")),
        ("192.168.0.7:8866/", ("http://192.168.0.7:8866/", "")),
        ("http://192.168.0.7:8866/r/K3MXA7", ("http://192.168.0.7:8866/", "K3MXA7")),
        ("https://a.example/services/class/r/K3MXA7/", ("https://a.example/services/class/", "K3MXA7")),
        ("http://127.0.0.1:8866/class/#the-teachers-key", ("http://127.0.0.1:8866/", "")),
        ("http://127.0.0.1:8866/r", ("http://127.0.0.1:8866/", "")),
    ],
)
def test_addresses_are_read_as_they_are_copied(text, read):
    assert read_address(text) == read


def test_a_server_that_goes_away_is_no_answer(tmp_path):
    async def hour():
        async with served_class(tmp_path / "class.sqlite3") as served:
            teacher = await served.teacher()
            heard = teacher.events()
            await anext(heard)
        with contextlib.suppress(NoAnswer):
            assert [each async for each in heard] == []
        with pytest.raises(NoAnswer, match="Nothing answers"):
            await teacher.post("class/teach", {"do": "collected"})

    asyncio.run(hour())
