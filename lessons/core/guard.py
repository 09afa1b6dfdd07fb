"""Calls a function that a learner wrote, and gets the hand back whatever it does."""

from __future__ import annotations

import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType
from typing import Any

WAITING = 10.0  # where the processor serves others, too, a function may take this many times as long as it may work


class GuardedError(Exception):
    """A mistake of a learner's function, as one sentence."""


class _TooLong(BaseException):
    """Raised inside a function whose time is up; not an Exception, so that a bare `except Exception` lets it pass."""


def guarded(function: Callable[..., Any], *arguments: Any, seconds: float = 1.0, said: str = "") -> Any:
    """Call a function; end it after `seconds`, also in the midst of a loop.

    It is its own work that counts: while a processor serves others, the function gets more time. The clocks are looked
    at before each line of Python, so one long call into compiled code is waited for.

    Args:
        function: What a learner wrote.
        arguments: What it gets.
        seconds: How long it may work.
        said: The same in words; `seconds` may be what is left of a time for many calls.

    Raises:
        GuardedError: If the function raises, or takes too long; its sentence names the line.
    """
    worked, waited, before = time.thread_time() + seconds, time.perf_counter() + WAITING * seconds, sys.gettrace()

    def watch(_frame: FrameType, _event: str, _argument: Any) -> Callable[..., Any]:
        if time.thread_time() > worked or time.perf_counter() > waited:
            raise _TooLong
        return watch

    sys.settrace(watch)
    try:
        return function(*arguments)
    except _TooLong:
        raise GuardedError(f"Your function took longer than {said or f'{seconds:g} s'} and was stopped.") from None
    except (Exception, SystemExit) as error:
        raise GuardedError(_sentence(error)) from None
    finally:
        sys.settrace(before)


def _sentence(error: BaseException) -> str:
    told = " ".join(str(error).split())[:200].rstrip(".")
    lines = [entry.lineno for entry in traceback.extract_tb(error.__traceback__) if entry.filename != __file__]
    where = f" in line {lines[0]}" if lines else ""
    return f"Your function stopped{where} with {type(error).__name__}" + (f": {told}." if told else ".")
