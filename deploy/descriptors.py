"""Descriptors: files and sockets that a process may have open. Seats need some each, and many systems allow few."""

from __future__ import annotations

import sys

# Measured: 16 a page that is connected; more while it is made, or connected twice.
DESCRIPTORS_A_PAGE = 20
# A seat is a lesson, and may have a gallery in another tab.
PAGES_A_SEAT = 2
RESERVE = 100  # of the server itself, and of browsers that fetch files
# Of ZeroMQ, whose own limit is 1023: four a connection, and some while a page is made or asked for.
SOCKETS_A_PAGE = 32


def seats_that_fit(seats: int, others: int = 0) -> int:
    """Raise this process's soft limit as far as these seats need it and the hard limit lets it.

    Args:
        seats: How many are wanted.
        others: Connections beside those of seats.

    Returns:
        How many of the seats fit; all of them where the system knows no limit.
    """
    reserve = RESERVE + others
    allowed = raised_to(reserve + seats * PAGES_A_SEAT * DESCRIPTORS_A_PAGE)
    return min(seats, max(1, (allowed - reserve) // (PAGES_A_SEAT * DESCRIPTORS_A_PAGE)))


def raised_to(wanted: int) -> int:
    """Raise this process's soft limit to so many descriptors, as far as the hard limit lets it; how many it may have.

    At most as many as are wanted are said, which also is the answer where the system knows no limit.
    """
    if sys.platform == "win32":
        return wanted
    import resource

    soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if soft == resource.RLIM_INFINITY or soft >= wanted:
        return wanted
    soft = wanted if hard == resource.RLIM_INFINITY else min(wanted, hard)
    resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
    return soft
