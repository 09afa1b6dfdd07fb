"""Sentences that a lab says beside its figures: why a lane diverged, what went wrong, what can be done."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import traitlets

from widgets.one_way import OneWayWidget, joined

_HERE = Path(__file__).parent


class NoticeBoard(OneWayWidget):
    """Shows `widgets.controls.Notice` as given; its buttons come back as commands.

    Args:
        on_command: Called with each command, a dict with the key `do`.
    """

    _esm = joined("telling.js", "notice_board.js")
    _css = _HERE / "notice_board.css"
    notice = traitlets.Dict().tag(sync=True)

    def __init__(self, on_command: Callable[[Any], None], **state: Any):
        super().__init__(**state)
        self._on_command = on_command
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self._on_command(content)
