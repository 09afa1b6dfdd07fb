"""Sentences that a lab says beside its figures: why a lane diverged, what went wrong, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from widgets.browser.browser_module import FOLDER, bundled
from widgets.browser.one_way import OneWayWidget


class NoticeBoard(OneWayWidget):
    """Shows `widgets.view.controls.Notice` as given; its buttons come back as commands.

    Args:
        on_command: Called with each command, a dict with the key `do`.
    """

    _esm = bundled("notice_board.js")
    _css = FOLDER / "notice_board.css"
    notice = traitlets.Dict().tag(sync=True)

    def __init__(self, on_command: Callable[[Any], None], **state: Any):
        super().__init__(**state)
        self._on_command = on_command
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self._on_command(content)
