"""Torch on one thread for a while, and then as before."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

import torch


@contextmanager
def one_thread() -> Iterator[None]:
    """Compute on one thread inside of this block, or of a function that it decorates.

    The nets of the lessons are too small to share out: threads that wait for each other can cost twentyfold, and would
    change the last digits of a run. The process may be a learner's own, in which other things go on; it gets its
    threads back.
    """
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        yield
    finally:
        torch.set_num_threads(before)
