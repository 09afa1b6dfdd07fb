"""What the hub, its class and the learners' servers have to agree on: names and addresses of the class."""

from __future__ import annotations

import socket
import sys
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

NAME, TEACHERS = "class", "teachers"
# Who may come to the class, and what it may read of them: whether they are administrators, and their groups.
ACCESS, READ = f"access:services!service={NAME}", "read:users!user"


def class_base(address: str) -> str:
    """Return where the addresses of the class begin, with a slash at the end, on a hub with this address."""
    return f"{urlsplit(address).path.rstrip('/')}/services/{NAME}/"


def lesson_address(base: str) -> str:
    """Return where a learner finds a lesson, with {} for its stem: on the own server, which is started if need be."""
    return f"{base.removesuffix(f'services/{NAME}/')}hub/user-redirect/voila/render/{{}}.ipynb"


def service(address: str, state: Path) -> dict[str, Any]:
    """Return the service as a hub's configuration has it; it listens on a port of loopback that is free now.

    Args:
        address: Of the hub.
        state: Folder of the hub's state.
    """
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    return {
        "name": NAME,
        "url": f"http://127.0.0.1:{port}",
        "command": [sys.executable, "-m", "deploy.hub.class_service"],
        "environment": {"LESSONS_CLASS_FILE": str(state / "class.sqlite3"), "LESSONS_CLASS_HUB": address},
        "oauth_no_confirm": True,
        "oauth_client_allowed_scopes": [READ],
    }
