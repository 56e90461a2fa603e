"""The client reports invalid answers of a server in one sentence and stores nothing."""

from __future__ import annotations

import gzip
import json
import threading
import time
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import studio
from studio.core import paths
from studio.core.errors import InvalidInput, StudioError
from studio.core.progress import Progress
from studio.core.version import VERSION
from studio.run import http_client

DIGEST = "a" * 64
FILE = {"id": DIGEST, "kind": "image", "name": "a.png"}
RESULT = {"files": [FILE], "figures": {}, "recipe": None, "stopped_early": False}
JOB = {
    "id": "1",
    "state": "done",
    "finished": True,
    "place": 0,
    "step": 1,
    "total": 1,
    "text": "",
    "metrics": {},
    "error": "",
    "result": RESULT,
}
HEALTH = {"status": "ready", "version": VERSION}


@contextmanager
def _serve_answers(**answers):
    """Serves the given answers: JSON, bytes, or functions that write them; yields the address."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            answer = answers.get(self.path.split("?")[0].split("/")[3], {})
            self.send_response(200)
            if callable(answer):
                return answer(self)
            data = answer if isinstance(answer, bytes) else json.dumps(answer).encode()
            self.send_header("Content-Length", str(len(data)))
            self.end_headers()
            self.wfile.write(data)

        do_POST = do_GET

        def log_message(self, *_):
            """Prints nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        try:
            yield f"http://127.0.0.1:{server.server_port}"
        finally:
            server.shutdown()


def _send_forever(handler):
    """Sends data until the client hangs up."""
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(1 << 20))
    except OSError:
        return


def _send_compressed(handler):
    """Sends a few bytes that decompress to many."""
    data = gzip.compress(bytes(100 << 20))
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    try:
        handler.wfile.write(data)
    except OSError:
        return


def _send_slowly(handler):
    """Sends a byte now and then until the client hangs up."""
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(b" ")
            time.sleep(0.01)
    except OSError:
        return


INVALID_HEALTH = {
    "without end": _send_forever,
    "compressed": _send_compressed,
    "a list": [],
    "a text": "ready",
    "another type": {"version": 3},
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("health", INVALID_HEALTH.values(), ids=INVALID_HEALTH)
def test_invalid_health_response_is_rejected(home, health):
    with (
        _serve_answers(health=health) as address,
        pytest.raises(InvalidInput, match="a studio there") as error,
    ):
        studio.connect(address, "t")
    assert len(str(error.value)) < 400


def _drip_header(handler):
    """Sends a header of a thousand bytes, one now and then, until the client hangs up."""
    handler.flush_headers()
    try:
        for _ in range(1000):
            handler.wfile.write(b"a")
            time.sleep(0.01)
    except OSError:
        return


@pytest.mark.parametrize("send", [_send_slowly, _drip_header], ids=["body", "header"])
def test_dripping_response_times_out(home, monkeypatch, send):
    monkeypatch.setattr(http_client, "_READ_SECONDS", 0.3)
    monkeypatch.setattr(http_client, "RETRY_SECONDS", 0)
    with (
        _serve_answers(health=send) as address,
        pytest.raises(StudioError, match="it takes too long"),
    ):
        studio.connect(address, "t")


def test_server_that_hangs_up_after_one_more_byte_is_given_up(home, monkeypatch):
    monkeypatch.setattr(http_client, "RETRY_SECONDS", 0.2)
    monkeypatch.setattr(http_client, "_RETRY_PAUSE_SECONDS", 0.02)
    count = 0

    def send_bytes(handler):
        nonlocal count
        count += 1
        handler.send_header("Content-Length", "100" if count == 100 else "100000")
        handler.end_headers()
        handler.wfile.write(b"a" * count)

    with _serve_answers(files=send_bytes) as address:
        client = http_client.Client(address, "t")
        with pytest.raises(StudioError, match="does not answer"):
            client.fetch("/files/" + DIGEST, Progress())
    assert 1 < count < 100


JOB_WITHOUT_RESULT = {name: value for name, value in JOB.items() if name != "result"}
INVALID_JOBS = {
    "no job": {},
    "a list": [JOB],
    "a part missing": JOB_WITHOUT_RESULT,
    "another type": {**JOB, "metrics": {"loss": "low"}},
    "an id that leads elsewhere": {**JOB, "id": "../../models"},
    "a result without files": {**JOB, "result": {**RESULT, "files": []}},
    "a file that leads elsewhere": {**JOB, "result": {**RESULT, "files": [{**FILE, "id": "../recipes/own"}]}},
    "another kind of file": {**JOB, "result": {**RESULT, "files": [{**FILE, "kind": "program"}]}},
    "deep figures": json.dumps(JOB).replace('"figures": {}', f'"figures": {"[" * 5000}').encode(),
    "without end": _send_forever,
}


@pytest.mark.parametrize("job", INVALID_JOBS.values(), ids=INVALID_JOBS)
def test_invalid_job_response_is_rejected(home, chores, job):
    with _serve_answers(health=HEALTH, jobs=job) as address:
        remote = studio.connect(address, "t")
        with pytest.raises(InvalidInput, match="a studio there"):
            remote.make("chores.do", quiet=True)


def test_invalid_recipe_response_is_rejected(home, chores):
    job = {**JOB, "result": {**RESULT, "recipe": {"task": []}}}
    with _serve_answers(health=HEALTH, jobs=job, files=b"x") as address:
        remote = studio.connect(address, "t")
        with pytest.raises(StudioError):
            remote.make("chores.do", quiet=True)


def test_downloaded_file_is_limited_and_verified(home, chores, monkeypatch):
    monkeypatch.setattr(http_client, "MAX_FILE_BYTES", 3 << 20)
    with _serve_answers(health=HEALTH, jobs=JOB, files=_send_forever) as address:
        remote = studio.connect(address, "t")
        with pytest.raises(InvalidInput, match="an answer of more than 3"):
            remote.make("chores.do", quiet=True)
    with _serve_answers(health=HEALTH, jobs=JOB, files=b"another file") as address:
        remote = studio.connect(address, "t")
        with pytest.raises(StudioError, match="damaged on its way"):
            remote.make("chores.do", quiet=True)
    assert not paths.is_stored(DIGEST)
