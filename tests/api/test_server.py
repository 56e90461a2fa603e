"""The API as it is deployed: inside the page server, behind Streamlit's middleware."""

from __future__ import annotations

import io
import itertools
import json
import socket
from contextlib import ExitStack, suppress

import numpy as np
import psutil
import pytest
import requests
from PIL import Image

from studio.cli import main
from studio.core import owners, paths, tokens
from tests.api.conftest import Client, split_address

pytestmark = pytest.mark.slow

CHORE = {"task": "chores.do", "settings": {"steps": 4, "pause": 0.1}}


@pytest.fixture
def ask(studio_server):
    """Calls the API of the real server with the operator's token."""
    return Client(f"{studio_server.address}/api/v1", studio_server.token)


def test_api_and_pages_share_a_server(ask, studio_server):
    assert ask("GET", "/health").json()["status"] == "ready"
    assert ask("GET", "/health", headers={"Authorization": "Bearer wrong"}).status_code == 401
    page = requests.get(f"{studio_server.address}/style", timeout=20)
    assert page.ok and "set-cookie" not in ask("GET", "/health").headers
    assert "<script" not in requests.get(f"{ask.address}/docs", timeout=20).text


def test_unknown_host_returns_a_problem(ask, studio_server):
    for host in ("evil.example", "", "localhost.evil.example"):
        answer = ask("GET", "/health", headers={"Host": host})
        assert answer.status_code == 400 and "as localhost" in answer.json()["detail"]
    assert ask("GET", "/health", headers={"Host": "LOCALHOST:99"}).ok
    assert (
        requests.get(studio_server.address, headers={"Host": "evil.example"}, timeout=20).status_code == 400
    )


def test_path_with_a_line_break_reaches_the_api(ask):
    assert ask("GET", "/gallery/a%0Ab/thumbnail").status_code == 404


def test_live_request_returns_the_file(ask):
    response = ask("POST", "/live", json={"task": "chores.write", "settings": {"steps": 4}})
    assert (response.text, response.headers["content-type"]) == ("bcde", "text/plain; charset=utf-8")


def test_upload_job_streams_events_and_supports_ranges(ask):
    # More than a megabyte: in chunks.
    noise = np.random.default_rng(0).integers(0, 256, (500, 700, 3), "uint8")
    data = io.BytesIO()
    Image.fromarray(noise).save(data, "PNG")
    file = ask("POST", "/files?name=noise.png", data=data.getvalue()).json()
    part = ask("GET", f"/{file['href']}", headers={"Range": "bytes=-7"})
    assert (part.status_code, part.content) == (206, data.getvalue()[-7:])
    job = ask("POST", "/jobs", json={**CHORE, "inputs": {"image": [file["id"]]}}).json()
    events = [json.loads(line) for line in _read_job_events(ask, job["id"])]
    assert not events[0]["finished"], "the first event came only with the last"
    assert (events[-1]["state"], events[-1]["inputs"]["image"][0]["id"]) == ("done", file["id"])
    response = ask("GET", f"/{events[-1]['result']['files'][0]['href']}")
    assert Image.open(io.BytesIO(response.content)).size == (48, 32)


def _read_job_events(ask, id: str) -> list[str]:
    answer = ask("GET", f"/jobs/{id}/events", stream=True, headers={"Accept-Encoding": "gzip"})
    lines = [line.decode() for line in answer.iter_lines()]
    return [data.removeprefix("data: ") for event, data in itertools.pairwise(lines) if event == "event: job"]


def _run_token(capsys, *argv: str) -> str:
    assert main(["token", *argv]) == 0
    return capsys.readouterr().out.strip()


def test_printed_token_is_accepted(ask, studio_server, capsys, monkeypatch):
    monkeypatch.setenv("STUDIO_HOME", str(studio_server.home))
    token = _run_token(capsys)
    assert Client(ask.address, token)("GET", "/health").ok
    assert json.loads(_run_token(capsys, "--json")) == {"token": token}


def test_new_token_revokes_the_old_one(home, capsys):
    before, after = _run_token(capsys), _run_token(capsys, "--new")
    assert before != after == _run_token(capsys)
    assert (tokens.find_owner(before), tokens.find_owner(after)) == (None, owners.LOCAL)


def test_owner_gets_a_separate_token(home, capsys):
    paths.make_folder(owners.folder("visitor-ada"))
    token = _run_token(capsys, "--owner", "visitor-ada")
    assert tokens.find_owner(token) == "visitor-ada"
    again = _run_token(capsys, "--owner", "visitor-ada", "--new")
    assert (tokens.find_owner(token), tokens.find_owner(again)) == (None, "visitor-ada")
    assert main(["token", "--owner", "visitor-bob"]) == 2
    assert "visitor-bob" in capsys.readouterr().err


def test_incomplete_requests_are_closed(studio_server, ask):
    host, port = split_address(studio_server.address)
    with ExitStack() as stack:
        halves = [stack.enter_context(socket.create_connection((host, port), timeout=60)) for _ in range(50)]
        for number, half in enumerate(halves):  # others were answered before
            if number % 2:
                half.sendall(f"GET /api/v1/ HTTP/1.1\r\nHost: {host}\r\n\r\n".encode())
                assert half.recv(1 << 16).startswith(b"HTTP/1.1 200")
            half.sendall(b"GET / HTTP/1.1\r\nHost:")
        assert ask("GET", "/health").ok
        drip = stack.enter_context(socket.create_connection((host, port), timeout=1))
        drip.sendall(b"GET / HTTP/1.1\r\nX-Slow: ")
        _drip_until_closed(drip)
        for half in halves:
            with suppress(ConnectionResetError):
                while half.recv(1 << 16):
                    pass
        assert ask("GET", "/health").ok


def _drip_until_closed(client: socket.socket) -> None:
    """Sends one byte of a header per second; fails if the server never closes the connection."""
    with suppress(ConnectionResetError, BrokenPipeError):
        for _ in range(60):
            with suppress(TimeoutError):
                if client.recv(1) == b"":
                    return
            client.sendall(b"a")
        pytest.fail("the connection stays open")


@pytest.mark.slow
def test_unopened_websockets_are_closed(studio_server):
    """A request line of more than 8 KiB gets no answer."""
    host, port = split_address(studio_server.address)
    with socket.create_connection((host, port), timeout=60) as half:
        lines = ("GET /_stcore/stream HTTP/1.1", f"Host: {host}", "Connection: Upgrade", "Upgrade: websocket")
        keys = ("Sec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==", "Sec-WebSocket-Version: 13")
        half.sendall("\r\n".join((*lines, *keys, f"Cookie: x={9000 * 'a'}", "", "")).encode())
        with suppress(ConnectionResetError):
            assert half.recv(1 << 16) == b""


def test_unauthorized_body_takes_no_memory(studio_server):
    process = psutil.Process(studio_server.pid)
    before = process.memory_info().rss
    for path in ("models/files", "gallery/files", "files"):
        with suppress(requests.ConnectionError):  # the connection breaks while it sends
            answer = requests.patch(
                f"{studio_server.address}/api/v1/{path}", data=_yield_zeros(200 << 20), timeout=60
            )
            assert answer.status_code == 401
    assert process.memory_info().rss < before + (50 << 20)


def _yield_zeros(size: int):
    for _ in range(size >> 20):
        yield bytes(1 << 20)
