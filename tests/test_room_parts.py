"""The load test's own parts: it sends load to this machine only, and it sees what goes wrong."""

import asyncio
from contextlib import asynccontextmanager

import pytest
from tornado.httpserver import HTTPServer
from tornado.testing import bind_unused_port
from tornado.web import Application, RequestHandler
from tornado.websocket import WebSocketHandler

from benchmarks.room.__main__ import main
from benchmarks.room.bell import Bell
from benchmarks.room.channel import PROTOCOL, Channel
from benchmarks.room.fairness import jain, rate
from benchmarks.room.figure import HeadlessFigure
from benchmarks.room.lab import HeadlessLab, shows
from benchmarks.room.reader import Read, Reader
from benchmarks.room.report import Report
from benchmarks.room.request import Requests
from benchmarks.room.room import loopback, run_room
from benchmarks.room.seen import Move, Seen
from benchmarks.room.student import Student

MARK = ["layout", 0, {"annotations": [{"text": "η → 0.05"}]}]
GROWTH = ["extend", 0, 0, 1, 0]


@pytest.mark.parametrize(
    "address",
    [
        "http://192.168.0.7:8866",
        "http://example.org:80",
        "http://localhost:8866",
        "http://127.0.0.1@10.0.0.1:80",
        "https://127.0.0.1:8866",
        "http://127.0.0.1",
        "127.0.0.1:8866",
        "",
    ],
)
def test_load_goes_to_no_other_machine(address):
    with pytest.raises(ValueError, match="this machine only"):
        loopback(address)
    with pytest.raises(ValueError, match="this machine only"):
        run_room(1, address=address)


def test_an_address_of_this_machine_is_taken():
    assert loopback("http://127.0.0.1:8866/voila/render/x.ipynb") == "http://127.0.0.1:8866"


@pytest.mark.parametrize(
    "arguments",
    [
        ["--students=61"],
        ["--students=-1"],
        ["--students=0", "--pages=0"],
        ["--pages=5"],
        ["--seconds=601"],
        ["--seconds=nan"],
        ["--readers=501"],
        ["--readers=-1"],
        ["--lesson=../secret.ipynb"],
    ],
)
def test_a_room_has_bounds(arguments, capsys):
    with pytest.raises(SystemExit, match="2"):
        main(arguments)
    assert "error" in capsys.readouterr().err


def test_a_figure_tells_of_messages_that_are_missing_and_acknowledges_what_it_drew():
    async def look():
        sent, troubles = [], []
        figure = HeadlessFigure(sent.append, asyncio.Lock(), troubles.append)
        figure.take({"type": "frame", "n": 1, "ops": []}, [b""])  # of figures that were never seen
        for number in (2, 3, 5):
            message = {"type": "state" if number == 2 else "frame", "n": number, "ops": [GROWTH]}
            figure.take(message, [bytes(16)])
        figure.take({"type": "frame", "n": 6, "ops": [GROWTH]}, [bytes(8)])
        await asyncio.sleep(0.1)
        return sent, troubles

    sent, troubles = asyncio.run(look())
    assert sent == [{"type": "ack", "n": 6}]
    assert troubles == [
        "A figure's message 5 came after 3.",
        "A figure's message 6 has not the numbers that it tells of.",
    ]


@pytest.mark.parametrize(
    ("operations", "shown"),
    [
        ([MARK, GROWTH], True),
        ([["clear"], GROWTH], True),
        ([["clear"]], False),
        ([GROWTH], False),
        ([["layout", 0, {"annotations": [{"text": "η → 0.051"}]}], GROWTH], False),
    ],
)
def test_a_new_value_is_shown_by_its_mark_or_by_a_new_run(operations, shown):
    assert shows(operations, 0.05) is shown


def test_a_move_is_shown_only_after_the_kernel_has_taken_it():
    panel = {
        "lanes": [{"values": {"learning_rate": 0.1}}],
        "selected": 0,
        "transport": {"state": "running", "step": 4, "speed": "fastest"},
    }
    sent, seen = [], Seen("student 1", "x.ipynb")
    figure = HeadlessFigure(sent.append, None, seen.troubles.append)
    lab = HeadlessLab(panel, figure, sent.append, seen)
    lab.slide(0.05)
    figure.on_drawable([MARK, GROWTH])
    assert sent == [{"do": "set", "field": "learning_rate", "value": 0.05, "lane": 0}]
    assert seen.moves[0].shown is None
    lab.update({"lanes": [{"values": {"learning_rate": 0.05}}]})
    figure.on_drawable([GROWTH])
    assert seen.moves[0].shown is None
    figure.on_drawable([MARK, GROWTH])
    assert seen.moves[0].shown >= seen.moves[0].sent


def trained(**changes):
    """One who saw a frame and ten steps each tenth of a second, for ten seconds."""
    seen = Seen("student 1", "x.ipynb")
    for tick in range(100):
        seen.transport(tick / 10, "running", 10 * tick)
        seen.frame(tick / 10)
    for name, value in changes.items():
        setattr(seen, name, value)
    return seen


def reasons(seen, left=0):
    return Report([seen], [], (1.0, 9.0), left, (0.0, 0.0, 0.0)).reasons()


def test_a_good_room_has_nothing_against_it():
    seen = trained(moves=[Move(0.1, 2.0, 2.1)])
    report = Report([seen], [], (1.0, 9.0), 0, (0.0, 0.0, 0.0))
    assert report.reasons() == []
    assert report.steps_a_second(seen) == pytest.approx(100)
    assert report.frames_a_second(seen) == pytest.approx(10, rel=0.05)
    assert report.longest_gap(seen) == 0


def test_a_server_that_keeps_a_monitor_waiting_is_a_reason():
    quick, slow = (Report([trained()], [], (1.0, 9.0), 0, (0.0, 0.0, 0.0), health) for health in ([0.2], [0.2, 1.4]))
    assert quick.reasons() == []
    assert slow.reasons() == ["The server took 1.4 s to say how it is."]


def test_steps_are_counted_over_runs():
    seen = Seen("student 1", "x.ipynb")
    for at, state, step in (
        (0, "running", 0),
        (1, "running", 50),
        (2, "finished", 60),
        (3, "running", 0),
        (4, "running", 7),
    ):
        seen.transport(at, state, step)
    assert seen.steps[-1] == (4, 67)


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"moves": [Move(0.1, 2.0)]}, "1 of 1 moves"),
        ({"gaps": [(2.0, 8.5)]}, "frozen for 6.5 s"),
        ({"steps": [(0.0, 0), (10.0, 0)]}, "no step"),
        ({"playing": None}, "never trained"),
        ({"troubles": ["HTTP 500 at /"]}, "HTTP 500"),
    ],
)
def test_what_went_wrong_is_a_reason(changes, said):
    (reason,) = reasons(trained(**changes))
    assert said in reason


def test_a_lab_that_stops_showing_frames_while_it_runs_is_frozen():
    seen = trained()
    seen.rest(30.0)
    assert seen.gaps == [(9.9, 30.0)]
    assert reasons(trained(), left=2) == ["2 kernels did not end with their pages."]


@pytest.mark.parametrize(
    ("gap", "together", "opening"),
    [((10.0, 36.5), 0.0, 0.0), ((0.2, 0.9), 0.0, 0.7), ((0.5, 2.5), 1.5, 0.5), ((7.0, 12.0), 2.0, 0.0)],
)
def test_of_a_gap_only_what_lies_in_the_time_that_is_looked_at_counts(gap, together, opening):
    """One that lies outside was once counted as negative: -26.5 s."""
    report = Report([trained(gaps=[gap])], [], (1.0, 9.0), 0, (0.0, 0.0, 0.0))
    assert report.longest_gap(report.seen[0]) == pytest.approx(together)
    assert report.longest_gap(report.seen[0], opening=True) == pytest.approx(opening)


def test_fairness_and_rates():
    assert jain([3, 3, 3]) == pytest.approx(1)
    assert jain([1, 0, 0, 0]) == pytest.approx(0.25)
    assert jain([0, 0]) is None
    assert rate([(0, 0), (10, 100)], 2, 6) == pytest.approx(10)


@asynccontextmanager
async def served_by(handler):
    socket, port = bind_unused_port()
    server = HTTPServer(Application([("/.*", handler)]))
    server.add_socket(socket)
    yield f"http://127.0.0.1:{port}"
    server.stop()


def answering(status, text):
    class Answer(RequestHandler):
        def get(self):
            self.set_status(status)
            self.write(text)

    return served_by(Answer)


PAGE = '<script nonce="x" id="jupyter-config-data" type="application/json">{"kernelId": "k"}</script>'


async def attend(status, text):
    async with answering(status, text) as address:
        seen, bell = Seen("student 1", "x.ipynb"), Bell(1, 0.01)
        await Student(address, seen, seed=0).attend(bell)
        return seen


def test_a_full_room_is_a_refusal_and_no_error():
    seen = asyncio.run(attend(503, "The room is full."))
    assert (seen.refused, seen.status) == (True, 503)
    assert reasons(seen) == []


@pytest.mark.parametrize(("status", "text"), [(500, "Sorry"), (200, "A page without a kernel"), (302, "Elsewhere")])
def test_any_other_answer_is_an_error(status, text):
    seen = asyncio.run(attend(status, text))
    assert not seen.refused
    assert f"status {status}" in reasons(seen)[0]


def test_the_page_tells_its_kernel_whatever_else_the_script_carries():
    async def page():
        async with answering(200, PAGE) as address:
            return await Requests(address, Seen("student 1", "x.ipynb")).page("/x")

    assert asyncio.run(page()) == {"kernelId": "k"}


def test_who_leaves_leaves_no_socket_though_frames_still_flow():
    class Talker(WebSocketHandler):
        def select_subprotocol(self, subprotocols):
            return PROTOCOL

        async def open(self, *_):
            for _ in range(20):
                self.write_message("more")

    async def leave():
        async with served_by(Talker) as address:
            channel = await Channel.open(address, "k", {})
            stream = channel._socket.protocol.stream
            await channel.close()
            return stream.closed()

    assert asyncio.run(leave())


PLAIN = """<link href="files/page.css"><div data-record='files/a.js'></div><div data-record='files/b.js'></div>
<script src="files/host.js" data-plotly="files/plotly.js"></script>"""


@pytest.mark.parametrize("missing", [None, "a.js", "b.js", "plotly.js"])
def test_a_reader_takes_the_page_its_files_and_one_record_after_the_other(missing, monkeypatch):
    monkeypatch.setattr("benchmarks.room.reader.READING_SECONDS", (0.0, 0.0))
    asked = []

    class Plain(RequestHandler):
        def get(self):
            name = self.request.path.rsplit("/", 1)[1]
            asked.append(name)
            self.set_status(404 if name == missing else 200)
            self.write(PLAIN if name == "lesson.html" else "1234")

    async def look():
        async with served_by(Plain) as address:
            bell, read = Bell(1, 60), Read()
            bell.settled()
            monkeypatch.setattr(bell, "rest", lambda seconds: asyncio.sleep(0))
            await Reader(f"{address}/pages/lesson.html", read, seed=0).attend(bell, 1)
            return read

    read = asyncio.run(look())
    assert asked[0] == "lesson.html"
    assert set(asked[1:5]) == {"page.css", "host.js", "plotly.js", "a.js"}
    if missing is None:
        assert asked[5:] == ["b.js"]
        assert read.opened > 0
        assert (len(read.records), read.bytes, read.troubles) == (1, len(PLAIN) + 5 * 4, [])
    else:
        assert (missing == "b.js") == (read.opened is not None)
        assert "HTTP 404 at http://127.0.0.1" in read.troubles[0]
        report = Report([], [], (1.0, 9.0), 0, (0.0, 0.0, 0.0), read=[read])
        assert report.reasons() == [f"reader 1: {read.troubles[0]}"]
