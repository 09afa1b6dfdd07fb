"""Files that a person takes away: the numbers, the page, the script."""

from __future__ import annotations

import asyncio
import zlib
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from lessons.core.history import History
from lessons.core.record import RunRecord
from lessons.core.scripts.script import lane_script
from lessons.core.settings import SettingError
from lessons.core.table import csv_blocks
from widgets.figure.live_figure import LiveFigure
from widgets.lab.export import html_page
from widgets.run.run_loop import REST_SECONDS
from widgets.view.view import LabView

_MIME = {"csv": "text/csv", "html": "text/html", "script": "text/x-python"}
_ENDING = {"csv": "csv", "html": "html", "script": "py"}
_PIECE = 200_000  # characters that are compressed in some 10 ms
_GZIP = 31  # zlib's number for gzip's own header


@dataclass(frozen=True)
class SavedFile:
    """A file to download.

    Attributes:
        name: Its name.
        mime: Its type.
        blocks: Its text, made block by block.
    """

    name: str
    mime: str
    blocks: Iterator[str]

    def compressed(self) -> Iterator[bytes]:
        """Yield the file for the way to the browser, compressed with gzip; each piece takes some 10 ms to make."""
        packer = zlib.compressobj(6, wbits=_GZIP)
        for block in self.blocks:
            yield packer.compress(block.encode(errors="replace"))
        yield packer.flush()


class FileMaker:
    """Makes a file between what else the kernel has to do, as it may take a second, and sends it; one at a time.

    Args:
        send: Sends a message with buffers to the browser.
    """

    def __init__(self, send: Callable[[dict[str, str], list[bytes]], None]):
        self._send = send
        self._task: asyncio.Task[None] | None = None

    def make(self, file: SavedFile) -> None:
        """Begin to make a file; in a script, without an event loop, make it at once.

        Raises:
            SettingError: If another one is being made.
        """
        if self._task is not None and not self._task.done():
            raise SettingError(["A file is being made; it comes in a moment."])
        try:
            self._task = asyncio.get_running_loop().create_task(self._in_pieces(file))
        except RuntimeError:
            self._done(file, b"".join(file.compressed()))

    async def _in_pieces(self, file: SavedFile) -> None:
        content = bytearray()
        for piece in file.compressed():
            content += piece
            await asyncio.sleep(REST_SECONDS)
        self._done(file, bytes(content))

    def _done(self, file: SavedFile, content: bytes) -> None:
        self._send({"type": "file", "name": file.name, "mime": file.mime}, [content])


def saved_file(
    kind: str,
    view: LabView,
    history: History,
    record: RunRecord,
    figure: LiveFigure,
    readings: str,
    lane: int,
    colours: Sequence[str] = (),
) -> SavedFile:
    """Return the file of one kind: `csv`, `html` or `script`, of this moment.

    Raises:
        SettingError: If there is none of this kind for this lab, or no such lane.
    """
    if kind == "csv":
        blocks = csv_blocks(history, record, view.title)
    elif kind == "html":
        blocks = _pieces(html_page(view.title, figure.figures_now(), readings, record, colours))
    else:
        blocks = _pieces(_script(view, record, lane))
    return SavedFile(f"{view.name}.{_ENDING[kind]}", _MIME[kind], blocks)


def _pieces(text: str) -> Iterator[str]:
    return (text[start : start + _PIECE] for start in range(0, len(text), _PIECE))


def _script(view: LabView, record: RunRecord, lane: int) -> str:
    if view.sweeps or not 0 <= lane < len(record.settings):
        raise SettingError(["A script holds one lane; this lab has no such lane. Take the lab of single lanes."])
    text = lane_script(view.experiment, record, lane)
    if text is None:
        raise SettingError(["There is no script of this lane."])
    return text
