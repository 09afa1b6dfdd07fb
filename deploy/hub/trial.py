"""Login for a trial of the hub: for whoever sits at this machine, and for no page of another site in their browser."""

from __future__ import annotations

from typing import Any

from jupyterhub.auth import DummyAuthenticator
from tornado.web import HTTPError

from deploy.hosts import is_loopback


class TrialAuthenticator(DummyAuthenticator):
    """Takes any name without a password, from pages that were asked for under a name of this machine's own.

    A site can let its own name point at this machine (DNS rebinding); its pages would log in, and open a terminal.
    """

    async def authenticate(self, handler: Any, data: dict[str, str]) -> str | None:
        """Return the name.

        Raises:
            HTTPError: 403, if the page has another name.
        """
        if not is_loopback(handler.request.host):
            raise HTTPError(403, "A trial of the hub is open at http://127.0.0.1 or http://localhost only.")
        name: str | None = await super().authenticate(handler, data)
        return name
