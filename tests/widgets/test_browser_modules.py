"""The browser's modules: what node says of them, how they are put together, what a frame means to all who read it."""

import json
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import plotly.graph_objects as go
import pytest
from headless import Browser
from jupyter_server.services.kernels.connection.base import deserialize_msg_from_ws_v1, serialize_msg_to_ws_v1

from widgets.browser.browser_module import FOLDER, bundled
from widgets.figure.decimate import thin
from widgets.figure.live_figure import LiveFigure
from widgets.record.moments import numbers_of

HERE = Path(__file__).parent / "browser"
CASES = json.loads((HERE / "frames.json").read_text(encoding="utf-8"))
MODULES = sorted(FOLDER.glob("*.js"))
DRAWINGS = sorted(path.name for path in FOLDER.glob("drawing_*.js"))
WIDGETS = ("control_panel.js", "live_figure.js", "notice_board.js", "question_panel.js", *DRAWINGS)
NAMED = re.compile(r"^(?:export )?(?:async )?(?:function|class|const|let) (\w+)", re.M)
IMPORTED = re.compile(r'^import \{ ([^}]*) \} from "\./(\w+\.js)";$', re.M)

by_module = pytest.mark.parametrize("module", MODULES, ids=lambda path: path.name)


def what(case: dict[str, Any]) -> str:
    return case["what"]


def expanded(numbers: list[Any]) -> np.ndarray:
    """The numbers of a message, as the kernel sends them."""
    parts: list[Any] = []
    for number in numbers:
        if isinstance(number, dict):
            start, step, count = number["ramp"]
            parts += (start + step * np.arange(count)).tolist()
        else:
            parts.append(np.nan if number is None else number)
    return np.array(parts, dtype=float)


def test_modules_do_in_node_what_their_own_tests_say() -> None:
    node = Path(sys.executable).with_name("node")
    tests = sorted(str(path) for path in HERE.glob("*.test.mjs"))
    assert len(tests) >= 2
    run = subprocess.run([node, "--test", *tests], capture_output=True, text=True, timeout=60)
    assert run.returncode == 0, run.stdout + run.stderr


@pytest.mark.parametrize("buffers", [[], [b"\0\1\2"], [b"", bytes(8)]], ids=["none", "one", "two"])
def test_the_page_speaks_to_a_kernel_as_jupyter_does(buffers: list[bytes]) -> None:
    message = {
        "header": {"msg_id": "1", "msg_type": "comm_msg"},
        "parent_header": {},
        "metadata": {"of": "it"},
        "content": {"comm_id": "c", "data": {"method": "update", "state": {"λ": "ηλ ≤ 2"}}},
    }
    sent = serialize_msg_to_ws_v1([*(json.dumps(part).encode() for part in message.values()), *buffers], "shell")
    node = Path(sys.executable).with_name("node")
    run = subprocess.run([node, HERE / "kernel_line.mjs"], input=sent.hex(), capture_output=True, text=True, check=True)
    said = json.loads(run.stdout)
    assert said["read"] == {"channel": "shell", **message, "buffers": [each.hex() for each in buffers]}
    channel, parts = deserialize_msg_from_ws_v1(bytes.fromhex(said["again"]))
    assert channel == "shell"
    assert [json.loads(part) for part in parts[:4]] == list(message.values())
    assert parts[4:] == buffers


@by_module
def test_a_module_imports_what_it_uses_and_what_there_is(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    body = IMPORTED.sub("", text)
    assert not re.search(r"^import\b", body, re.M), "one line an import, of names from a file of this folder"
    for names, source in IMPORTED.findall(text):
        exported = re.findall(
            r"^export (?:async )?(?:function|class|const) (\w+)", (FOLDER / source).read_text(encoding="utf-8"), re.M
        )
        for name in names.split(", "):
            assert name in exported, f"{source} exports no {name}"
            assert re.search(rf"\b{name}\b", body), f"{name} is not used"


@by_module
def test_what_is_exported_is_imported_somewhere(module: Path) -> None:
    text = module.read_text(encoding="utf-8")
    everywhere = [*MODULES, *HERE.glob("*.mjs")]
    taken = {
        name
        for path in everywhere
        for names, source in re.findall(
            r'^import \{ ([^}]*) \} from "[./]*(?:widgets/browser/)?(\w+\.js)";$',
            path.read_text(encoding="utf-8"),
            re.M,
        )
        if source == module.name
        for name in names.split(", ")
    }
    exported = re.findall(r"^export (?:async )?(?:function|class|const) (\w+)", text, re.M)
    assert set(exported) <= taken
    assert bool(re.search(r"^export default", text, re.M)) == (module.name in WIDGETS)


@pytest.mark.parametrize("name", WIDGETS)
def test_a_widgets_module_is_one_text_in_which_each_name_is_given_once(name: str) -> None:
    text = bundled(name)
    assert not re.search(r"^import\b", text, re.M)
    assert re.findall(r"^export\b.*", text, re.M) == ["export default { initialize, render };"]
    twice = [each for each, count in Counter(NAMED.findall(text)).items() if count > 1]
    assert not twice


@by_module
def test_no_text_in_a_module_goes_over_a_line_so_that_what_looks_like_a_comment_is_one(module: Path) -> None:
    assert not [line for line in module.read_text(encoding="utf-8").splitlines() if line.count("`") % 2]


@pytest.mark.parametrize("case", CASES["thinned"], ids=what)
def test_the_kernel_thins_as_the_browser_does(case: dict[str, Any]) -> None:
    x, y = (np.array(case[key], dtype=float) for key in "xy")
    kept_x, kept_y = thin(x, y, case["limit"], case["path"])
    assert kept_x.tolist() == [case["x"][at] for at in case["kept"]]
    assert kept_y.tolist() == [case["y"][at] for at in case["kept"]]


@pytest.mark.parametrize("case", CASES["frames"], ids=what)
def test_the_double_of_the_headless_tests_shows_what_the_browser_shows(case: dict[str, Any]) -> None:
    browser = Browser(LiveFigure({"a": go.Figure()}))
    state = {"type": "state", "figures": [{"data": data} for data in case["given"]], "ops": []}
    browser._apply(state, b"")
    for message in case["messages"]:
        browser._apply({"type": "frame", "ops": message["ops"]}, expanded(message["numbers"]).tobytes())
    if "shown" in case:
        assert browser.traces == case["shown"]
    if "layouts" in case:
        assert browser.layouts == case["layouts"]
    if "points" in case:
        assert [[len(trace["x"]) for trace in traces] for traces in browser.traces] == case["points"]


@pytest.mark.parametrize("case", CASES["frames"], ids=what)
def test_the_load_test_counts_the_numbers_that_a_frame_takes(case: dict[str, Any]) -> None:
    for message in case["messages"]:
        assert sum(map(numbers_of, message["ops"])) == len(expanded(message["numbers"]))
