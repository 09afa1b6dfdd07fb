"""The names that a server answers to: a page of another site cannot pass for one of its own by a name of its own."""

import asyncio
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from tornado.web import HTTPError
from voila.app import Voila

from deploy.hosts import Hosts, asked_hosts, is_loopback
from deploy.hub.trial import TrialAuthenticator
from deploy.serve import LessonServer

LOCAL = ["localhost", "localhost:8866", "127.0.0.1:8866", "[::1]:8866", "192.168.1.20:8866", "10.0.0.7", "[fe80::1]:80"]
OF_THE_NETWORK = ["teacher-pc:8866", "teacher-pc.local:8866", "lessons", "LOCALHOST:1", "localhost."]
FOREIGN = ["evil.example", "evil.example:8866", "localhost.evil.example", "127.0.0.1.evil.example", "127.0.0.1.nip.io"]


@pytest.mark.parametrize("host", [*LOCAL, *OF_THE_NETWORK])
def test_a_server_answers_to_names_that_no_other_site_can_have(host):
    assert host in Hosts([])


@pytest.mark.parametrize("host", FOREIGN)
def test_a_server_answers_to_other_names_only_if_they_were_given(host):
    assert host not in Hosts(["lessons.example"])
    assert host in Hosts([host])
    assert host in Hosts(["*"])


def test_a_name_is_given_with_or_without_its_port():
    assert "Lessons.Example:443" in Hosts(["lessons.example"])
    assert "lessons.example" in Hosts(["lessons.example:8866"])


@pytest.mark.parametrize(
    ("host", "holds"),
    [*((host, True) for host in LOCAL[:4]), *((host, False) for host in [*LOCAL[4:], *OF_THE_NETWORK[:3], *FOREIGN])],
)
def test_a_trial_is_for_this_machine_alone(host, holds):
    assert is_loopback(host) == holds


def test_nobody_logs_in_to_a_trial_under_another_name():
    authenticator = TrialAuthenticator()

    def log_in(host):
        handler = SimpleNamespace(request=SimpleNamespace(host=host))
        return asyncio.run(authenticator.authenticate(handler, {"username": "ada", "password": ""}))

    assert log_in("127.0.0.1:8000") == "ada"
    assert log_in("localhost:8000") == "ada"
    with pytest.raises(HTTPError, match="403"):
        log_in("evil.example:8000")


def test_a_browser_may_have_asked_under_the_name_that_a_proxy_has_replaced():
    headers = {"X-Forwarded-Host": "Lessons.Example, inner.proxy"}
    assert asked_hosts(SimpleNamespace(host="127.0.0.1:8866", headers=headers)) == {"127.0.0.1:8866", "lessons.example"}
    assert asked_hosts(SimpleNamespace(host="localhost:8866", headers={})) == {"localhost:8866"}


def test_the_options_that_the_page_about_proxies_names_exist_and_names_add_up():
    text = (Path(__file__).resolve().parents[2] / "docs" / "proxy.md").read_text()
    named = set(re.findall(r"--([\w.]+)=", text))
    assert {"host", "base_url", "Voila.custom_display_url", "LessonServer.frame_ancestors"} <= named
    server = LessonServer()
    for option in named:
        owner, _, trait = LessonServer.aliases.get(option, option).partition(".")
        owners = {one.__name__: one for one in (*LessonServer.classes, LessonServer, Voila)}
        assert owners[owner].class_traits(config=True).get(trait), option
    server.parse_command_line(["--host=lessons.example", "--host=other.example"])
    assert server.hosts == ["lessons.example", "other.example"]
