"""A class over HTTP: who may ask what, what a refusal looks like, and what is kept by a browser."""

import re
import socket
import time

import pytest

from deploy.classroom.handlers import MOST_BYTES, NO_TEACHER, NOBODY, TOO_MANY
from tests.deploy.class_questions import ANSWERS, ASKED, WORTH
from tests.deploy.class_server import class_server

UNCLEAR = "The class did not understand what was asked of it; load the page again."


@pytest.fixture(scope="module")
def served():
    with class_server() as one:
        yield one


@pytest.fixture
def fresh():
    with class_server() as one:
        yield one


def test_a_class_is_joined_by_its_code_and_taught_by_its_key(fresh):
    guest, teacher = fresh.guest(), fresh.teacher()
    code = fresh.room.row.code
    assert guest.ask("PUT", "class/join", f'{{"code": "{code.lower()}"}}').json == {"code": code, "names": False}
    assert guest.cookies == {}
    reply = guest.post("class/join", code=f" {code[:3]}-{code[3:].lower()} ")
    assert reply.json == {"joined": True}
    cookie = reply.headers["Set-Cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=Strict" in cookie
    assert "Path=/" in cookie
    assert teacher.teach("ask", lesson="divergence", asked=ASKED["number"]).json == {"code": code}
    assert guest.answer("7,5").json["answers"] == {"1": 7.5}
    assert guest.state()["class"]["vote"]["answered"] == 1
    assert "teacher" not in guest.state()
    assert teacher.state()["teacher"]["rounds"] == [{"answered": 1, "values": [7.5]}]


def test_who_joins_again_stays_who_he_or_she_is(fresh):
    member = fresh.member()
    alias = member.state()["you"]["alias"]
    assert member.post("class/join", code=fresh.room.row.code).status == 200
    assert member.state()["you"]["alias"] == alias
    assert len(fresh.room.members) == 1


def test_who_leaves_is_in_no_class_any_more(fresh):
    member = fresh.member()
    kept = dict(member.cookies)
    assert member.tell("leave").status == 200
    assert member.cookies["tdl-member"] in ("", '""')
    member.cookies = kept
    assert (member.get("class/state").status, member.get("class/state").refusal) == (401, NOBODY)


def test_an_ended_class_is_a_new_one_to_its_teacher_and_none_to_its_members(fresh):
    teacher, member, before = fresh.teacher(), fresh.member(), fresh.room.row.code
    code = teacher.teach("end").json["code"]
    assert code == fresh.room.row.code != before
    assert member.get("class/state").refusal == NOBODY
    assert teacher.state()["class"]["code"] == code
    refused = fresh.guest().post("class/join", code=before)
    assert refused.status == 404
    assert refused.refusal == "No class has this code. Look at the wall again: the code may be a new one."


@pytest.mark.parametrize("path", ["teach", "answers.csv", "join.svg"])
@pytest.mark.parametrize("who", ["guest", "member"])
def test_what_is_the_teachers_gives_others_one_sentence(served, path, who):
    asking = getattr(served, who)()
    reply = asking.teach("pace", value="frozen") if path == "teach" else asking.get(f"class/{path}")
    assert (reply.status, reply.json) == (401, {"refusal": NO_TEACHER})


@pytest.mark.parametrize("path", ["state", "stream", "member"])
def test_what_is_a_members_gives_others_one_sentence(served, path):
    guest = served.guest()
    reply = guest.tell("hide", value=True) if path == "member" else guest.get(f"class/{path}")
    assert (reply.status, reply.json) == (401, {"refusal": NOBODY})


def test_a_code_or_a_cookie_or_an_alias_is_no_key(served):
    member = served.member()
    for tried in (served.room.row.code, *member.cookies.values(), member.state()["you"]["alias"], "", "\ud800"):
        reply = served.guest().post("class/key", key=tried)
        assert (reply.status, reply.refusal) == (401, NO_TEACHER)
    member.cookies["tdl-teacher"] = member.cookies["tdl-member"]
    assert member.teach("pace", value="frozen").status == 401


def test_guessing_is_limited_and_says_so_to_all_who_guess(fresh):
    guest = fresh.guest()
    replies = [guest.post("class/join", code="AAAAAA") for _ in range(20)]
    replies += [guest.post("class/key", key="x") for _ in range(20)]
    assert {reply.status for reply in replies} == {404, 401}
    for reply in (
        guest.post("class/join", code=fresh.room.row.code),
        guest.ask("PUT", "class/join", "{}"),
        guest.post("class/key", key="x"),
    ):
        assert (reply.status, reply.refusal) == (429, TOO_MANY)
    assert not fresh.room.members
    assert guest.post("class/key", key=fresh.room.row.key).status == 200, "those who guess do not keep the teacher out"


def test_the_pages_know_where_they_are_and_no_secret(served):
    for path in ("r", "r/", f"r/{served.room.row.code}", "r/%00", "class", "class/"):
        reply = served.guest().get(path)
        assert reply.status == 200
        assert reply.headers["Content-Type"].startswith("text/html")
        assert served.room.row.key not in reply.body.decode()
        files = re.findall(r'(?:src|href)="/(class/files/[^"]+)"', reply.body.decode())
        assert len(files) == 2
        for file in files:
            found = served.guest().get(file)
            assert found.status == 200
            assert "immutable" in found.headers["Cache-Control"]
    assert served.guest().get("class/files/other.js").status == 404


@pytest.mark.parametrize("path", ["robots.txt", "rabbit", "render", "r/a/b", "class/other", "classes", "xr"])
def test_addresses_beside_those_of_a_class_are_not_its(served, path):
    reply = served.guest().get(path)
    assert reply.status == 404
    assert b"tdl-class" not in reply.body


def test_the_picture_is_of_the_address_to_join_at(served):
    reply = served.teacher().get("class/join.svg")
    assert reply.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg xmlns=" in reply.body


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        ("http://127.0.0.1:{port}", 200),
        ("http://evil.example", 403),
        ("null", 403),
        ("http://[", 403),
        ("http://127.0.0.1", 403),
        ("", 403),
    ],
)
def test_pages_of_other_sites_cannot_ask(served, origin, status):
    member = served.member()
    headers = {"Origin": origin.format(port=served.port)}
    reply = member.ask("POST", "class/member", '{"do": "hide", "value": true}', headers)
    assert reply.status == status
    if status == 403:
        assert reply.refusal == "Another site asked for this."


@pytest.mark.parametrize("body", ["", "[]", "{", '{"do": "fly"}', '{"do": "end"}', '{"do": "hide", "value": 1}'])
def test_what_is_not_understood_is_one_sentence(served, body):
    reply = served.member().ask("POST", "class/member", body)
    assert (reply.status, reply.refusal) == (400, UNCLEAR)


def test_what_a_class_does_not_know_to_do_is_one_sentence(served):
    for method, path in (("GET", "member"), ("DELETE", "state"), ("PATCH", "teach"), ("POST", "stream")):
        reply = served.member().ask(method, f"class/{path}")
        assert reply.status == 405
        assert reply.refusal == "The class could not do this; load the page again."


@pytest.mark.parametrize("is_announced", [True, False])
@pytest.mark.parametrize("size", [MOST_BYTES + 1, 2**20, 2**22])
def test_an_answer_of_a_megabyte_is_one_sentence(served, size, is_announced):
    """It is read to its end: a connection that is cut would leave the page without the sentence."""
    body = b" " * size
    reply = served.member().ask("POST", "class/member", body if is_announced else iter([body[:9], body[9:]]))
    assert (reply.status, reply.refusal) == (413, "This is too long for an answer.")


def raw(served, request, seconds=5.0):
    """What the server says to bytes, until it ends the connection or is silent."""
    with socket.create_connection(("127.0.0.1", served.port), timeout=seconds) as connection:
        connection.sendall(request)
        connection.shutdown(socket.SHUT_WR)
        parts = []
        while part := connection.recv(65536):
            parts.append(part)
        return b"".join(parts)


@pytest.mark.parametrize("length", ["x", "-1", "1, 2", "1e9", "99999999999999999999", "0x10", "+5"])
def test_a_length_that_is_none_or_has_no_end_is_refused(served, length, caplog):
    said = raw(served, f"POST /class/member HTTP/1.1\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{{}}".encode())
    assert not said.startswith(b"HTTP/1.1 5")
    assert "Traceback" not in caplog.text
    assert served.guest().get("r").status == 200


def test_a_client_that_leaves_in_the_middle_of_its_answer_is_no_fault(served, caplog):
    for path in ("member", "stream"):
        method = "POST" if path == "member" else "GET"
        assert (
            raw(served, f"{method} /class/{path} HTTP/1.1\r\nHost: x\r\nContent-Length: 50\r\n\r\n{{".encode()) == b""
        )
    time.sleep(0.1)
    assert "Traceback" not in caplog.text
    assert served.guest().get("r").status == 200


def test_a_file_of_answers_is_for_spreadsheets(fresh):
    teacher, member = fresh.teacher(), fresh.member()
    teacher.teach("ask", lesson="divergence", asked=ASKED["choice"])
    member.answer(1)
    vote = teacher.state()["class"]["vote"]["id"]
    teacher.teach("reveal", vote=vote, worth=WORTH["choice"])
    reply = teacher.get("class/answers.csv")
    assert reply.headers["Content-Type"] == "text/csv; charset=utf-8"
    assert reply.headers["Content-Disposition"] == f'attachment; filename="class-{fresh.room.row.code}.csv"'
    assert reply.body.startswith("\ufeffalias,".encode())
    assert "It does not,It does not,right," in reply.body.decode()


def test_what_is_of_this_moment_is_kept_by_nobody(served):
    member = served.member()
    for path in ("class/state", "class/teach", "r"):
        assert member.get(path).headers["Cache-Control"] == "no-store"


def test_two_teachers_lead_one_class(fresh):
    """Two browsers with the key: what one does the other sees, and what both do at once happens once."""
    one, other = fresh.teacher(), fresh.teacher()
    member = fresh.member()
    assert one.teach("ask", lesson="divergence", asked=ASKED["number"]).status == 200
    assert other.teach("ask", lesson="divergence", asked=ASKED["number"]).status == 200
    refused = other.teach("ask", lesson="divergence", asked=ASKED["choice"])
    assert (refused.status, refused.refusal) == (
        409,
        "Another question is open: reveal it, or take it back, first.",
    )
    vote = one.state()["class"]["vote"]["id"]
    for do in ("close", "again", "close", "decide"):
        for teacher in (one, other):
            assert teacher.teach(do, vote=vote).status == 200, do
        assert one.get("class/state").body == other.get("class/state").body
    assert one.state()["class"]["vote"]["round"] == 2
    worth = {**WORTH["number"], "sentence": "Another run says so."}
    assert one.teach("reveal", vote=vote, worth=WORTH["number"]).status == 200
    assert other.teach("reveal", vote=vote, worth=worth).status == 200
    assert member.state()["class"]["vote"]["worth"]["sentence"] == WORTH["number"]["sentence"], "the first one counts"


def test_a_server_that_is_started_again_answers_with_the_same_bytes(tmp_path):
    def answers(served):
        for guest in guests:
            guest.port = served.port
        return [guest.get(path).body for guest in guests for path in ("class/state", "class/answers.csv", "r", "class")]

    with class_server(tmp_path / "class.sqlite3") as served:
        guests = [served.teacher(), *(served.member() for _ in range(3))]
        guests[0].teach("ask", lesson="divergence", asked=ASKED["sketch"])
        for guest, value in zip(guests[1:], ANSWERS["sketch"], strict=False):
            guest.answer(value)
        before = answers(served)
    with class_server(tmp_path / "class.sqlite3") as served:
        assert answers(served) == before
