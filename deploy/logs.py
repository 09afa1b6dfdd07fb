"""One line of JSON an event, for a machine to read; without what a link holds."""

from __future__ import annotations

import json
import logging
import time
from typing import Any

from tornado.web import RequestHandler

access = logging.getLogger("LessonServer.access")


class JsonFormatter(logging.Formatter):
    """Writes time (UTC), level, logger, message, what `extra` adds under `fields`, and a traceback if there is one."""

    converter = staticmethod(time.gmtime)

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        line: dict[str, Any] = {
            "time": self.formatTime(record, "%Y-%m-%dT%H:%M:%S") + f".{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            **getattr(record, "fields", {}),
        }
        if record.exc_info:
            line["traceback"] = self.formatException(record.exc_info)
        return json.dumps(line, ensure_ascii=False, default=str)


def log_request(handler: RequestHandler) -> None:
    """Note a request that has been answered: tornado's `log_function`. What comes after `?` is a person's own run."""
    request, status = handler.request, handler.get_status()
    fields = {
        "status": status,
        "method": request.method,
        "path": request.path,
        "ms": round(1000 * request.request_time(), 1),
        "address": request.remote_ip,
    }
    level = logging.ERROR if status >= 500 and status != 503 else logging.INFO if _is_news(handler) else logging.DEBUG
    access.log(level, "%(status)d %(method)s %(path)s %(ms)s ms", fields, extra={"fields": fields})


def _is_news(handler: RequestHandler) -> bool:
    return handler.get_status() >= 400 or handler.request.path == "/" or "/voila/render/" in handler.request.path


# What Jupyter and tornado say of a request that the line about the request says again.
_SAID_TWICE = ("%d %s: %s", "wrote error: %r")


def say_once(log: logging.Logger) -> None:
    """Let a request that is refused be one line."""
    for logger in (log, logging.getLogger("tornado.general")):
        logger.addFilter(lambda record: record.msg not in _SAID_TWICE)
