"""What the system allows: paths of sockets, descriptors, and modules that are not everywhere."""

import os
import subprocess
import sys

import pytest

from deploy import descriptors, socket_folder

LONG = "/var/folders/zz/zyxvpxvq6csfxvn_n0000000000000/T"  # as macOS has it: 48 characters
WITH_LIMIT = """
import resource, sys
soft, hard = int(sys.argv[1]), int(sys.argv[2])
resource.setrlimit(resource.RLIMIT_NOFILE, (soft, hard))
from deploy.descriptors import seats_that_fit
print(seats_that_fit(int(sys.argv[3])), resource.getrlimit(resource.RLIMIT_NOFILE)[0])
"""


def test_where_temporary_files_have_a_long_path_sockets_get_a_short_one(monkeypatch, tmp_path):
    assert len(LONG) == 48
    assert not socket_folder.fits(LONG)
    long = tmp_path / ("x" * 60)
    long.mkdir()
    monkeypatch.setattr(socket_folder.tempfile, "gettempdir", lambda: str(long))
    assert socket_folder.fits(socket_folder.root())
    monkeypatch.setattr(socket_folder.tempfile, "gettempdir", lambda: "/tmp")
    assert socket_folder.root() == "/tmp"


def test_where_no_path_is_short_enough_the_usual_one_stays(monkeypatch):
    monkeypatch.setattr(socket_folder.tempfile, "gettempdir", lambda: LONG)
    monkeypatch.setattr(socket_folder, "fits", lambda _: False)
    assert socket_folder.root() == LONG


@pytest.mark.skipif(sys.platform == "win32", reason="Windows knows no such limit.")
@pytest.mark.parametrize(
    ("soft", "hard", "seats", "fit"), [(200, 4096, 40, 40), (300, 300, 40, 5), (128, 128, 40, 1), (4096, 4096, 40, 40)]
)
def test_the_soft_limit_of_descriptors_is_raised_or_so_many_seats_fit(soft, hard, seats, fit):
    limits = subprocess.run(
        [sys.executable, "-c", WITH_LIMIT, *map(str, (soft, hard, seats))], capture_output=True, text=True, check=True
    )
    told, raised = map(int, limits.stdout.split())
    assert told == fit
    needed = descriptors.RESERVE + seats * descriptors.PAGES_A_SEAT * descriptors.DESCRIPTORS_A_PAGE
    assert raised == max(soft, min(hard, needed))


WITHOUT = """
import importlib, pkgutil, sys
# What these need of the system is their business.
import jupyterhub.singleuser, torch, voila.app, widgets.figure.live_figure
for name in ("resource", "fcntl", "pwd", "grp", "termios", "multiprocessing.popen_forkserver"):
    sys.modules[name] = None
import deploy
for module in pkgutil.walk_packages(deploy.__path__, "deploy."):
    if not module.name.endswith(("__main__", "jupyterhub_config", "warm_parent")):  # started, not imported
        importlib.import_module(module.name)
        print(module.name)
"""


def test_the_server_can_be_imported_where_posix_modules_are_missing():
    names = subprocess.run([sys.executable, "-c", WITHOUT], capture_output=True, text=True)
    assert names.returncode == 0, names.stderr
    assert {"deploy.serve", "deploy.kernel_child", "deploy.forked_kernel"} <= set(names.stdout.split())


@pytest.mark.skipif(not hasattr(os, "pidfd_open"), reason="Processes have no handles here.")
def test_a_kernel_is_polled_and_awaited_also_where_a_room_has_many_descriptors_open():
    """A hundred seats have some two thousand; `select` knows them up to 1023."""
    code = """
import os, signal
from deploy import forked_kernel
from deploy.descriptors import seats_that_fit
assert seats_that_fit(100) == 100
held = [os.open(os.devnull, os.O_RDONLY) for _ in range(1600)]
forked_kernel.start_parent()
process = forked_kernel.ForkedProcess(["-f", "/nothing/to/read.json"], dict(os.environ), "/")
assert process._handle > 1023, process._handle
print(process.poll(), flush=True)
process.kill()
print(process.wait() != 0, process.poll() is not None)
forked_kernel.end_parent()
"""
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    assert done.stdout.split() == ["None", "True", "True"]
