"""The server: its cookie for visitors, what it carries, and that it ends whole."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path

import psutil
import pytest
from starlette.middleware.trustedhost import TrustedHostMiddleware
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.parts import owners

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def server_module():
    spec = importlib.util.spec_from_file_location("streamlit_app_under_test", ROOT / "streamlit_app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _cookies(module, headers=(), scheme="http", kind="http"):
    """What OwnerCookie makes of one request: the set-cookie headers of the answer."""
    sent = []

    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kept", b"1")]})

    async def collect(message):
        sent.append(message)

    scope = {"type": kind, "headers": list(headers), "scheme": scheme}
    # In a thread of its own, since a browser driver of the same run keeps a loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, module.OwnerCookie(page)(scope, None, collect)).result()
    assert (b"x-kept", b"1") in sent[0]["headers"]
    return [value.decode() for name, value in sent[0]["headers"] if name == b"set-cookie"]


def test_a_new_visitor_gets_a_name_that_scripts_cannot_read(server_module):
    (first,), (second,) = _cookies(server_module), _cookies(server_module)
    assert re.fullmatch(r"studio_owner=[\w-]{32}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", first)
    assert first != second
    (secure,) = _cookies(server_module, scheme="https")
    assert secure.endswith("; Secure")


def test_a_known_visitor_keeps_the_name(server_module):
    known = [(b"cookie", b"a=1; studio_owner=xyz; b=2")]
    assert _cookies(server_module, known) == []
    assert len(_cookies(server_module, [(b"cookie", b"other_studio_owner=xyz")])) == 1
    assert _cookies(server_module, kind="websocket") == []


def test_pages_read_the_cookie_that_the_server_sets(server_module):
    assert owners.COOKIE == server_module.COOKIE


def _free_port() -> int:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        return taken.getsockname()[1]


def _family(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _serve(port: int) -> subprocess.Popen:
    words = ["-m", "streamlit", "run", f"--server.port={port}", "--server.headless=true"]
    return subprocess.Popen([sys.executable, *words], cwd=ROOT, env=os.environ, stdout=subprocess.PIPE)


def _status(port: int, host: str, path: str = "/style") -> int:
    """What a browser gets that takes this machine for `host`."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with closing(connection):
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status


def _stream(port: int, host: str, origin: str) -> int:
    """The status with which a page of `origin` gets the stream of a page, 101 when it opens."""
    with socket.create_connection(("127.0.0.1", port)) as raw:
        try:
            address = f"ws://{host}/_stcore/stream"
            with connect(address, sock=raw, origin=origin, subprotocols=["streamlit"]) as stream:
                return stream.response.status_code
        except InvalidStatus as refused:
            return refused.response.status_code


def test_only_pages_of_this_machine_reach_the_studio(home):
    port = _free_port()
    with _serve(port) as process:
        try:
            _until(lambda: _answers(port))
            for name in ("localhost", "127.0.0.1", "[::1]"):
                host = f"{name}:{port}"
                assert (_status(port, host), _stream(port, host, f"http://{host}")) == (200, 101)
            evil = f"evil.example:{port}"
            for path in ("/", "/style", "/_stcore/health"):
                assert _status(port, evil, path) == 400
            assert _stream(port, evil, f"http://{evil}") in (400, 403)  # a name pointed at this machine
            assert _stream(port, f"localhost:{port}", f"http://{evil}") == 403  # another page's script
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


@pytest.mark.parametrize("address, users", [("0.0.0.0", "one"), ("127.0.0.1", "many")])
def test_who_opens_the_studio_picks_its_names(server_module, monkeypatch, address, users):
    monkeypatch.setattr("streamlit.get_option", {"server.address": address}.get)
    monkeypatch.setenv("STUDIO_USERS", users)
    assert TrustedHostMiddleware not in [layer.cls for layer in server_module.middleware()]


@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_bare_streamlit_run_serves_and_leaves_no_process(home, end):
    port = _free_port()
    with _serve(port) as process:
        _until(lambda: _answers(port))
        _until(lambda: len(_family(process.pid)) >= 3)
        family = _family(process.pid)
        process.send_signal(end)
        process.wait(20)
    _until(lambda: not any(_alive(child) for child in family))


def _answers(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/style", timeout=5) as answer:
            return answer.status == 200
    except OSError:
        return False


def _alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False


def _until(holds, seconds: float = 60) -> None:
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "it never came to be"
        time.sleep(0.05)
