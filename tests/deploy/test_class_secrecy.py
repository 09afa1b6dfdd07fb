"""What a learner can get before the reveal: the same bytes whatever the others have answered."""

import logging
import random
import secrets

import pytest

from deploy.classroom import classroom
from tests.deploy.class_questions import ANSWERS, ASKED, COLUMNS, KINDS, WORTH
from tests.deploy.class_server import class_server

pytestmark = pytest.mark.slow

OTHERS = 4
# What the others answer in one class, and in another one, where they change their minds, too.
ONE = {"number": [1, 1, 1, 2], "choice": [0, 0, 0, 0], "sketch": [[1.0] * COLUMNS] * OTHERS}
ANOTHER = {"number": [20, 3, 17.5, 11], "choice": [2, 1, 2, 1], "sketch": [[19.0, *ANSWERS["sketch"][2][1:]]] * OTHERS}
MINE = {kind: values[0] for kind, values in ANSWERS.items()}
# Of the moment, not of the class.
OF_THE_MOMENT = ("Date",)


class Learner:
    """A member who keeps every byte that the server says."""

    def __init__(self, guest, stream):
        self.guest, self.stream, self.kept = guest, stream, []

    def get(self, path):
        self.keep(self.guest.get(path))

    def keep(self, reply):
        headers = {name: value for name, value in reply.headers.items() if name not in OF_THE_MOMENT}
        self.kept.append((reply.status, headers, reply.body))

    def looks_everywhere(self, vote, value):
        """Ask for all there is, also for what is the teacher's."""
        for path in ("r", f"r/{self.code}", "class", "class/state", "class/answers.csv", "class/join.svg"):
            self.get(path)
        for path in (
            "class/teach",
            "class/key",
            "class/member",
            "class/join",
            "class/addresses",
            "class/files/teacher.js",
            "class/files/",
        ):
            self.get(path)
        for number in (1, 2, 3):
            self.keep(self.guest.tell("answer", vote=vote, round=number, value=value))
        self.keep(self.guest.tell("answer", vote=vote + 1, round=1, value=value))
        self.keep(self.guest.tell("answer", vote=vote, round=1, value=[[]]))
        self.keep(self.guest.tell("glimpse", loss=[1.0, None], step=1, steps=9, query="lab=parabola"))
        self.keep(self.guest.tell("hide", value=True))
        self.keep(self.guest.tell("at", page="divergence", section="The wall"))
        self.keep(self.guest.post("class/join", code=self.code))
        self.keep(self.guest.ask("PUT", "class/join", f'{{"code": "{self.code}"}}'))
        for do, content in (
            ("close", {"vote": vote}),
            ("reveal", {"vote": vote, "worth": WORTH["choice"]}),
            ("end", {}),
        ):
            self.keep(self.guest.teach(do, **content))
        self.keep(self.guest.ask("OPTIONS", "class/state"))
        self.keep(self.guest.ask("HEAD", "class/state"))

    def hears_that_have_answered(self, count):
        while self.stream.until("counts").get("answered") != count:
            pass


def a_vote(monkeypatch, kind, values, ending, again=False):
    """Every byte that a learner gets of a vote, to its end or to the reveal; then what is seen after it."""
    chance = random.Random(7)
    monkeypatch.setattr(secrets, "token_urlsafe", lambda size: f"{chance.getrandbits(8 * size):x}")
    monkeypatch.setattr(secrets, "choice", chance.choice)
    monkeypatch.setattr(classroom, "A_SECOND", 1e6)  # however fast this machine asks
    with class_server() as served:
        served.server.port = 8866  # which a page names to join at
        teacher, guest, others = served.teacher(), served.member(), [served.member() for _ in range(OTHERS)]
        teacher.teach("ask", lesson="divergence", asked=ASKED[kind])
        vote = teacher.state()["class"]["vote"]["id"]
        with guest.stream() as stream:
            learner = Learner(guest, stream)
            learner.code = served.room.row.code
            assert stream.next()[0] == "state"
            for number in (1, 2):
                answered = 0
                for other, value in zip(others, values, strict=True):
                    if again:
                        assert other.answer(MINE[kind], number).status == 200
                        answered += 1
                        learner.hears_that_have_answered(answered)
                    assert other.answer(value, number).status == 200
                    if not again:
                        answered += 1
                        learner.hears_that_have_answered(answered)
                learner.looks_everywhere(vote, MINE[kind])
                learner.hears_that_have_answered(OTHERS + 1)
                learner.get("class/state")
                teacher.teach("close", vote=vote)
                stream.until("state")
                learner.looks_everywhere(vote, MINE[kind])
                if number == 1:
                    teacher.teach("again", vote=vote)
                    stream.until("state")
            teacher.teach("decide", vote=vote)
            stream.until("state")
            learner.looks_everywhere(vote, MINE[kind])
            shown = teacher.state()["teacher"]["rounds"]
            before = bytes(stream.raw)
            if ending == "reveal":
                teacher.teach("reveal", vote=vote, worth=WORTH[kind])
            else:
                teacher.teach("take_back", vote=vote)
            after = stream.until("state")
        keys = {served.room.row.key, *(other.cookies["tdl-member"] for other in others)}
        return learner.kept, before, after, shown, keys


@pytest.mark.parametrize("ending", ["reveal", "take_back"])
@pytest.mark.parametrize("kind", KINDS)
def test_no_byte_before_the_reveal_depends_on_what_others_have_answered(monkeypatch, kind, ending):
    kept, heard, after, shown, _ = a_vote(monkeypatch, kind, ONE[kind], ending)
    kept_of_another, heard_of_another, after_another, shown_of_another, _ = a_vote(
        monkeypatch, kind, ANOTHER[kind], ending, again=True
    )
    assert kept == kept_of_another
    assert heard == heard_of_another
    assert shown != shown_of_another, "the teacher sees the difference all the while"
    assert (after != after_another) == (ending == "reveal")
    assert len(kept) > 60
    assert {status for status, _, _ in kept} <= {200, 400, 401, 404, 405, 409, 429}


@pytest.fixture
def logged(monkeypatch):
    """What is logged, as it is written; whatever a server that was made before in this process has done to loggers."""
    lines: list[str] = []
    handler = logging.Handler()
    handler.emit = lambda record: lines.append(handler.format(record))
    loggers = [
        logging.getLogger(name)
        for name in (None, "asyncio", "tornado.access", "tornado.application", "tornado.general")
    ]
    levels = [logger.level for logger in loggers]
    for logger in loggers:
        for attribute, value in {"disabled": False, "propagate": False, "handlers": [handler]}.items():
            monkeypatch.setattr(logger, attribute, value)
        logger.setLevel(logging.DEBUG)
    yield lines
    for logger, level in zip(loggers, levels, strict=True):
        logger.setLevel(level)


def test_neither_the_key_nor_anothers_token_is_in_a_members_bytes_or_in_the_log(monkeypatch, logged):
    kept, heard, after, _, keys = a_vote(monkeypatch, "number", ONE["number"], "reveal")
    log = "\n".join(logged)
    said = "".join(f"{headers}{body!r}" for _, headers, body in kept) + heard.decode() + str(after) + log
    assert "/class/teach" in log
    assert len(keys) == OTHERS + 1
    for key in keys:
        assert len(key) > 20
        assert key not in said
    for _, headers, _ in kept:
        assert not {"Location", "Refresh", "Link"} & headers.keys()


def test_a_log_that_is_kept_names_a_file_and_not_the_key(tmp_path):
    with class_server(tmp_path / "class.sqlite3") as served:
        key, said = served.room.row.key, served.server.said_to_teacher(is_logged=True)
        assert key not in said
        assert served.room.row.code in said
        (file,) = tmp_path.glob("*.address")
        assert str(file) in said
        assert file.stat().st_mode & 0o777 == 0o600
        assert file.read_text().strip().endswith(f"/class/#{key}"), "where browsers send it nowhere"
        assert f"#{key}" in served.server.said_to_teacher()


def test_two_classes_do_not_mix():
    with class_server() as served:
        teacher, member = served.teacher(), served.member()
        teacher.teach("ask", lesson="divergence", asked=ASKED["number"])
        member.answer(7)
        vote = member.state()["class"]["vote"]["id"]
        with member.stream() as stream, teacher.stream() as taught:
            stream.until("state")
            taught.until("state")
            mine, theirs = member.get("class/state").body, teacher.get("class/state").body
            served.do(served.server.classes.open)
            second, other = served.teacher(), served.member("Ada")
            assert second.state()["class"]["code"] == other.state()["class"]["code"] != member.state()["class"]["code"]
            second.teach("ask", lesson="initialization", asked=ASKED["choice"])
            other.answer(1)
            assert other.tell("answer", vote=vote, round=1, value=9).refusal.startswith("Your teacher has taken")
            assert second.teach("close", vote=vote).refusal == "This question is not the class's any more."
            second.teach("blank", member=1)
            second.teach("pace", value="frozen")
            second.teach("push", page="initialization", lab="variance", search="lab=variance")
            revealed = second.state()["class"]["vote"]["id"]
            assert second.teach("reveal", vote=revealed, worth=WORTH["choice"]).status == 200
            assert member.get("class/state").body == mine
            assert teacher.get("class/state").body == theirs
            assert b"initialization" not in teacher.get("class/answers.csv").body
            assert b"divergence" not in second.get("class/answers.csv").body
            assert second.teach("end").status == 200
            assert member.get("class/state").body == mine
            teacher.teach("close", vote=vote)
            while (found := stream.next())[0] == "counts":
                pass
            assert found[0] == "state"
            assert found[1]["class"]["vote"]["stage"] == "closed"
        assert b"variance" not in stream.raw
