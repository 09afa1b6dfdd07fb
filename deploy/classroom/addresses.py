"""Addresses under which others on the local network find this machine."""

from __future__ import annotations

import contextlib
import ipaddress
import socket
import struct
import sys
from collections.abc import Iterator

# Any address outside: nothing is sent to it, the system only says which way it would go.
ELSEWHERE = ("10.255.255.255", "172.31.255.255", "192.168.255.255", "192.0.2.1")
SIOCGIFADDR = 0x8915


def local_addresses() -> list[str]:
    """Return the IPv4 addresses of this machine, those of private networks first; none if there is no network."""
    found = dict.fromkeys([*_by_way(), *(_by_interface() if sys.platform == "linux" else _by_name())])
    usable = [each for each in map(ipaddress.IPv4Address, found) if not (each.is_loopback or each.is_link_local)]
    return [str(each) for each in sorted(usable, key=lambda each: not each.is_private)]


def _by_way() -> Iterator[str]:
    """The address that this machine would send from."""
    for address in ELSEWHERE:
        with contextlib.suppress(OSError), socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
            probe.connect((address, 9))
            yield probe.getsockname()[0]


def _by_interface() -> Iterator[str]:
    """Addresses of interfaces that lead nowhere else, as a laptop's own hotspot; Linux says them."""
    import fcntl

    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as asked:
        for _, name in socket.if_nameindex():
            with contextlib.suppress(OSError):
                answer = fcntl.ioctl(asked.fileno(), SIOCGIFADDR, struct.pack("256s", name.encode()[:15]))
                yield socket.inet_ntoa(answer[20:24])


def _by_name() -> Iterator[str]:
    with contextlib.suppress(OSError):
        yield from socket.gethostbyname_ex(socket.gethostname())[2]
