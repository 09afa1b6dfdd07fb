"""Tries whether a kernel can start, so that the server does not say that all is well where no page can be made."""

from __future__ import annotations

import asyncio
import os
import uuid

from jupyter_client.manager import AsyncKernelManager

from deploy.room import LessonKernels

SECONDS_TO_ANSWER = 60
SECONDS_BETWEEN = 20


async def try_a_kernel(room: LessonKernels) -> None:
    """Start a kernel as the pages' are started, wait until it answers, and end it.

    Raises:
        Exception: Whatever kept it from starting or from answering.
    """
    file = os.path.join(room.connection_dir, f"kernel-{uuid.uuid4()}.json")
    kernel = AsyncKernelManager(parent=room, connection_file=file)
    try:
        await kernel.start_kernel()
        client = kernel.client()
        client.start_channels()
        try:
            await client.wait_for_ready(timeout=SECONDS_TO_ANSWER)
        finally:
            client.stop_channels()
    finally:
        if kernel.has_kernel:
            await kernel.shutdown_kernel(now=True)


async def watch(room: LessonKernels) -> None:
    """Try a kernel once, unless the first page does, and again and again while none starts."""
    if not room.is_empty:
        await room.trouble()
    while not room.closing:
        try:
            await try_a_kernel(room)
            room.note_start(None)
        except Exception as trouble:
            room.note_start(trouble)
            await asyncio.sleep(SECONDS_BETWEEN)
        else:
            await room.trouble()
