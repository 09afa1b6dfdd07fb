"""The browser's form of a question: what is asked, the answer, and what the run said."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import traitlets

from widgets.browser.browser_module import FOLDER, bundled
from widgets.browser.one_way import OneWayWidget


class QuestionPanel(OneWayWidget):
    """Shows a question; commands `answer`, `read` (both with a `value`, which may be as it was typed) and `again` come.

    Args:
        on_command: Called with each command, a dict with the key `do`.
    """

    _esm = bundled("question_panel.js")
    _css = FOLDER / "question_panel.css"
    question = traitlets.Dict().tag(sync=True)
    status = traitlets.Dict().tag(sync=True)

    def __init__(self, on_command: Callable[[Any], None], **state: Any):
        super().__init__(**state)
        self._on_command = on_command
        self.on_msg(self._receive)

    def _receive(self, _widget: Any, content: Any, _buffers: Any) -> None:
        self._on_command(content)
