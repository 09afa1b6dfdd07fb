"""The class of a hub: the same addresses as of `python -m deploy --class`, for those whom the hub knows.

The hub starts it as a service (`python -m deploy.hub.class_service`). Who the hub lets in may join by the code; who is
in its group of teachers, or an administrator, teaches the class that was opened last.
"""

from __future__ import annotations

import os
import secrets
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import urlsplit

from jupyterhub.services.auth import HubOAuthCallbackHandler, HubOAuthenticated, UserNotAllowed
from tornado.httpserver import HTTPServer
from tornado.ioloop import IOLoop, PeriodicCallback
from tornado.web import Application, RequestHandler

from deploy.classroom.handlers import TEACHER_COOKIE, ClassHandler, JoinHandler, KeyHandler, PageHandler, addresses
from deploy.classroom.refusal import Refused
from deploy.classroom.server import CONNECTIONS, Server
from deploy.descriptors import RESERVE, raised_to
from deploy.hub.class_address import TEACHERS, lesson_address

if TYPE_CHECKING:
    Handler = ClassHandler
else:
    Handler = object

NO_TEACHER = f"This page is for teachers: whoever runs the hub can put you into its group “{TEACHERS}”."
STRANGER = "Log in to the hub to join the class: load this page again."
NOT_LET_IN = "The hub does not let you into its class."
HUB_SECONDS = 5.0


class OfHub(HubOAuthenticated, Handler):
    """For a handler that asks the hub who is there. It remembers for some minutes, and no vote has to wait for it."""

    async def prepare(self) -> None:  # type: ignore[override] # Tornado waits for it
        """Find out who asks.

        Raises:
            Refused: If it is somebody whom the hub does not let into the class.
        """
        super().prepare()
        found = await self.hub_auth.get_user(self, sync=False)
        try:
            self.current_user = None if found is None else self.check_hub_user(found)
        except UserNotAllowed:
            raise Refused(NOT_LET_IN, 403) from None

    def check_xsrf_cookie(self) -> None:
        """Leave it: the cookies are of this site alone, and the origin is looked at."""

    @property
    def teaches(self) -> bool:
        """True if a teacher asks."""
        user = self.current_user or {}
        return bool(user.get("admin")) or TEACHERS in user.get("groups", [])


class HubPageHandler(OfHub, PageHandler):
    """A page for those who have logged in; the teacher's for teachers, whose browsers keep the key from then on."""

    def get(self, _code: str | None = None) -> None:
        """Answer with the page."""
        if self.current_user is None:
            self.redirect(self.get_login_url())
            return
        if self._page == "teacher":
            if not self.teaches:
                raise Refused(NO_TEACHER, 403)
            self.keep(TEACHER_COOKIE, self.server.classes.newest().row.key)
        super().get(_code)

    head = get

    def write_error(self, status_code: int, **details: Any) -> None:
        """Answer with the sentence as text: a person reads it."""
        trouble = details.get("exc_info", (None, None))[1]
        self.set_status(trouble.status if isinstance(trouble, Refused) else status_code)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        self.finish(f"{trouble}\n" if isinstance(trouble, Refused) else "The hub does not answer; try again soon.\n")


class HubJoinHandler(OfHub, JoinHandler):
    """Lets those join who have logged in."""

    def post(self) -> None:
        """Join."""
        self._look()
        super().post()

    def put(self) -> None:
        """Say of a code what its class asks for."""
        self._look()
        super().put()

    def _look(self) -> None:
        if self.current_user is None:
            raise Refused(STRANGER, 401)


class FirstPageHandler(OfHub, ClassHandler):
    """The service's own address: leads teachers to their page, and others to where they join."""

    def get(self) -> None:
        """Lead on."""
        is_known = self.current_user is not None
        self.redirect(self.server.base + ("class/" if self.teaches else "r") if is_known else self.get_login_url())

    head = get


class NoKeyHandler(RequestHandler):
    """In a hub nobody needs a key: there is nothing to guess."""

    def post(self) -> None:
        """Say so."""
        self.set_status(404)
        self.finish({"refusal": "A teacher of this hub needs no key: log in."})


OURS: dict[type, type] = {PageHandler: HubPageHandler, JoinHandler: HubJoinHandler, KeyHandler: NoKeyHandler}


def application(server: Server) -> Application:
    """Return what answers at the addresses of a class, for a hub that says who is there."""
    handlers: list[Any] = [
        (path, NoKeyHandler) if handler is KeyHandler else (path, OURS.get(handler, handler), options)
        for path, handler, options in addresses(server)
    ]
    first = [(server.base, FirstPageHandler, {"server": server})]
    callback = [(f"{server.base}oauth_callback", HubOAuthCallbackHandler)]
    # Cookies of a login are of this process: after a restart the hub is asked again, which nobody sees.
    return Application([*first, *callback, *handlers], cookie_secret=secrets.token_bytes(32))


def public_address(environment: Mapping[str, str], base: str) -> tuple[str, int]:
    """Return where learners find the service, empty if that is wherever they find this machine, and the hub's port."""
    hub = urlsplit(environment["LESSONS_CLASS_HUB"])
    port = hub.port or (443 if hub.scheme == "https" else 80)
    is_anywhere = hub.hostname in (None, "0.0.0.0", "::")
    return "" if is_anywhere else f"{hub.scheme}://{hub.netloc}{base}", port


def main(environment: Mapping[str, str]) -> None:
    """Serve until the hub ends."""
    try:
        base, listens = environment["JUPYTERHUB_SERVICE_PREFIX"], urlsplit(environment["JUPYTERHUB_SERVICE_URL"])
        displayed, port = public_address(environment, base)
        file = Path(environment["LESSONS_CLASS_FILE"])
    except KeyError:
        sys.exit("The class of a hub is started by the hub: training-dynamics-lab hub, with LESSONS_HUB_TEACHERS.")
    raised_to(RESERVE + CONNECTIONS)
    try:
        lesson = lesson_address(base)
        server = Server(file, base, [lesson], displayed, gallery=lesson.format("index"))
    except OSError as trouble:
        sys.exit(str(trouble))
    server.port = port
    # Behind the hub's proxy, which says who asks; nobody else reaches a port of loopback, but for this machine's users.
    HTTPServer(application(server), xheaders=True).listen(listens.port or 0, listens.hostname or "127.0.0.1")
    hub, loop = os.getppid(), IOLoop.current()
    PeriodicCallback(lambda: loop.stop() if os.getppid() != hub else None, 1000 * HUB_SECONDS).start()
    loop.start()


if __name__ == "__main__":
    main(os.environ)
