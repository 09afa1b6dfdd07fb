"""What a bad day brings to a server: lost connections, broken messages, clients that do not read, kernels that die."""

from __future__ import annotations

import contextlib
import http.client
import json
import time
import uuid
from collections.abc import Iterator

import psutil
import websocket
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1

from tests.browser.half_open import half_open_proxy
from tests.browser.hostile_client import HostileClient
from tests.deploy.visitor import answer, await_that, health, kernel_of_page

LESSON = "/voila/render/03_divergence.ipynb"
CONTROL = "jupyter.widget.control"
FLOOD = 200
UNTIL_SILENCE_COUNTS_AS_ABSENCE = 7.0  # four pings of the server of test_chaos.py, a second each, and a little
ODD_PATHS = ("/logout", "/login", "/voila/render/", "/voila/render/nothing.ipynb", "/%00", "/api/sessions", "/tree")


class TrainingClient(HostileClient):
    """A client whose kernel trains and sends frames."""

    def train(self) -> None:
        """Find the page's labs, ask for the figures of one that trains, and press Play."""
        control = {"comm_id": uuid.uuid4().hex}
        self.send("comm_open", {**control, "target_name": CONTROL, "data": {}}, metadata={"version": "1.0.0"})
        self.send("comm_msg", {**control, "data": {"method": "request_states"}})
        states = self._states()
        self.figures = [model for model, state in states.items() if "plotly_version" in state]
        panel = next(model for model, state in states.items() if "steps" in str(state.get("fields")))
        for figure in self.figures:
            self.tell(figure, {"type": "hello"})
        self.tell(panel, {"do": "speed", "value": "fastest"})
        self.tell(panel, {"do": "play"})

    def tell(self, model: str, content: object) -> None:
        """Send a custom message to a widget."""
        self.send("comm_msg", {"comm_id": model, "data": {"method": "custom", "content": content}})

    def _states(self) -> dict[str, dict[str, object]]:
        end = time.monotonic() + 60
        while time.monotonic() < end:
            _, (header, _, _, content, *_) = deserialize_msg_from_ws_v1(self._socket.recv())
            if json.loads(header)["msg_type"] == "comm_msg":
                data = json.loads(content)["data"]
                if data.get("method") == "update_states":
                    return {model: each["state"] for model, each in data["states"].items()}
        raise AssertionError("The kernel did not tell of its widgets within 60 s.")


class Saboteur:
    """Opens pages of its own on a server and mistreats them, one after the other.

    Args:
        address: Of the server.
        server: Its process.
    """

    def __init__(self, address: str, server: psutil.Process):
        self._address, self._server = address, server
        self.done: list[str] = []
        self._acts = (
            self._lose_a_connection,
            self._send_garbage,
            self._fall_silent,
            self._ask_and_not_read,
            self._preview,
            self._ask_oddly,
            self._kill_a_kernel,
            self._leave_while_it_loads,
        )

    def go_on(self, seconds: float) -> list[str]:
        """Do all of it again and again; return the names of what was done."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            for act in self._acts:
                if time.monotonic() < end:
                    act()
                    self.done.append(act.__name__.strip("_").replace("_", " "))
        return self.done

    @contextlib.contextmanager
    def _training(self) -> Iterator[TrainingClient]:
        """A page of its own that trains."""
        with self._page() as kernel, TrainingClient(self._address, kernel) as client:
            client.train()
            yield client

    @contextlib.contextmanager
    def _page(self) -> Iterator[str]:
        """A page of its own; yields its kernel, which ends with the block as by the goodbye of a page."""
        kernel = kernel_of_page(self._address + LESSON)
        try:
            yield kernel
        finally:
            answer(f"{self._address}/voila/api/shutdown/{kernel}", "POST", {"Origin": self._address})

    def _lose_a_connection(self) -> None:
        """A laptop sleeps while it trains, comes back with the same session, and the old connection is still open."""
        session = str(uuid.uuid4())
        with (
            half_open_proxy(self._address) as proxy,
            self._page() as kernel,
            TrainingClient(proxy.address, kernel, session=session) as before,
        ):
            before.train()
            before.answers_for(0.5)
            proxy.lose(0.5)
            with TrainingClient(proxy.address, kernel, session=session) as after:
                after.train()
                after.answers_for(1)

    def _send_garbage(self) -> None:
        """While frames flow; and no goodbye, however long the server waits for it."""
        with self._training() as client:
            client.send_bytes(b"garbage!")
            time.sleep(2)

    def _fall_silent(self) -> None:
        """Answer no ping, with frames waiting."""
        with self._training():
            time.sleep(UNTIL_SILENCE_COUNTS_AS_ABSENCE)

    def _ask_and_not_read(self) -> None:
        """Ask for plotly.js again and again, some hundred bytes for a megabyte, and read nothing."""
        with self._training() as client:
            with contextlib.suppress(websocket.WebSocketException, OSError):
                for _ in range(FLOOD):
                    client.tell(client.figures[0], {"type": "plotly"})
            time.sleep(1)

    def _preview(self) -> None:
        """Get a page as a messenger does that shows a preview of a link."""
        kernel_of_page(self._address + LESSON)

    def _ask_oddly(self) -> None:
        """Ask for what is not there, in ways that no page does."""
        for path in ODD_PATHS:
            for method in ("GET", "HEAD", "POST", "DELETE", "OPTIONS"):
                answer(self._address + path, method)

    def _kill_a_kernel(self) -> None:
        """While it trains."""
        others = set(self._kernels())
        with self._page() as kernel, TrainingClient(self._address, kernel) as client:
            client.train()
            client.answers_for(0.5)
            for own in set(self._kernels()) - others:
                own.kill()
            gone = f"{self._address}/api/kernels/{kernel}"
            await_that(lambda: answer(gone)[0] == 404, "the server has noticed")

    def _leave_while_it_loads(self) -> None:
        """Ask for a page and go before it is whole."""
        host, port = self._address.removeprefix("http://").split(":")
        with contextlib.closing(http.client.HTTPConnection(host, int(port))) as connection:
            connection.request("GET", LESSON)
            time.sleep(0.3)

    def _kernels(self) -> list[psutil.Process]:
        return [kernel for parent in self._server.children() for kernel in parent.children()]


def room_is_empty(address: str) -> bool:
    """Whether nobody has a seat."""
    return health(address)["taken"] == 0
