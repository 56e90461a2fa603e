"""Authentication, ownership, rate limits, and malformed requests."""

from __future__ import annotations

import asyncio
import csv
import errno
import io
import shutil
import socket
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, suppress
from pathlib import Path

import pytest
import requests
from PIL import Image
from starlette.requests import Request
from starlette.responses import PlainTextResponse

from studio.api import files, guards
from studio.api.app import create_api, read_origins
from studio.core import paths, tokens
from studio.core.access import TokenGuard
from studio.core.errors import InvalidInput
from studio.engine import quotas
from studio.run import uploads
from tests.api.conftest import serve_api, split_address

ROOT = Path(__file__).resolve().parents[2]
KINDS = {"images": "image", "text": "text", "models": "model", "archives": "dataset"}


@pytest.fixture
def png() -> bytes:
    data = io.BytesIO()
    Image.new("RGB", (40, 30), (9, 99, 199)).save(data, "PNG")
    return data.getvalue()


@pytest.mark.slow
def test_routes_require_a_token(address, call):
    for method, path in [
        ("GET", "/health"),
        ("GET", "/tasks"),
        ("POST", "/jobs"),
        ("GET", "/files/" + "a" * 64),
    ]:
        assert requests.request(method, address + path, timeout=10).status_code == 401
        assert call(method, path, headers={"Authorization": "Bearer wrong"}).status_code == 401
        assert call(method, path, headers={"Authorization": "Basic YTpi"}).status_code == 401


def test_docs_page_has_no_script_and_lists_every_route(address):
    page = requests.get(f"{address}/docs", timeout=10)
    assert (
        "script" not in page.text.lower() and "default-src 'none'" in page.headers["content-security-policy"]
    )
    document = requests.get(f"{address}/openapi.json", timeout=10).json()
    assert document["openapi"].startswith("3.1")
    assert all(path in page.text for path in document["paths"]) and len(document["paths"]) > 10


def test_tokens_are_private_and_revocable(home):
    token = tokens.ensure_own()
    assert (home / "tokens" / "own").stat().st_mode & 0o77 == 0
    assert tokens.ensure_own() == token and tokens.find_owner(token) == "local"
    assert tokens.ensure_own(renew=True) != token and tokens.find_owner(token) is None
    issued = tokens.create("visitor-ada")
    assert tokens.find_owner(issued) == "visitor-ada"
    assert issued not in "".join(path.read_text() for path in (home / "tokens").iterdir())
    assert tokens.revoke("visitor-ada") == 1 and tokens.find_owner(issued) is None
    assert tokens.find_owner("../own") is None and tokens.find_owner("") is None


@pytest.mark.parametrize("path, status", [("/api/v1/health", 200), ("/", 403), ("/_stcore/x", 403)])
def test_api_token_does_not_open_pages(home, path, status):
    async def app(scope, receive, send):
        await send({"type": "http.response.start", "status": 200, "headers": []})

    messages = []

    async def collect(message):
        messages.append(message)

    bearer = f"Bearer {tokens.create('visitor-ada')}".encode()
    scope = {"type": "http", "path": path, "query_string": b"", "headers": [(b"authorization", bearer)]}
    guarded = TokenGuard(app, "secret", api_prefix="/api/v1/")
    with ThreadPoolExecutor(
        1
    ) as thread:  # a browser driver of the same run may keep an event loop in this thread
        thread.submit(asyncio.run, guarded(scope, None, collect)).result()
    assert messages[0]["status"] == status


def test_missing_token_returns_a_problem():
    messages = []

    async def collect(message):
        messages.append(message)

    scope = {"type": "http", "path": "/api/v1/health", "query_string": b"", "headers": []}
    guarded = TokenGuard(None, "secret", api_prefix="/api/v1/")
    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, guarded(scope, None, collect)).result()
    assert messages[0]["status"] == 401
    assert (b"content-type", b"application/problem+json; charset=utf-8") in messages[0]["headers"]


@pytest.mark.slow
def test_owner_cannot_see_resources_of_others(visitors, png, engine):
    ada, bob = visitors
    file = ada("POST", "/files?name=a.png", data=png).json()
    assert ada("GET", f"/files/{file['id']}").content == png
    body = {"task": "chores.do", "inputs": {"image": [file["id"]]}}
    job = ada("POST", "/jobs", json=body).json()
    assert ada.wait_for_end(job["id"])["state"] == "done"
    assert bob("POST", "/jobs", json=body).status_code == 404
    for path in (f"/jobs/{job['id']}", f"/files/{file['id']}", f"/gallery/{job['id']}/thumbnail"):
        assert bob("GET", path).status_code == 404
    assert bob("POST", f"/jobs/{job['id']}/cancel").status_code == 404
    assert bob("GET", f"/jobs/{job['id']}/events").status_code == 404
    assert bob("GET", "/jobs").json() == [] and bob("GET", "/gallery").json()["total"] == 0


def test_owner_quotas_apply_to_the_api(visitors, png, monkeypatch, until):
    ada, _ = visitors
    monkeypatch.setenv("STUDIO_OWNER_JOBS", "1")
    long = {"task": "chores.do", "settings": {"steps": 9999, "pause": 0.05}}
    job = ada("POST", "/jobs", json=long).json()
    assert ada("POST", "/jobs", json=long).status_code == 429
    ada("POST", f"/jobs/{job['id']}/cancel")
    ada.wait_for_end(job["id"])
    monkeypatch.setenv("STUDIO_OWNER_DISK", "0.000004")  # the least that a file counts
    full = ada("POST", "/files?name=b.png", data=png)
    assert full.status_code == 507 and "Remove in the gallery" in full.json()["detail"]


def test_other_sites_may_call_only_if_allowed(call, address):
    for origin in ("http://evil.example", "null", "http://127.0.0.1:1"):
        assert call("GET", "/health", headers={"Origin": origin}).status_code == 403
    assert call("GET", "/health", headers={"Origin": address}).ok
    friend = call("GET", "/health", headers={"Origin": "https://friend.example"})
    assert friend.headers["access-control-allow-origin"] == "https://friend.example"


def test_invalid_origins_are_rejected(monkeypatch):
    monkeypatch.setenv("STUDIO_API_ORIGINS", "https://a.example, http://b.example:81")
    assert read_origins() == ["https://a.example", "http://b.example:81"]
    for word in ("*", "a.example", "https://a.example/"):
        monkeypatch.setenv("STUDIO_API_ORIGINS", word)
        with pytest.raises(InvalidInput, match="an origin"):
            read_origins()


def test_uploads_and_jobs_of_visitors_are_refused_while_the_disk_is_almost_full(
    visitors, call, png, monkeypatch
):
    usage = shutil.disk_usage("/")
    monkeypatch.setattr(quotas.shutil, "disk_usage", lambda _: usage._replace(free=10**9 - 1))
    requests_by_path = {"/files": {"data": png + b"z"}, "/jobs": {"json": {"task": "chores.do"}}}
    for path, body in requests_by_path.items():
        refusal = visitors[0]("POST", path, **body)
        assert refusal.status_code == 507 and "almost full" in refusal.json()["detail"]
    assert not paths.is_stored(paths.digest(png + b"z"))
    assert call("POST", "/files", data=png).status_code == 201, "the user who runs the studio decides"
    monkeypatch.setenv("STUDIO_FREE_DISK", "0")
    assert visitors[0]("POST", "/files", data=png).status_code == 201


def test_upload_ends_when_the_disk_becomes_almost_full(visitors, monkeypatch):
    usage, checks = shutil.disk_usage("/"), []
    monkeypatch.setattr(files, "_WRITE_BYTES", 1 << 16)
    monkeypatch.setattr(
        quotas.shutil,
        "disk_usage",
        lambda _: checks.append(0) or usage._replace(free=10**10 if len(checks) < 3 else 10**8),
    )
    refusal = visitors[0]("POST", "/files?kind=text", data=_yield_chunks(40))
    assert refusal.status_code == 507 and len(checks) < 40
    assert not list((paths.ensure_folder("cache") / "received").iterdir())


@pytest.mark.parametrize("name", ["../../evil.png", "..", "a/b\\c.png", "\x00.png", "ü" * 200, " "])
def test_path_separators_are_removed_from_names(call, png, name):
    file = call("POST", "/files", params={"name": name}, data=png).json()
    assert not {"/", "\\", "\x00"} & set(file["name"]) and file["name"] != ".."
    assert (paths.ensure_folder("files") / file["id"]).read_bytes() == png
    assert not list((paths.ensure_folder("cache") / "received").iterdir())


def test_form_with_one_file_is_accepted(call, png):
    file = call("POST", "/files", files={"file": ("cat.png", png, "image/png")}).json()
    assert file["name"] == "cat.png" and (paths.ensure_folder("files") / file["id"]).read_bytes() == png
    named = call("POST", "/files?name=other.png", files={"file": ("cat.png", png)}).json()
    assert (named["id"], named["name"]) == (file["id"], "other.png")
    text = b"a word and another\n" * 300_000  # in chunks
    long = call("POST", "/files?kind=text", files={"file": ("long.txt", text)}).json()
    assert (long["id"], long["name"]) == (paths.digest(text), "long.txt")


@pytest.mark.parametrize("extra", [{"kind": "text"}, None])
def test_invalid_form_explains_how_to_upload(call, png, extra):
    content = {"data": extra, "files": {"file": png}} if extra else {"files": {"kind": (None, "text")}}
    answer = call("POST", "/files", **content)
    assert answer.status_code == 422 and "--data-binary @" in answer.json()["detail"]
    cut = call("POST", "/files", data=b"--x\r\n", headers={"Content-Type": "multipart/form-data; boundary=x"})
    assert cut.status_code == 422 and "--data-binary @" in cut.json()["detail"]
    assert not list((paths.ensure_folder("cache") / "received").iterdir())


def test_slow_uploads_of_one_owner_do_not_delay_others(visitors, png, address, monkeypatch, until):
    ada, bob = visitors
    host, port = split_address(address)
    monkeypatch.setattr("studio.api.files._MAX_UPLOADS", 2)
    with ExitStack() as slow:
        for _ in range(20):
            one = slow.enter_context(socket.create_connection((host, port), timeout=10))
            bearer = ada.headers["Authorization"]
            head = f"POST /files HTTP/1.1\r\nHost: {host}\r\nAuthorization: {bearer}\r\n"
            one.sendall(f"{head}Content-Length: 1000\r\n\r\nx".encode())
        assert bob("POST", "/files", data=png).status_code == 201
    until(lambda: not list((paths.ensure_folder("cache") / "received").iterdir()))  # these are released, too


def test_checks_of_one_owner_leave_a_slot_for_others(visitors, png, monkeypatch, until):
    ada, bob = visitors
    running, free = [], threading.Event()
    store_upload = files._store_upload

    def store_slowly(upload_file, owner):
        if owner == "visitor-ada":
            running.append(owner)
            assert free.wait(60)
        return store_upload(upload_file, owner)

    monkeypatch.setattr(files, "_store_upload", store_slowly)
    with ThreadPoolExecutor(8) as pool:
        uploads_of_ada = [pool.submit(ada, "POST", "/files", data=png) for _ in range(6)]
        until(lambda: running)
        assert bob("POST", "/files", data=png).status_code == 201
        assert len(running) == 1
        free.set()
        assert {upload.result().status_code for upload in uploads_of_ada} == {201}


def test_invalid_upload_is_rejected_and_removed(call, until):
    answer = call("POST", "/files?name=a.png", data=b"no image")
    assert answer.status_code == 422 and "a.png" in answer.json()["detail"]
    assert not paths.is_stored(paths.digest(b"no image"))
    until(lambda: not list((paths.ensure_folder("cache") / "received").iterdir()))


@pytest.mark.parametrize("where, step", [(uploads.Upload, "add"), (paths, "_sync")])
def test_full_disk_returns_507(call, png, monkeypatch, where, step):
    def full(*_):
        raise OSError(errno.ENOSPC, "No space left on device")

    data = png + step.encode()
    before = set(paths.ensure_folder("files").iterdir())
    monkeypatch.setattr(where, step, full)
    answer = call("POST", "/files?name=a.png", data=data)
    assert answer.status_code == 507 and "Free some space" in answer.json()["detail"]
    monkeypatch.undo()
    assert set(paths.ensure_folder("files").iterdir()) == before
    assert not list((paths.ensure_folder("cache") / "received").iterdir())
    assert call("POST", "/files?name=a.png", data=data).status_code == 201


def _yield_chunks(size: int):
    for _ in range(size):
        yield bytes(1 << 16)


def test_body_size_is_limited(call, monkeypatch):
    monkeypatch.setitem(uploads.MAX_BYTES, "image", 1 << 20)
    assert call("POST", "/files", data=_yield_chunks(40)).status_code == 422
    assert call("POST", "/jobs", data=_yield_chunks(40)).status_code == 413
    assert (
        call("POST", "/jobs", data=b"[" * 900_000, headers={"Content-Type": "application/json"}).status_code
        == 400
    )


def test_slow_client_times_out(address, monkeypatch):
    monkeypatch.setattr(guards, "CHUNK_SECONDS", 0.2)
    host, port = split_address(address)
    for path in ("/jobs", "/files"):
        with socket.create_connection((host, port), timeout=10) as slow:
            head = f"POST {path} HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {tokens.ensure_own()}\r\n"
            slow.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 1000\r\n\r\n{{".encode())
            assert b"408" in slow.recv(4096).split(b"\r\n")[0]


@pytest.mark.parametrize("first_bytes", [0, 1 << 20])
def test_dripping_body_times_out(address, monkeypatch, first_bytes):
    """A fast beginning allows no slow end."""
    monkeypatch.setattr(guards, "GRACE_SECONDS", 0.2)
    host, port = split_address(address)
    with socket.create_connection((host, port), timeout=10) as slow:
        head = f"POST /files HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {tokens.ensure_own()}\r\n"
        slow.sendall(f"{head}Content-Length: 2000000\r\n\r\n".encode() + bytes(first_bytes))
        slow.settimeout(0.02)
        answer, end = b"", time.monotonic() + 10
        while not answer and time.monotonic() < end:  # one byte at a time, without a pause
            slow.sendall(b"x")
            with suppress(TimeoutError):
                answer = slow.recv(4096)
        assert b"408" in answer.split(b"\r\n")[0]


@pytest.mark.parametrize("path", ["/models/files", "/gallery/files", "/files", "/files/files"])
@pytest.mark.parametrize("method", ["PATCH", "POST"])
def test_body_is_not_read_without_a_token(address, method, path):
    """Sends no body: a server that waits for it before it checks the token does not answer."""
    host, port = split_address(address)
    with socket.create_connection((host, port), timeout=10) as connection:
        head = f"{method} {path} HTTP/1.1\r\nHost: {host}\r\nContent-Type: application/json\r\n"
        connection.sendall(f"{head}Content-Length: 400000000\r\n\r\n".encode())
        assert b" 401 " in connection.recv(4096).split(b"\r\n")[0]


LARGE_BODIES = {"chunks": "Transfer-Encoding: chunked", "a length": "Content-Length: 400000000"}


@pytest.mark.parametrize("body_header", LARGE_BODIES.values(), ids=LARGE_BODIES)
def test_connection_is_closed_after_the_response_to_an_unread_body(body_header):
    async def app(scope, receive, send):
        await PlainTextResponse("no", 405)(scope, receive, send)

    with (
        serve_api(guards.UnreadBodyGuard(app)) as address,
        socket.create_connection(split_address(address), timeout=10) as connection,
    ):
        connection.sendall(f"POST / HTTP/1.1\r\nHost: x\r\n{body_header}\r\n\r\n".encode())
        received = b"".join(iter(lambda: connection.recv(4096), b""))  # until the server closes it
    assert b" 405 " in received.split(b"\r\n")[0] and b"connection: close" in received


def test_connection_stays_open_after_a_short_or_read_body():
    async def app(scope, receive, send):
        body = await Request(scope, receive).body() if scope["path"] == "/read" else b""
        await PlainTextResponse(str(len(body)))(scope, receive, send)

    with serve_api(guards.UnreadBodyGuard(app)) as address:
        for path, data, length in (("/", b"x", 0), ("/read", bytes(100_000), 100_000)):
            response = requests.post(address + path, data=data, timeout=10)
            assert response.text == str(length) and "connection" not in response.headers


@pytest.mark.parametrize("path", ["/models/files", "/gallery/files"])
def test_only_uploads_may_be_large(call, path):
    assert call("PATCH", path, data=_yield_chunks(40)).status_code == 413
    assert call("PUT", "/files", data=_yield_chunks(40)).status_code in (405, 413)


def test_root_lists_docs_and_routes(address):
    index = requests.get(f"{address}/", timeout=10).json()
    assert requests.get(f"{address}/{index['docs']}", timeout=10).ok
    assert {"POST files", "POST jobs", "POST live"} <= set(index["routes"])


def test_disconnected_client_leaves_no_files(address, until):
    host, port = split_address(address)
    received = paths.ensure_folder("cache") / "received"
    with socket.create_connection((host, port), timeout=10) as connection:
        head = f"POST /files HTTP/1.1\r\nHost: {host}\r\nAuthorization: Bearer {tokens.ensure_own()}\r\n"
        connection.sendall(f"{head}Content-Length: 1000000\r\n\r\n".encode() + bytes(1000))
        until(lambda: list(received.glob("*")))
    until(lambda: not list(received.glob("*")), 10)


@pytest.mark.slow
def test_bad_files_are_accepted_or_rejected_with_a_sentence(call, data_dir):
    root = data_dir / "badfiles"
    with (root / "INDEX.tsv").open(encoding="utf-8") as file:
        rows = [line for line in file if not line.startswith("#")]
    names = [row["file"] for row in csv.DictReader(rows, delimiter="\t")]
    assert len(names) > 400
    accepted = 0
    for name in names[::8]:  # each takes a sandboxed process; `benchmarks.reliability` sends them all
        path = root / name
        if not path.is_file() or path.stat().st_size > 20_000_000:
            continue
        kind = KINDS.get(name.split("/")[0], "image")
        answer = call("POST", "/files", params={"kind": kind, "name": path.name}, data=path.read_bytes())
        assert answer.status_code in (201, 422), name
        if answer.status_code == 201 and kind == "image":
            accepted += 1
            body = {
                "task": "chores.do",
                "settings": {"steps": 1},
                "inputs": {"image": [answer.json()["id"]]},
            }
            assert call("POST", "/jobs", json=body).status_code == 202
    assert 1 < accepted < 25
    assert not list((paths.ensure_folder("cache") / "received").iterdir())


@pytest.mark.slow
def test_api_does_not_import_keras():
    code = (
        "import sys; from studio.api.app import create_api; create_api(); from studio.api import responses\n"
        "from studio.core import tasks\n"
        "[responses.TaskOut.of(tasks.get(name)) for name in tasks.TASKS]\n"
        "sys.exit(' '.join({'keras', 'tensorflow', 'jax', 'streamlit'} & set(sys.modules)) or None)"
    )
    process = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True)
    assert process.returncode == 0, process.stderr


def test_openapi_document_is_complete():
    document = create_api().openapi()
    assert "Problem" in document["components"]["schemas"]
    for methods in document["paths"].values():
        for operation in methods.values():
            assert operation["description"] and "401" in operation["responses"] and operation["security"]
