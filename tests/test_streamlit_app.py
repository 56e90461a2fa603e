"""The server: cookies of visitors, origins, tokens and shutdown."""

from __future__ import annotations

import asyncio
import http.client
import importlib.util
import itertools
import os
import re
import select
import signal
import socket
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from pathlib import Path

import cold_studio
import psutil
import pytest
from ports import find_free_port
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ClientState_pb2 import ClientState
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from waiting import wait_until
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

from pages.form import data_set_input
from pages.widgets import owners
from studio.api import guards

ROOT = Path(__file__).resolve().parent.parent


@pytest.fixture(scope="module")
def server_module():
    spec = importlib.util.spec_from_file_location("streamlit_app_under_test", ROOT / "streamlit_app.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def _request_cookies(module, headers=(), scheme="http", kind="http"):
    """Returns the set-cookie headers that OwnerCookie adds for a request."""
    messages = []

    async def page(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": [(b"x-kept", b"1")]})

    async def collect(message):
        messages.append(message)

    scope = {"type": kind, "headers": list(headers), "scheme": scheme}
    # In a new thread, because a browser driver may keep an event loop running in this one.
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, module.OwnerCookie(page)(scope, None, collect)).result()
    assert (b"x-kept", b"1") in messages[0]["headers"]
    return [value.decode() for name, value in messages[0]["headers"] if name == b"set-cookie"]


def test_a_new_visitor_gets_a_name_that_scripts_cannot_read(server_module):
    (first,), (second,) = _request_cookies(server_module), _request_cookies(server_module)
    assert re.fullmatch(r"studio_owner=[\w-]{32}; Path=/; Max-Age=\d+; HttpOnly; SameSite=Lax", first)
    assert first != second


@pytest.mark.parametrize(
    "scheme, forwarded, is_secure",
    [("https", "", True), ("http", "https", True), ("http", "HTTPS, http", True), ("http", "http", False)],
)
def test_cookie_of_a_visitor_needs_tls_where_the_browser_uses_it(server_module, scheme, forwarded, is_secure):
    """In deploy/, only the proxy in front of the studio uses TLS."""
    headers = [(b"x-forwarded-proto", forwarded.encode())] if forwarded else []
    (cookie,) = _request_cookies(server_module, headers, scheme)
    assert cookie.endswith("; Secure") == is_secure


def test_a_known_visitor_keeps_the_name(server_module):
    headers = [(b"cookie", b"a=1; studio_owner=xyz; b=2")]
    assert _request_cookies(server_module, headers) == []
    assert len(_request_cookies(server_module, [(b"cookie", b"other_studio_owner=xyz")])) == 1
    assert _request_cookies(server_module, kind="websocket") == []


def test_pages_read_the_cookie_that_the_server_sets(server_module):
    assert owners.COOKIE == server_module.OWNER_COOKIE


def test_the_script_in_the_head_of_a_page_runs_before_those_of_streamlit(server_module):
    html = server_module.serve_page(None).body.decode()
    first = (ROOT / "pages" / "widgets" / "head.js").read_text("utf-8")
    assert f"<head><script>{first}</script>" in html and "BACKEND_BASE_URL" in first
    assert html.index("<script") == html.index("<head>") + len("<head>")


def _find_children(pid: int) -> list[psutil.Process]:
    return psutil.Process(pid).children(recursive=True)


def _start_server(port: int, program=("-c", cold_studio.PROGRAM), **options) -> subprocess.Popen:
    arguments = [*program, "run", f"--server.port={port}", "--server.headless=true"]
    return subprocess.Popen(
        [sys.executable, *arguments], cwd=ROOT, env=os.environ, **({"stdout": subprocess.PIPE} | options)
    )


@contextmanager
def _serve(log: Path) -> Iterator[tuple[int, int]]:
    """Serves a studio; yields its port and its process id."""
    port = find_free_port()
    with log.open("wb") as file, _start_server(port, stdout=file, stderr=file) as process:
        try:
            wait_until(lambda: _is_serving(port), pause=0.1)
            yield port, process.pid
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


@pytest.fixture(scope="module")
def server_log(tmp_path_factory):
    """What the server of `server_port` prints."""
    return tmp_path_factory.mktemp("log") / "log"


@pytest.fixture(scope="module")
def server_port(server_log, tmp_path_factory):
    """The port of one server for all tests that only send it requests."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("STUDIO_HOME", str(tmp_path_factory.mktemp("home")))
        with _serve(server_log) as (port, _):
            yield port


def _request_status(port: int, host: str, path: str = "/style") -> int:
    """Returns the status for a browser that resolves `host` to this machine."""
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=20)
    with closing(connection):
        connection.request("GET", path, headers={"Host": host})
        return connection.getresponse().status


def _open_stream(port: int, host: str, origin: str) -> int:
    """Returns the status of a WebSocket from a page of `origin`; 101 if it opens."""
    with socket.create_connection(("127.0.0.1", port)) as connection:
        try:
            address = f"ws://{host}/_stcore/stream"
            options = {"origin": origin, "subprotocols": ["streamlit"], "open_timeout": 60}
            with connect(address, sock=connection, **options) as stream:
                return stream.response.status_code
        except InvalidStatus as error:
            return error.response.status_code


@pytest.mark.slow
def test_uploads_are_accepted_up_to_the_limit_of_pages(server_port):
    """The form around the file does not count and can exceed the default limit."""
    address = f"ws://127.0.0.1:{server_port}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"]) as stream:
        stream.send(BackMsg(rerun_script=ClientState(page_name="health")).SerializeToString())
        message = ForwardMsg()
        while message.WhichOneof("type") != "new_session":
            message.ParseFromString(stream.recv(timeout=30))
        session = message.new_session.initialize.session_id
        assert _upload(server_port, session, 50 << 20) == 204
        assert _upload(server_port, session, data_set_input.MAX_MB << 20, length_alone=True) is None
        assert _upload(server_port, session, 600 << 20, length_alone=True) == 413


def _upload(port: int, session: str, size: int, length_alone: bool = False) -> int | None:
    """Returns the status of an upload; None if the server waits for the announced bytes."""
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=60)) as connection:
        connection.request("GET", "/_stcore/health")
        response = connection.getresponse()
        response.read()
        cookies = [word.partition(";")[0] for word in response.headers.get_all("Set-Cookie") or ()]
        xsrf = next((word.partition("=")[2] for word in cookies if "xsrf" in word), "")
        head = b'--B\r\nContent-Disposition: form-data; name="f"; filename="f.png"\r\n\r\n'
        connection.putrequest("PUT", f"/_stcore/upload_file/{session}/file")
        for name, value in {
            "Content-Type": "multipart/form-data; boundary=B",
            "Content-Length": str(len(head) + size + 9),
            "Cookie": "; ".join(cookies),
            "X-Xsrftoken": xsrf,
        }.items():
            connection.putheader(name, value)
        connection.endheaders()
        if length_alone:
            readable, _, _ = select.select([connection.sock], [], [], 3)
            return connection.getresponse().status if readable else None
        connection.send(head + bytes(size) + b"\r\n--B--\r\n")
        return connection.getresponse().status


@pytest.mark.slow
def test_only_pages_of_this_machine_reach_the_studio(server_port):
    port = server_port
    for name in ("localhost", "127.0.0.1", "[::1]"):
        host = f"{name}:{port}"
        assert (_request_status(port, host), _open_stream(port, host, f"http://{host}")) == (200, 101)
    evil = f"evil.example:{port}"
    for path in ("/", "/style", "/_stcore/health"):
        assert _request_status(port, evil, path) == 400
    # A host name that resolves to this machine.
    assert _open_stream(port, evil, f"http://{evil}") in (400, 403)
    assert _open_stream(port, f"localhost:{port}", f"http://{evil}") == 403  # another page's script


@pytest.mark.slow
def test_shared_modules_are_imported_before_the_first_tab(home, tmp_path):
    """Otherwise one tab sees a half-imported pandas while another imports it."""
    with _serve(tmp_path / "log") as (_, pid):
        loaded = " ".join(mapping.path for mapping in psutil.Process(pid).memory_maps())
        assert "/pandas/" in loaded and "/pyarrow/" in loaded
        assert "/tensorflow/" not in loaded


FOREIGN_ORIGINS = (
    "http://localhost:1",
    "http://127.0.0.1",
    "https://localhost:{port}",
    "http://[",
    "null",
    "",
)


@pytest.mark.slow
def test_only_requests_of_the_same_origin_are_accepted(server_port):
    port = server_port
    host = f"localhost:{port}"
    for origin in (item.format(port=port) for item in FOREIGN_ORIGINS):
        assert _open_stream(port, host, origin) == 403, origin
        for method, path in (
            ("GET", "/api/v1/health"),
            ("PUT", "/_stcore/upload_file/a/b"),
            ("GET", "/"),
        ):
            assert _request(port, path, method=method, Origin=origin)[0] == 403, origin
    assert _open_stream(port, host, f"http://{host}") == 101
    assert _request(port, "/", Origin=f"http://127.0.0.1:{port}")[0] == 200
    # As a TLS proxy sends it; a page cannot set this header for another site.
    proxied = {"Origin": f"https://127.0.0.1:{port}", "X-Forwarded-Proto": "https"}
    assert _request(port, "/", **proxied)[0] == 200
    for path in (
        "/",
        "/style",
        "/_stcore/health",
        "/api/v1/health",
        "/api/v1/docs",
        "/static/nothing.js",
    ):
        headers = _request(port, path)[1]
        assert "frame-ancestors 'self'" in ", ".join(headers.get_all("content-security-policy")), path
        assert headers["x-content-type-options"] == "nosniff" and headers["referrer-policy"], path


ODD_VALUES = ("\x01", "[", "http://[", "%", "é", "=;=", "9" * 400, "-1", "bytes=9-1,x", "a" * 60_000)
HEADERS = ("Origin", "Host", "Cookie", "Range", "Authorization", "Accept", "Accept-Encoding", "Content-Type")
HEADERS += (
    "Content-Length",
    "Transfer-Encoding",
    "Connection",
    "Upgrade",
    "If-None-Match",
    "X-Forwarded-Proto",
)
HEADERS += (
    "X-Forwarded-For",
    "X-Xsrftoken",
    "Sec-WebSocket-Key",
    "Sec-WebSocket-Protocol",
    "Idempotency-Key",
)


@pytest.mark.slow
def test_odd_headers_cause_no_server_error(server_port, server_log):
    earlier_bytes = server_log.stat().st_size
    requests = list(itertools.product(("/style", "/api/v1/health", "/_stcore/stream"), HEADERS, ODD_VALUES))
    with ThreadPoolExecutor(64) as pool:  # many of these connections wait for a body until they time out
        statuses = list(pool.map(lambda request: _request_with_header(server_port, *request), requests))
    for (path, name, value), status in zip(requests, statuses, strict=True):
        assert status is None or status < 500, (name, value[:20], path)
    lines = server_log.read_bytes()[earlier_bytes:].decode("utf-8", "replace").splitlines()
    assert "Traceback" not in " ".join(lines) and len(lines) < 3 * len(HEADERS) * len(ODD_VALUES)


def _request_with_header(port: int, path: str, name: str, value: str) -> int | None:
    """Returns the status of a request with one odd header; None if the server waits for more."""
    upgrade = "Connection: Upgrade\r\nUpgrade: websocket\r\n" if path.endswith("stream") else ""
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n" if upgrade else ""
    host = "" if name == "Host" else f"Host: localhost:{port}\r\n"
    head = f"GET {path} HTTP/1.1\r\n{host}{upgrade}{key}{name}: {value}\r\n\r\n"
    with socket.create_connection(("127.0.0.1", port), timeout=5) as connection:
        try:
            connection.sendall(head.encode())
            line = connection.recv(200).split(b"\r\n")[0].split()
        except (TimeoutError, ConnectionError):
            return None
    return int(line[1]) if len(line) > 1 else None


@pytest.mark.parametrize("address, users", [("0.0.0.0", "one"), ("127.0.0.1", "many")])
def test_a_shared_studio_accepts_any_host(server_module, monkeypatch, address, users):
    monkeypatch.setattr("streamlit.get_option", {"server.address": address}.get)
    monkeypatch.setenv("STUDIO_USERS", users)
    assert guards.HostGuard not in [layer.cls for layer in server_module.build_middleware()]


def test_a_shared_studio_runs_headless(server_module, monkeypatch):
    from streamlit import config

    before = config.get_option("server.headless")
    try:
        config.set_option("server.headless", False)
        server_module.build_middleware()
        assert not config.get_option("server.headless"), "one alone has the page opened"
        monkeypatch.setenv("STUDIO_USERS", "many")
        server_module.build_middleware()
        assert config.get_option("server.headless")
    finally:
        config.set_option("server.headless", before)


@pytest.fixture
def token_server(home, monkeypatch, request):
    """A server that requires a token: its port, the token and the address that it printed."""
    monkeypatch.setenv("STUDIO_TOKEN", "on")
    monkeypatch.setenv("STUDIO_USERS", getattr(request, "param", "one"))
    port = find_free_port()
    with _start_server(port) as process:
        try:
            lines = iter(process.stdout.readline, b"")
            address_match = next(
                match for line in lines if (match := re.search(r"http\S+token=(\S+)", line.decode()))
            )
            yield port, address_match[1], address_match[0]
        finally:
            process.send_signal(signal.SIGINT)
            process.wait(20)


def _request(port, path, *, method="GET", body=None, **headers):
    with closing(http.client.HTTPConnection("127.0.0.1", port, timeout=20)) as connection:
        connection.request(method, path, body, {"Accept": "text/html", **headers})
        response = connection.getresponse()
        return response.status, response.headers, response.read().decode(errors="replace")


def _open_websocket(port, path="/_stcore/stream", **headers):
    try:
        with connect(
            f"ws://127.0.0.1:{port}{path}", additional_headers=headers, subprotocols=["streamlit"]
        ) as stream:
            return stream.response.status_code
    except InvalidStatus as error:
        return error.response.status_code


ROUTES = (
    "/",
    "/style?size=64",
    "/_stcore/health",
    "/_stcore/host-config",
    "/_stcore/script-health-check",
    "/static/js/index.js",
    "/media/0.png",
    "/app/static/x.png",
    "/component/x/index.html",
    "/_stcore/bidi-components/x/index.js",
    "/favicon.png",
    "/nowhere",
)


@pytest.mark.slow
@pytest.mark.parametrize("token_server", ["one", "many"], indirect=True)
def test_only_requests_with_the_token_are_accepted(token_server):
    port, token, address = token_server
    assert address == f"http://127.0.0.1:{port}/?token={token}" and len(token) > 40
    for cookie in (
        "",
        f"studio_token_{port}=",
        f"studio_token_{port}={token[:-1]}",
        "studio_token_1=" + token,
    ):
        headers = {"Cookie": cookie}
        assert {_request(port, route, **headers)[0] for route in ROUTES} == {403}
        assert _request(port, "/_stcore/upload_file/a/b", method="PUT", body=b"x", **headers)[0] == 403
        assert _open_websocket(port, **headers) == 403
    for wrong in ("", "x", token[:-1], token + "x", "%ff", "%ED%A0%80"):
        assert _request(port, f"/style?token={wrong}")[0] == 403
        assert _open_websocket(port, f"/_stcore/stream?token={wrong}") == 403
    status, answer_headers, body = _request(port, "/style")
    assert body.startswith("This studio asks for a token. ") and answer_headers["set-cookie"] is None

    status, answer_headers, page = _request(port, f"/style?size=64&token={token}&style=Mosaic&style=Wash")
    assert (status, token in page, answer_headers["cache-control"]) == (200, False, "no-store")
    assert "url=/style?size=64&amp;style=Mosaic&amp;style=Wash" in page
    cookie, *rules = answer_headers["set-cookie"].split("; ")
    assert rules == ["Path=/", "HttpOnly", "SameSite=Strict"]
    assert _request(port, "/style", Cookie=cookie)[0] == 200
    assert _request(port, "/_stcore/health", Cookie=cookie)[2] == "ok"
    assert _open_websocket(port, Cookie=cookie) == 101
    assert _request(port, f"/_stcore/health?token={token}", Accept="*/*")[2] == "ok"  # for a script
    redirected = _request(port, f"//evil.example/?token={token}")[2]
    assert 'url=/evil.example/"' in redirected


@pytest.mark.slow
@pytest.mark.parametrize("token_server", ["many"], indirect=True)
def test_each_visitor_with_the_token_gets_a_name(token_server):
    port, token, _ = token_server
    cookie = _request(port, f"/?token={token}")[1]["set-cookie"].partition(";")[0]
    assert "studio_owner=" in _request(port, "/", Cookie=cookie)[1]["set-cookie"]


@pytest.mark.slow
def test_an_invalid_studio_token_is_refused_at_start(home, monkeypatch):
    monkeypatch.setenv("STUDIO_TOKEN", "s3cret")
    command = [sys.executable, "-m", "streamlit", "run", f"--server.port={find_free_port()}"]
    done = subprocess.run(
        [*command, "--server.headless=true"], cwd=ROOT, capture_output=True, text=True, timeout=120
    )
    assert done.returncode and "Use on or off." in done.stderr
    assert "s3cret" not in done.stdout + done.stderr


@pytest.mark.slow
@pytest.mark.parametrize("end", [signal.SIGINT, signal.SIGKILL])
def test_a_bare_streamlit_run_serves_and_leaves_no_process(home, end):
    port = find_free_port()
    with _start_server(port, ("-m", "streamlit")) as process:
        wait_until(lambda: _is_serving(port), pause=0.1)
        wait_until(lambda: len(_find_children(process.pid)) >= 3)
        family = _find_children(process.pid)
        process.send_signal(end)
        process.wait(20)
    wait_until(lambda: not any(_is_alive(child) for child in family))


def _is_serving(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/style", timeout=5) as response:
            return response.status == 200
    except OSError:
        return False


def _is_alive(process: psutil.Process) -> bool:
    try:
        return process.status() != psutil.STATUS_ZOMBIE
    except psutil.NoSuchProcess:
        return False
