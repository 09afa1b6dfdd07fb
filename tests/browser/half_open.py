"""A TCP proxy before a server of this machine that loses connections as laptops, phones and their Wi-Fi do."""

from __future__ import annotations

import contextlib
import selectors
import socket
import struct
import threading
import time
from collections.abc import Iterator

CHUNK = 65536
RESET = struct.pack("ii", 1, 0)  # SO_LINGER: on, 0 seconds; closing then sends a reset


class _Link:
    """One connection of a client and its twin to the server."""

    def __init__(self, client: socket.socket, server: socket.socket) -> None:
        self.client, self.server = client, server
        self.swallows = False
        self.is_lost = False

    def other(self, side: socket.socket) -> socket.socket:
        return self.server if side is self.client else self.client

    def lose_client(self) -> None:
        """Reset the client's side. The server is told nothing: its side stays open and is read no more."""
        self.is_lost = True
        self.client.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET)
        self.client.close()

    def close(self) -> None:
        for side in (self.client, self.server):
            side.close()


class HalfOpenProxy:
    """Passes on what comes, until it is told to lose it.

    Args:
        address: The server, as "http://127.0.0.1:8866". Pages are opened at `self.address` instead.
    """

    def __init__(self, address: str) -> None:
        host, port = address.removeprefix("http://").split(":")
        self._target = (host, int(port))
        self._listening = socket.create_server(("127.0.0.1", 0))
        self.address = f"http://127.0.0.1:{self._listening.getsockname()[1]}"
        self._lock = threading.RLock()
        self._links: list[_Link] = []
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._listening, selectors.EVENT_READ)
        self._swallows = False
        self._closing = False
        self._thread = threading.Thread(target=self._serve, daemon=True)
        self._thread.start()

    def swallow(self) -> None:
        """From now on nothing arrives, in either direction, and nobody is told."""
        with self._lock:
            self._swallows = True
            for link in self._links:
                link.swallows = True

    def reset_clients(self) -> None:
        """End all swallowed connections on the client's side alone, and let new ones through."""
        with self._lock:
            self._swallows = False
            for link in self._links:
                if link.swallows and not link.is_lost:
                    for side in (link.client, link.server):
                        self._forget(side)
                    link.lose_client()

    def lose(self, seconds: float) -> None:
        """Be a laptop that sleeps, or changes its Wi-Fi, for some seconds."""
        self.swallow()
        time.sleep(seconds)
        self.reset_clients()

    def close(self) -> None:
        """End all connections."""
        self._closing = True
        self._thread.join(5)
        self._listening.close()
        for link in self._links:
            link.close()

    def _serve(self) -> None:
        while not self._closing:
            for key, _ in self._selector.select(0.1):
                with self._lock, contextlib.suppress(OSError, ValueError):
                    if key.fileobj is self._listening:
                        self._accept()
                    else:
                        self._pass_on(key.data, key.fileobj)

    def _accept(self) -> None:
        client, _ = self._listening.accept()
        try:
            server = socket.create_connection(self._target)
        except OSError:  # it has ended
            client.close()
            return
        link = _Link(client, server)
        link.swallows = self._swallows
        self._links.append(link)
        for side in (link.client, link.server):
            self._selector.register(side, selectors.EVENT_READ, link)

    def _pass_on(self, link: _Link, side: socket.socket) -> None:
        if link.swallows:  # unread: what is sent piles up at its sender, as on a line that is dead
            self._forget(side)
            return
        try:
            data = side.recv(CHUNK)
            if data:
                link.other(side).sendall(data)
                return
        except OSError:
            pass
        for each in (link.client, link.server):
            self._forget(each)
        link.close()
        self._links.remove(link)

    def _forget(self, side: socket.socket) -> None:
        with contextlib.suppress(KeyError, ValueError):
            self._selector.unregister(side)


@contextlib.contextmanager
def half_open_proxy(address: str) -> Iterator[HalfOpenProxy]:
    """Stand before a server; ends with the block."""
    proxy = HalfOpenProxy(address)
    try:
        yield proxy
    finally:
        proxy.close()
