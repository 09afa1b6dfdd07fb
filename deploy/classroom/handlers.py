"""The addresses of classes. Answers go from a browser to this server; no kernel hears of them."""

from __future__ import annotations

import io
import json
from typing import Any
from urllib.parse import urlsplit

import segno
from tornado.iostream import StreamClosedError
from tornado.web import RequestHandler, stream_request_body

from deploy.classroom.classroom import Classroom, Member
from deploy.classroom.commands import OF_MEMBER, OF_TEACHER, Plain, parsed
from deploy.classroom.export import answers_csv
from deploy.classroom.refusal import Refused
from deploy.classroom.server import Server
from deploy.classroom.views import compact, own
from deploy.hosts import asked_hosts

MEMBER_COOKIE, TEACHER_COOKIE = "tdl-member", "tdl-teacher"
# The longest is what a run says of a sketch: two thousand points of a measured curve.
MOST_BYTES = 2**17
WEEK = 7
NOBODY = "This browser is in no class: join with the code that your teacher shows."
NO_TEACHER = "This page is the teacher's: open it by the address that the server has printed, with its key."
TOO_MANY = "Too many wrong codes came from here; wait a minute."


@stream_request_body
class ClassHandler(RequestHandler):
    """Base of all: what is refused is one sentence, as JSON; nothing is kept by browsers."""

    server: Server

    def initialize(self, server: Server) -> None:
        """Note what is served."""
        self.server = server
        self._body, self._is_too_long = bytearray(), False

    def set_default_headers(self) -> None:
        """Let nobody keep what is of this moment."""
        self.set_header("Cache-Control", "no-store")

    def prepare(self) -> None:
        """Refuse what another site's page asks for."""
        self.server.watch()
        if self.request.method == "POST" and not self._asked_here():
            raise Refused("Another site asked for this.", 403)

    def data_received(self, chunk: bytes) -> None:
        """Take a part of the body. One that is too long is read to its end: else its sender would see no refusal."""
        self._is_too_long = self._is_too_long or len(self._body) + len(chunk) > MOST_BYTES
        if not self._is_too_long:
            self._body += chunk

    def check_xsrf_cookie(self) -> None:
        """Leave it: the cookies are of this site alone, and the origin is looked at."""

    def write_error(self, status_code: int, **details: Any) -> None:
        """Answer with the sentence."""
        trouble = details.get("exc_info", (None, None))[1]
        refused = trouble if isinstance(trouble, Refused) else None
        self.set_status(refused.status if refused else status_code)
        self.answer({"refusal": str(refused) if refused else "The class could not do this; load the page again."})

    def log_exception(self, kind: Any, value: Any, traceback: Any) -> None:
        """Say nothing of what was refused in words, and of those who have gone."""
        if not isinstance(value, Refused | StreamClosedError):
            super().log_exception(kind, value, traceback)

    def answer(self, content: Any) -> None:
        """Finish with JSON."""
        self.set_header("Content-Type", "application/json; charset=utf-8")
        self.finish(content if isinstance(content, str) else compact(content))

    @property
    def posted(self) -> bytes:
        """The body.

        Raises:
            Refused: If it is too long.
        """
        if self._is_too_long:
            raise Refused("This is too long for an answer.", 413)
        return bytes(self._body)

    def field(self, name: str) -> str:
        """Return a text of the body's JSON; empty if there is none.

        Raises:
            Refused: If the body is none.
        """
        posted = self.posted
        try:
            content = json.loads(posted)
        except (ValueError, RecursionError):
            content = None
        if not isinstance(content, dict):
            raise Refused("The class did not understand what was asked of it; load the page again.", 400)
        value = content.get(name, "")
        return value[:200] if isinstance(value, str) else ""

    def keep(self, name: str, value: str) -> None:
        """Have the browser keep a token, for this site alone, out of reach of scripts."""
        secure = self.request.protocol == "https"
        path = self.server.base  # in a hub, no learner's own server is sent it
        self.set_cookie(name, value, expires_days=WEEK, path=path, httponly=True, samesite="Strict", secure=secure)

    # ---- who asks ----

    def the_member(self) -> tuple[Classroom, Member]:
        """Return who asks, and the class.

        Raises:
            Refused: If the browser is in no class.
        """
        found = self.server.classes.by_token(self.get_cookie(MEMBER_COOKIE) or "")
        if found is None:
            raise Refused(NOBODY, 401)
        return found

    def the_teacher(self) -> Classroom:
        """Return the class whose teacher asks.

        Raises:
            Refused: If somebody else does.
        """
        room = self.server.classes.by_key(self.get_cookie(TEACHER_COOKIE) or "")
        if room is None:
            raise Refused(NO_TEACHER, 401)
        return room

    def whoever(self) -> tuple[Classroom, Member | None]:
        """Return a class and who asks; None for its teacher.

        Raises:
            Refused: If it is neither the teacher nor a member.
        """
        room = self.server.classes.by_key(self.get_cookie(TEACHER_COOKIE) or "")
        return self.the_member() if room is None else (room, None)

    def _asked_here(self) -> bool:
        origin = self.request.headers.get("Origin")
        try:
            return origin is None or urlsplit(origin).netloc.lower() in asked_hosts(self.request)
        except ValueError:  # no address at all
            return False


class PageHandler(ClassHandler):
    """The page of a learner, with a code or without, or the teacher's; who it is, its script finds out."""

    def initialize(self, server: Server, page: str) -> None:  # type: ignore[override] # one more
        """Note which page."""
        super().initialize(server)
        self._page = page

    def get(self, _code: str | None = None) -> None:
        """Answer with the page."""
        server = self.server
        self.set_header("Content-Type", "text/html; charset=utf-8")
        self.finish(server.files.page(self._page, server.base, server.lessons, server.gallery))

    head = get


class JoinHandler(ClassHandler):
    """Lets one join a class by its code; says before whether nicknames are allowed."""

    def post(self) -> None:
        """Join; a member of this class stays who he or she is."""
        room = self._room()
        found = self.server.classes.by_token(self.get_cookie(MEMBER_COOKIE) or "")
        if found is None or found[0] is not room:
            self.keep(MEMBER_COOKIE, room.join(self.field("nickname")))
        self.answer({"joined": True})

    def put(self) -> None:
        """Say of a code what its class asks for, without joining it."""
        room = self._room()
        self.answer({"code": room.row.code, "names": room.state.names})

    def _room(self) -> Classroom:
        guesses, address = self.server.guesses, self.request.remote_ip or ""
        if guesses.too_many(address):
            raise Refused(TOO_MANY, 429)
        room = self.server.classes.by_code(self.field("code"))
        if room is None:
            guesses.note(address)
            raise Refused("No class has this code. Look at the wall again: the code may be a new one.", 404)
        return room


class KeyHandler(ClassHandler):
    """Lets a teacher in by the key, which the page has from that part of its address that no server is sent."""

    def post(self) -> None:
        """Have the browser keep the key. It is too long to be guessed: who has it is not kept out by those who try."""
        guesses, address = self.server.guesses, self.request.remote_ip or ""
        key = self.field("key")
        if self.server.classes.by_key(key) is None:
            if guesses.too_many(address):
                raise Refused(TOO_MANY, 429)
            guesses.note(address)
            raise Refused(NO_TEACHER, 401)
        self.keep(TEACHER_COOKIE, key)
        self.answer({"teaches": True})


class StateHandler(ClassHandler):
    """Says what a class is at, to whoever is in it."""

    def get(self) -> None:
        """Answer with what the member, or the teacher, sees."""
        room, member = self.whoever()
        self.answer(self.server.classes.listeners(room).seen(member))


class StreamHandler(ClassHandler):
    """Tells a page what changes, as long as it listens."""

    listener = None

    async def get(self) -> None:
        """Send events: the state first."""
        room, member = self.whoever()
        listeners = self.server.classes.listeners(room)
        self.set_header("Content-Type", "text/event-stream")
        self.set_header("X-Accel-Buffering", "no")  # a proxy that waits for more would hold it back
        self.listener = listeners.open(member)
        try:
            async for message in self.listener.messages():
                self.write(message)
                await self.flush()
        except StreamClosedError:
            pass
        finally:
            listeners.close(self.listener)

    def on_connection_close(self) -> None:
        """Note that the page has gone."""
        super().on_connection_close()
        if self.listener is not None:
            self.listener.close()


class MemberHandler(ClassHandler):
    """Does what a member asks for."""

    def post(self) -> None:
        """Do it; answers with what is the member's own."""
        room, member = self.the_member()
        command = parsed(OF_MEMBER, self.posted)
        room.tell(member, command)
        if command.do == "leave":
            self.clear_cookie(MEMBER_COOKIE, path=self.server.base)
            self.server.classes.listeners(room).dismiss(member)
        self.answer(own(room, member))


class TeacherHandler(ClassHandler):
    """Does what the teacher asks for."""

    def post(self) -> None:
        """Do it."""
        room = self.the_teacher()
        command = parsed(OF_TEACHER, self.posted)
        if isinstance(command, Plain) and command.do == "end":
            room = self.server.classes.end(room)
        else:
            room.teach(command)
        self.answer({"code": room.row.code})


class AnswersHandler(ClassHandler):
    """The answers as a file."""

    def get(self) -> None:
        """Answer with CSV."""
        room = self.the_teacher()
        self.set_header("Content-Type", "text/csv; charset=utf-8")
        self.set_header("Content-Disposition", f'attachment; filename="class-{room.row.code}.csv"')
        self.finish("\ufeff" + answers_csv(room))


class AddressesHandler(ClassHandler):
    """Where the class finds this server."""

    def get(self) -> None:
        """Answer with the addresses, the best first."""
        self.the_teacher()
        self.answer(self.server.join())


class PictureHandler(ClassHandler):
    """The address to join at, as a picture that phones read."""

    def get(self) -> None:
        """Answer with SVG."""
        room = self.the_teacher()
        picture = segno.make(f"{self.server.join()[0]}r/{room.row.code}", error="m", micro=False)
        self.set_header("Content-Type", "image/svg+xml")
        drawn = io.BytesIO()
        picture.save(drawn, kind="svg", scale=8, border=2, dark="#000", light="#fff", svgclass=None, lineclass=None)
        self.finish(drawn.getvalue())


class FileHandler(ClassHandler):
    """What the pages load; each file has its content's hash in its name, and is kept for ever."""

    def get(self, name: str) -> None:
        """Answer with a file."""
        found = self.server.files.get(name)
        if found is None:
            raise Refused("There is no such file.", 404)
        self.set_header("Content-Type", found.kind)
        self.set_header("Content-Encoding", "gzip")
        self.set_header("Cache-Control", "public, max-age=31536000, immutable")
        self.finish(found.packed)

    head = get


def addresses(server: Server) -> list[tuple[Any, ...]]:
    """Return what answers at which address."""
    common = {"server": server}
    plain = {
        "class/state": StateHandler,
        "class/stream": StreamHandler,
        "class/join": JoinHandler,
        "class/member": MemberHandler,
        "class/key": KeyHandler,
        "class/teach": TeacherHandler,
        "class/answers.csv": AnswersHandler,
        "class/join.svg": PictureHandler,
        "class/addresses": AddressesHandler,
        r"class/files/([\w.-]+)": FileHandler,
    }
    pages = {r"r(?:/([^/]*))?": "learner", "class/?": "teacher"}
    return [
        *((server.base + path, handler, common) for path, handler in plain.items()),
        *((server.base + path, PageHandler, {**common, "page": page}) for path, page in pages.items()),
    ]
