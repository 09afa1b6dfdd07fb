"""The theme that a page's address may ask for; Voilà would write anything into the page as it is."""

from __future__ import annotations

from tornado.web import HTTPError, RequestHandler

THEMES = ("light", "dark")


def check_theme(handler: RequestHandler) -> None:
    """Refuse a theme that is none.

    Raises:
        HTTPError: 400, if the address asks for anything but light or dark.
    """
    if handler.get_query_argument("theme", "light") not in THEMES:
        raise HTTPError(400, "theme is light or dark.")
