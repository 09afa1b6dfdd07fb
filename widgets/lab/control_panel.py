"""The controls of a lab, drawn with the browser's own inputs."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from widgets.browser.browser_module import bundled, styles
from widgets.browser.one_way import OneWayWidget
from widgets.browser.spaced import Spaced
from widgets.browser.views import Views

LONGEST_NAME = 40
# A file is up to megabytes, and a second of the kernel's time.
SAVE_SECONDS = 1.5


class ControlPanel(OneWayWidget):
    """Transport, lanes, settings, presets and goals of one lab.

    What a person does arrives as a command, a small dict with the key `do`, which the lab checks. Each view also says
    that it is `here`, again and again while a run goes on, and hears that it was `heard`; and `bye`.

    Args:
        on_command: Called with each command.
        on_left: Called when the last view has gone from all pages.
        traits: Initial values of the traits below.
    """

    _esm = bundled("control_panel.js")
    _css = styles("control_panel.css", "goals.css", "acting.css")
    title = traitlets.Unicode().tag(sync=True)
    fields: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    presets: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    goals: traitlets.List[dict[str, str]] = traitlets.List().tag(sync=True)
    reached: traitlets.List[str] = traitlets.List().tag(sync=True)
    options = traitlets.Dict().tag(sync=True)
    lanes: traitlets.List[dict[str, Any]] = traitlets.List().tag(sync=True)
    preset = traitlets.Int(-1).tag(sync=True)
    has_own = traitlets.Bool(False).tag(sync=True)
    selected = traitlets.Int(0).tag(sync=True)
    transport = traitlets.Dict().tag(sync=True)
    refusal = traitlets.Dict().tag(sync=True)

    def __init__(self, on_command: Callable[[Any], None], on_left: Callable[[], None] = lambda: None, **state: Any):
        super().__init__(**state)
        self._on_command = on_command
        self._views = Views(on_left)
        self._saves = Spaced(SAVE_SECONDS)
        self.on_msg(self._receive)

    def refresh(self, box: str) -> None:
        """Make the browser show what holds in one of its boxes, whatever was typed into it."""
        self.send({"type": "refresh", "box": box})

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        match content:
            case {"type": "here", "view": str(view)}:
                self._views.here(view[:LONGEST_NAME])
                self.send({"type": "heard"})
            case {"type": "bye", "view": str(view)}:
                self._views.goodbye(view[:LONGEST_NAME])
            case {"do": "save"}:
                self._saves.ask(str(content.get("kind"))[:LONGEST_NAME], lambda: self._on_command(content))
            case _:
                self._on_command(content)
