"""Logs that a machine reads hold what happened, and not what a link holds."""

import json
import logging
from types import SimpleNamespace

from deploy.logs import JsonFormatter, log_request


class Lines(logging.Handler):
    """Keeps what is logged, as lines of JSON."""

    def __init__(self):
        super().__init__()
        self.setFormatter(JsonFormatter())
        self.lines = []

    def emit(self, record):
        self.lines.append(json.loads(self.format(record)))


def logged(action):
    logger, lines = logging.getLogger("LessonServer.access"), Lines()
    logger.addHandler(lines)
    level, logger.level = logger.level, logging.DEBUG
    try:
        action(logger)
    finally:
        logger.removeHandler(lines)
        logger.setLevel(level)
    return lines.lines


def request(path, status):
    return SimpleNamespace(
        get_status=lambda: status,
        request=SimpleNamespace(
            method="GET", path=path, uri=f"{path}?secret=1", remote_ip="127.0.0.1", request_time=lambda: 0.0123
        ),
    )


def test_a_request_is_one_line_without_its_query():
    (line,) = logged(lambda _: log_request(request("/voila/render/03_divergence.ipynb", 200)))
    assert line["level"] == "info"
    assert (line["status"], line["path"], line["ms"]) == (200, "/voila/render/03_divergence.ipynb", 12.3)
    assert "secret" not in json.dumps(line)
    assert line["time"].endswith("Z")


def test_faults_are_errors_a_full_room_is_not_and_files_are_no_news():
    levels = [
        logged(lambda _, path=path, status=status: log_request(request(path, status)))[0]["level"]
        for path, status in [("/", 500), ("/", 503), ("/nothing", 404), ("/voila/static/voila.js", 200)]
    ]
    assert levels == ["error", "info", "info", "debug"]


def test_an_exception_is_on_its_line():
    def fail(logger):
        try:
            raise ValueError('with "quotes"\nand lines')
        except ValueError:
            logger.exception("It failed: %s", "so")

    (line,) = logged(fail)
    assert line["message"] == "It failed: so"
    assert 'with "quotes"\nand lines' in line["traceback"]
