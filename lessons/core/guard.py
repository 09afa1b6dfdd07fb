"""Calls a function that a learner wrote, and gets the hand back whatever it does."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any


class GuardedError(Exception):
    """What a learner's function did wrong, as one sentence."""


class _TooLong(BaseException):
    """Raised inside a function whose time is up; not an Exception, so that a bare `except Exception` lets it pass."""


def guarded(function: Callable[..., Any], *arguments: Any, seconds: float = 1.0) -> Any:
    """Call a function; end it after `seconds`, also in the midst of a loop.

    The clock is looked at before each line of Python, so one long call into compiled code is waited for.

    Raises:
        GuardedError: If the function raises, or takes too long; its sentence names the line.
    """
    deadline, before = time.perf_counter() + seconds, sys.gettrace()

    def watch(_frame: FrameType, _event: str, _argument: Any) -> Callable:
        if time.perf_counter() > deadline:
            raise _TooLong
        return watch

    sys.settrace(watch)
    try:
        return function(*arguments)
    except _TooLong:
        raise GuardedError(f"Your function took longer than {seconds:g} s and was stopped.") from None
    except (Exception, SystemExit) as error:
        raise GuardedError(_sentence(error)) from None
    finally:
        sys.settrace(before)


def _sentence(error: BaseException) -> str:
    told = " ".join(str(error).split())[:200].rstrip(".")
    lines = [entry.lineno for entry in traceback.extract_tb(error.__traceback__) if entry.filename != __file__]
    where = f" in line {lines[0]}" if lines else ""
    return f"Your function stopped{where} with {type(error).__name__}" + (f": {told}." if told else ".")
