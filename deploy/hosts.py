"""The names that a server answers to. A page of another site can have its own name point at this machine (DNS
rebinding), and then is of one origin with what answers there; it cannot take another name for that."""

from __future__ import annotations

import ipaddress
from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlsplit

from tornado.httputil import HTTPServerRequest, split_host_and_port
from tornado.routing import Matcher
from tornado.web import RequestHandler

# Names that no site of the internet can have: those of this machine, and of a local network.
LOCAL = ("localhost", ".localhost", ".local", ".internal", ".home.arpa")
ANY = "*"


def name_of(host: str) -> str:
    """The name or address in a `Host` header, without its port."""
    return split_host_and_port(host.lower())[0].strip("[]").removesuffix(".")


def is_loopback(host: str) -> bool:
    """True if a `Host` header names this machine as it names itself: what a server for it alone answers to."""
    name = name_of(host)
    try:
        return ipaddress.ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


class Hosts:
    """Names that a server in a network answers to.

    Args:
        names: Those that it was given; "*" for all.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = {name_of(name) if name != ANY else ANY for name in names}

    def __contains__(self, host: str) -> bool:
        name = name_of(host)
        if ANY in self._names or name in self._names:
            return True
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return "." not in name or name.endswith(LOCAL)  # without a dot: of this network's own, as in containers
        return True  # an address is nobody's name


class ForeignHost(Matcher):
    """Matches what is asked under a name that is not one of the server's."""

    def __init__(self, hosts: Hosts) -> None:
        self._hosts = hosts

    def match(self, request: HTTPServerRequest) -> dict[str, Any] | None:
        """Return no arguments for the handler; None if the name is one of ours."""
        return None if request.host in self._hosts else {}


class ForeignHostHandler(RequestHandler):
    """Refuses, and says to whom it concerns what to do about it."""

    def prepare(self) -> None:
        """Answer whatever is asked."""
        self.set_status(421)
        self.set_header("Content-Type", "text/plain; charset=utf-8")
        name = name_of(self.request.host)
        self.finish(
            f"This server does not answer to the name {name[:100]!a}. "
            "Whoever runs it can let it: python -m deploy --host=NAME\n"
        )


if TYPE_CHECKING:
    from jupyter_server.base.handlers import JupyterHandler as Handler
else:
    Handler = object


class AskedHere(Handler):
    """For a handler that other sites' pages may not use: knows its own pages behind a proxy, too."""

    def check_origin(self, origin: str | None = None) -> bool:
        """True if a page of this server asks."""
        asked = origin or self.request.headers.get("Origin", "")
        return urlsplit(asked).netloc.lower() in asked_hosts(self.request) or super().check_origin(cast(str, origin))


def asked_hosts(request: HTTPServerRequest) -> set[str]:
    """Under which names a browser may have asked: the one that arrived, and the one a proxy says that it had replaced.

    A page of another site cannot send the second one along.
    """
    headers: Mapping[str, str] = request.headers
    forwarded = headers.get("X-Forwarded-Host", "").split(",")[0].strip()
    return {request.host.lower(), *([forwarded.lower()] if forwarded else [])}
