"""A widget whose state goes to the browser and is never taken from it."""

from __future__ import annotations

from typing import Any

import anywidget


class OneWayWidget(anywidget.AnyWidget):
    """Base of the widgets of a lab.

    What a person does arrives as a message, which the kernel checks; an update of the state itself, which no page of
    ours sends, is dropped.
    """

    def set_state(self, sync_data: dict[str, Any]) -> None:
        """Drop a state that a client sends."""
        del sync_data
