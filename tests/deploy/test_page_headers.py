"""What every answer tells a browser, and the nonce of a page's scripts, however the page is cut into parts."""

import re
from types import SimpleNamespace

import pytest
from tornado.httputil import HTTPHeaders

from deploy.headers import PageHeaders

PAGE = b"""<!doctype html><script>const s = "<script>x</scr" + "ipt>";</script><p>1 < 2</p><scripty>
<script type="application/json">{}</script><script\nsrc="a.js"></script><"""


def answered(parts, kind="text/html; charset=UTF-8", host="lessons.example:8866", protocol="https"):
    """Headers and body of an answer that is sent in parts."""
    transform = PageHeaders(SimpleNamespace(host=host, protocol=protocol))
    headers = HTTPHeaders({"Content-Type": kind, "Server": "TornadoServer/6"})
    if len(parts) == 1:
        headers["Content-Length"] = str(len(parts[0]))
    status, headers, body = transform.transform_first_chunk(200, headers, parts[0], len(parts) == 1)
    for number, part in enumerate(parts[1:], 2):
        body += transform.transform_chunk(part, number == len(parts))
    assert status == 200
    return headers, body


def nonce_of(headers):
    return re.search(r"'nonce-([\w-]+)'", headers["Content-Security-Policy"]).group(1)


@pytest.mark.parametrize("size", [1, 2, 3, 5, 7, 8, 50, len(PAGE)])
def test_each_script_has_the_nonce_of_its_answer_and_nothing_else_changes(size):
    headers, body = answered([PAGE[at : at + size] for at in range(0, len(PAGE), size)])
    mark = f" nonce={nonce_of(headers)}".encode()
    assert body.replace(mark, b"") == PAGE
    assert body.count(mark) == 4
    assert body.count(b"<scripty>") == 1


def test_a_nonce_is_used_once():
    assert len({nonce_of(answered([PAGE])[0]) for _ in range(50)}) == 50


def test_the_length_is_that_of_what_is_sent():
    headers, body = answered([PAGE])
    assert headers["Content-Length"] == str(len(body))


def test_what_is_no_page_stays_as_it_is():
    headers, body = answered([PAGE], kind="application/javascript")
    assert body == PAGE
    assert headers["X-Content-Type-Options"] == "nosniff"


def test_scripts_come_from_the_server_alone_and_nobody_frames_a_page():
    headers, _ = answered([PAGE])
    policy = dict(part.split(" ", 1) for part in headers["Content-Security-Policy"].split("; "))
    assert policy["default-src"] == "'none'"
    assert "'unsafe-inline'" not in policy["script-src"]
    assert not re.search(r"\*|https?:", headers["Content-Security-Policy"])
    assert policy["frame-ancestors"] == "'self'"
    assert policy["base-uri"] == policy["object-src"] == policy["form-action"] == "'none'"
    assert "wss://lessons.example:8866" in policy["connect-src"].split()
    assert headers["Referrer-Policy"] == "same-origin"
    assert "Server" not in headers


@pytest.mark.parametrize("host", ["a;script-src *", "a b", "a'", 'a"', "a\n"])
def test_a_forged_host_writes_nothing_into_the_policy(host):
    headers, _ = answered([PAGE], host=host)
    assert host not in headers["Content-Security-Policy"]
    assert "connect-src 'self'  data:" in headers["Content-Security-Policy"]
