"""A widget whose state goes to the browser and is never taken from it."""

from __future__ import annotations

import asyncio
import contextlib
from typing import Any

import anywidget


class OneWayWidget(anywidget.AnyWidget):
    """Base of the widgets of a lab.

    What a person does arrives as a message, which the kernel checks; an update of the state itself, which no page of
    ours sends, is dropped.

    JupyterLab 4.4 and later send messages to threads of their own (subshells of ipykernel 7). A training and what a
    person asks of it belong to one thread, the one that made the widget: messages are handed over to its event loop.
    """

    def __init__(self, **traits: Any):
        super().__init__(**traits)
        self._home: asyncio.AbstractEventLoop | None = None
        with contextlib.suppress(RuntimeError):
            self._home = asyncio.get_running_loop()

    def _handle_custom_msg(self, content: Any, buffers: Any) -> None:
        handle = super()._handle_custom_msg
        if self._home is None or _current_loop() is self._home:
            handle(content, buffers)
        else:
            self._home.call_soon_threadsafe(handle, content, buffers)

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Drop a state that a client sends."""
        del sync_data


def _current_loop() -> asyncio.AbstractEventLoop | None:
    try:
        return asyncio.get_running_loop()
    except RuntimeError:
        return None
