"""A kernel gives way to its server, however patient the server itself was told to be."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

from deploy import patience

ASK = """
import os, subprocess, sys
from deploy.patience import step_back

os.nice(int(sys.argv[1]))
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
step_back(child.pid)
print(os.getpriority(os.PRIO_PROCESS, child.pid))
child.communicate(b"\\n")
step_back(child.pid)  # has ended: nothing happens
"""
GROUP = Path("/proc/self/autogroup")


@pytest.mark.skipif(not hasattr(os, "setpriority"), reason="this system knows no priorities")
@pytest.mark.parametrize("own", [0, 5, 15])
def test_a_process_that_steps_back_comes_after_the_server(own):
    ours = os.getpriority(os.PRIO_PROCESS, 0) + own
    done = subprocess.run([sys.executable, "-c", ASK, str(own)], capture_output=True, text=True, check=True)
    assert int(done.stdout) == min(19, ours + 10)


ASK_GROUP = """
import subprocess, sys
from pathlib import Path
from deploy.patience import step_back

Path("/proc/self/autogroup").write_text("12")
child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE, start_new_session=True)
step_back(child.pid)
print(Path(f"/proc/{child.pid}/autogroup").read_text().split()[-1])
child.communicate(b"\\n")
"""


@pytest.mark.skipif(not GROUP.exists(), reason="this system does not group processes by session")
def test_where_processes_are_grouped_by_session_its_group_comes_after_the_servers():
    done = subprocess.run(
        [sys.executable, "-c", ASK_GROUP], capture_output=True, text=True, check=True, start_new_session=True
    )
    assert int(done.stdout) == 19


@pytest.mark.parametrize(
    ("said", "told"), [("/autogroup-12 nice 5", "15"), ("/autogroup-12 nice 12", "19"), ("", "10")]
)
def test_the_group_that_all_begin_in_says_nothing_and_is_not_patient(tmp_path, monkeypatch, said, told):
    server, kernel = tmp_path / "server", tmp_path / "kernel"
    server.write_text(said)
    child = subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE)
    monkeypatch.setattr(patience, "_group", lambda process_id: kernel if process_id == child.pid else server)
    patience.step_back(child.pid)
    child.communicate(b"\n")
    assert kernel.read_text() == told
