"""The function by which a notebook opens a lab: made from its view."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from widgets.lab.lab import Lab
from widgets.view.view import LabView


def opens(view: type[LabView]) -> Callable[..., Lab]:
    """Return a function of the view's name that opens its lab.

    It takes the keywords of `Lab`, settings among them; and `own`, if the view says how it calls such a function.
    """

    def lab(**changes: Any) -> Lab:
        return Lab(view(), **changes)

    def lab_with_own(own: Callable[..., Any] | None = None, **changes: Any) -> Lab:
        return Lab(view(own), **changes)

    made = lab_with_own if view.own_call else lab
    made.__name__ = made.__qualname__ = view.name
    settings = view().settings_type
    made.__doc__ = f'The lab "{view.title}"; keywords are settings of `{settings.__module__}.{settings.__name__}`.'
    if view.own_call:
        made.__doc__ += f"\n\nArgs:\n    own: A {view.own_noun} of yours, `{view.own_call}`, that runs as a lane.\n"
    return made
