"""Ten thousand hostile requests: none is a fault of the server, none occupies it, none changes anything."""

import contextlib
import copy
import http.client
import json
import logging
import random
import socket
import threading
import time

import pytest

from deploy.classroom import classroom
from tests.deploy.class_questions import ANSWERS, ASKED, COLUMNS, WORTH
from tests.deploy.class_server import class_server

pytestmark = pytest.mark.slow

REQUESTS = 10_000
BEARABLE = 1.0
METHODS = ("GET", "POST", "PUT", "DELETE", "PATCH", "OPTIONS", "HEAD", "PROPFIND")
PATHS = (
    *("state", "join", "member", "key", "teach", "answers.csv", "join.svg", "files/x.js", "files/../store.py", "x"),
    *("stream?since=x", "state?since=%ff", "%2e%2e/%2e%2e/etc/passwd", "files/%00", "member/", "a" * 3000),
)
PLACES = (*(f"class/{path}" for path in PATHS), "class", "r", "r/AAAAAA", "r/%ff", "r/<script>", "r/a/b", "robots.txt")
# No command has any of these anywhere.
DEEP = "[" * 3000 + "]" * 3000
HOSTILE = (
    *("NaN", "Infinity", "-Infinity", "1e999", "9" * 400, "9" * 6000, "{}", "[[]]", DEEP, '{"a":' * 900 + "1"),
    *('"\\ud800"', '"' + "x" * 9000 + '"', "[[[[1]]]]", "[" + "0," * 60000 + "0]", "-0x10", "'a'"),
)
COMMANDS_OF_MEMBERS = (
    {"do": "answer", "vote": 1, "round": 1, "value": 7},
    {"do": "answer", "vote": 1, "round": 1, "value": ANSWERS["sketch"][0]},
    {"do": "hand_in", "collection": 2, "search": "lab=parabola&ratio=1.5"},
    {"do": "glimpse", "loss": [1.0, 0.5, None], "step": 3, "steps": 9, "query": "lab=parabola"},
    {"do": "hide", "value": True},
    {"do": "at", "page": "divergence", "section": "The wall"},
)
COMMANDS_OF_TEACHERS = (
    *({"do": "ask", "lesson": "divergence", "asked": asked} for asked in ASKED.values()),
    *({"do": do, "vote": 1} for do in ("close", "again", "decide", "undecided", "take_back")),
    *({"do": "reveal", "vote": 1, "worth": worth} for worth in WORTH.values()),
    {"do": "pace", "value": "frozen"},
    {"do": "names", "value": True},
    {"do": "place", "page": "divergence", "section": "The wall"},
    {"do": "push", "page": "divergence", "lab": "parabola", "search": "lab=parabola"},
    {"do": "watch", "page": "divergence", "lab": "parabola"},
    {"do": "collect", "page": "divergence", "lab": "parabola", "title": "Fastest"},
    {"do": "blank", "member": 1},
)
COOKIES = (
    *("tdl-member", "tdl-member=", "tdl-teacher==;;;=", 'tdl-member="\\351\\000"', "tdl-teacher=" + "a" * 4000),
    *("tdl-member=x; tdl-member=y", "\x7f=\x01", "tdl-member=é", "; ; ;", "a=b" * 900, 'tdl-teacher="unclosed'),
)
LENGTHS = ("x", "-1", "1, 2", "1e9", "0x10", "99999999999999999999", "", "1\t1", "٣")


def spoilt(command, chance):
    """A command as JSON, with one of its values replaced by what is none, or one too many, or one too few."""
    command, mark = copy.deepcopy(command), "\u2603"
    place = command
    while True:
        keys = [*place] if isinstance(place, dict) else [*range(len(place))]
        key = chance.choice(keys)
        inner = place[key]
        if not inner or not isinstance(inner, dict | list) or chance.random() < 0.3:
            break
        place = inner
    match chance.randrange(6):
        case 0 if isinstance(place, dict) and place is command:
            del place[key]
        case 1 if isinstance(place, dict):
            place[f"{key}_"] = inner
        case _:
            place[key] = mark
    return json.dumps(command, ensure_ascii=False).replace(f'"{mark}"', chance.choice(HOSTILE))


class Attack:
    """Sends one hostile request after the other."""

    def __init__(self, served, teacher, member):
        self.chance, self.port = random.Random(20), served.port
        self.cookies = {
            "member": {"Cookie": f"tdl-member={member.cookies['tdl-member']}"},
            "teacher": {"Cookie": f"tdl-teacher={teacher.cookies['tdl-teacher']}"},
        }
        self.line = http.client.HTTPConnection("127.0.0.1", self.port, timeout=10)
        self.statuses = {}

    def one(self):
        """Send one; note what came back."""
        kind = self.chance.choices(
            (self.of_a_member, self.of_a_teacher, self.of_another_site, self.of_anybody, self.large, self.malformed),
            (30, 30, 8, 30, 0.5, 2),
        )[0]
        status = kind()
        self.statuses[status] = self.statuses.get(status, 0) + 1
        return status

    def ask(self, method, path, body=None, headers=None):
        try:
            self.line.request(method, f"/{path}", body, headers or {})
            response = self.line.getresponse()
            response.read()
            if response.status == 403:  # the body was not looked at: the connection ends
                self.line.close()
            return response.status
        except (http.client.HTTPException, OSError):  # it may end the connection; it must answer the next one
            self.line.close()
            return 0

    def of_a_member(self):
        body = spoilt(self.chance.choice(COMMANDS_OF_MEMBERS), self.chance)
        return self.ask("POST", "class/member", body.encode(), self.cookies["member"])

    def of_a_teacher(self):
        body = spoilt(self.chance.choice(COMMANDS_OF_TEACHERS), self.chance)
        return self.ask("POST", "class/teach", body.encode(), self.cookies["teacher"])

    def of_another_site(self):
        who, path, commands = self.chance.choice(
            [("member", "member", COMMANDS_OF_MEMBERS), ("teacher", "teach", COMMANDS_OF_TEACHERS)]
        )
        headers = {
            **self.cookies[who],
            "Origin": self.chance.choice(["http://evil.example", "null", "http://[", "x" * 500]),
        }
        return self.ask("POST", f"class/{path}", json.dumps(self.chance.choice(commands)), headers)

    def of_anybody(self):
        body = self.chance.choice([None, b"", self.chance.randbytes(200), self.chance.choice(HOSTILE).encode()])
        content = {
            name: self.chance.choice(["AAAAAA", 7, None, "\ud800", [], "x" * 999])
            for name in ("code", "key", "nickname")
        }
        body = json.dumps(content).encode() if self.chance.random() < 0.3 else body
        cookie = {"Cookie": self.chance.choice(COOKIES).encode("latin-1", "replace")}
        return self.ask(self.chance.choice(METHODS), self.chance.choice(PLACES), body, cookie)

    def large(self):
        body = b"[" * 2**20 if self.chance.random() < 0.5 else b'{"do": "answer", "value": [' + b"1," * 2**19
        path, who = self.chance.choice([("member", "member"), ("teach", "teacher")])
        return self.ask("POST", f"class/{path}", body, self.cookies[who])

    def malformed(self):
        length, path = self.chance.choice(LENGTHS), self.chance.choice(("member", "teach", "join", "state", "stream"))
        head = (
            f"POST /class/{path} HTTP/1.1\r\nHost: x\r\n{self.chance.choice(('Content-Length', 'Transfer-Encoding'))}: "
        )
        with socket.create_connection(("127.0.0.1", self.port), timeout=10) as raw:
            raw.sendall(f"{head}{length}\r\n\r\n{self.chance.choice(HOSTILE)[:500]}".encode())
            raw.shutdown(socket.SHUT_WR)
            with contextlib.suppress(ConnectionError):
                said = raw.recv(65536)
                return int(said.split()[1]) if said else 0
        return 0


@contextlib.contextmanager
def half_requests(port, count=30):
    """Connections that began to ask and never went on."""
    with contextlib.ExitStack() as opened:
        for number in range(count):
            raw = opened.enter_context(socket.create_connection(("127.0.0.1", port), timeout=10))
            raw.sendall(b"POST /class/member HTTP/1.1\r\nHost: x\r\nContent-Length: 99\r\n\r\n{"[: 9 + 3 * number])
        yield


def test_ten_thousand_hostile_requests_change_nothing_and_keep_nobody_waiting(monkeypatch, caplog, capsys):
    caplog.set_level(logging.ERROR)
    monkeypatch.setattr(classroom, "A_SECOND", 1e6)  # else few would come far
    with class_server() as served:
        teacher, member = served.teacher(), served.member()
        teacher.teach("ask", lesson="divergence", asked=ASKED["sketch"])
        teacher.teach("collect", page="divergence", lab="parabola", title="Fastest")
        assert member.answer([5.0] * COLUMNS).status == 200
        before = teacher.state(), member.state(), teacher.get("class/answers.csv").body
        slowest, stop = [0.0], threading.Event()

        def watch():
            while not stop.wait(0.05):
                asked = time.monotonic()
                member.state()
                slowest[0] = max(slowest[0], time.monotonic() - asked)

        watching = threading.Thread(target=watch)
        watching.start()
        used, attack = time.process_time(), Attack(served, teacher, member)
        with half_requests(served.port):
            for number in range(REQUESTS):
                status = attack.one()
                assert status < 500, status
                if number % 500 == 0:
                    served.do(served.server.guesses._all.clear)
        used = time.process_time() - used
        stop.set()
        watching.join()
        attack.line.close()
        assert (teacher.state(), member.state(), teacher.get("class/answers.csv").body) == before
    with capsys.disabled():
        print(
            f"\n{dict(sorted(attack.statuses.items()))}; slowest answer {1000 * slowest[0]:.0f} ms; {used:.1f} s of CPU"
        )
    assert slowest[0] < BEARABLE
    assert caplog.text == ""
    assert attack.statuses.get(0, 0) < 0.05 * REQUESTS, "it answers most of them"
