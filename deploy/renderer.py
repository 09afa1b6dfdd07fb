"""Makes a page, and says so where it cannot be made: Voilà 0.5 keeps its browser waiting for ever."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Any

import voila.handler
from voila.notebook_renderer import NotebookRenderer


class LessonRenderer(NotebookRenderer):
    """Voilà's renderer, whose errors reach the request that waits for the page."""

    async def generate_content_generator(self, *arguments: Any, **options: Any) -> AsyncIterator[tuple[str, Any]]:
        """Yield the page in parts; what goes wrong ends it, and is for the request to tell."""
        try:
            async for part in super().generate_content_generator(*arguments, **options):
                yield part
        except Exception as trouble:
            self.request_handler.trouble = trouble

    async def _jinja_kernel_start(self, *arguments: Any, **options: Any) -> str:
        try:
            kernel_id: str = await super()._jinja_kernel_start(*arguments, **options)
        except Exception as trouble:
            self.request_handler.kernel_manager.note_start(trouble)
            raise
        return kernel_id


# Voilà offers no other way to choose one.
voila.handler.NotebookRenderer = LessonRenderer
