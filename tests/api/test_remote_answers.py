"""The client reports invalid answers of a server in one sentence and stores nothing."""

from __future__ import annotations

import gzip
import json
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

import studio
from studio.core import paths
from studio.core.errors import InvalidInput, StudioError
from studio.core.version import VERSION
from studio.run import http_client

GONE = "a" * 64
FILE = {"id": GONE, "kind": "image", "name": "a.png"}
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
def _server(**answers):
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


def _endless(handler):
    """Sends data until the client hangs up."""
    handler.end_headers()
    try:
        while True:
            handler.wfile.write(bytes(1 << 20))
    except OSError:
        return


def _bomb(handler):
    """Sends a few bytes that decompress to many."""
    data = gzip.compress(bytes(100 << 20))
    handler.send_header("Content-Encoding", "gzip")
    handler.send_header("Content-Length", str(len(data)))
    handler.end_headers()
    try:
        handler.wfile.write(data)
    except OSError:
        return


HEALTHS = {
    "without end": _endless,
    "compressed": _bomb,
    "a list": [],
    "a text": "ready",
    "another type": {"version": 3},
    "deep": b"[" * 100_000,
}


@pytest.mark.parametrize("health", HEALTHS.values(), ids=HEALTHS)
def test_who_answers_otherwise_is_no_studio(home, health):
    with _server(health=health) as address, pytest.raises(InvalidInput, match="a studio there") as error:
        studio.connect(address, "t")
    assert len(str(error.value)) < 400


CUT = {name: value for name, value in JOB.items() if name != "result"}
JOBS = {
    "no job": {},
    "a list": [JOB],
    "a part missing": CUT,
    "another type": {**JOB, "metrics": {"loss": "low"}},
    "an id that leads elsewhere": {**JOB, "id": "../../models"},
    "a result without files": {**JOB, "result": {**RESULT, "files": []}},
    "a file that leads elsewhere": {**JOB, "result": {**RESULT, "files": [{**FILE, "id": "../recipes/own"}]}},
    "another kind of file": {**JOB, "result": {**RESULT, "files": [{**FILE, "kind": "program"}]}},
    "deep figures": json.dumps(JOB).replace('"figures": {}', f'"figures": {"[" * 5000}').encode(),
    "without end": _endless,
}


@pytest.mark.parametrize("job", JOBS.values(), ids=JOBS)
def test_a_job_of_another_shape_is_refused(home, chores, job):
    with _server(health=HEALTH, jobs=job) as address:
        there = studio.connect(address, "t")
        with pytest.raises(InvalidInput, match="a studio there"):
            there.make("chores.do", quiet=True)


def test_a_recipe_of_another_shape_is_refused(home, chores):
    job = {**JOB, "result": {**RESULT, "recipe": {"task": []}}}
    with _server(health=HEALTH, jobs=job, files=b"x") as address:
        there = studio.connect(address, "t")
        with pytest.raises(StudioError):
            there.make("chores.do", quiet=True)


def test_a_file_ends_somewhere_and_is_the_one_that_was_announced(home, chores, monkeypatch):
    monkeypatch.setattr(http_client, "MAX_FILE_BYTES", 3 << 20)
    with _server(health=HEALTH, jobs=JOB, files=_endless) as address:
        there = studio.connect(address, "t")
        with pytest.raises(InvalidInput, match="an answer of more than 3"):
            there.make("chores.do", quiet=True)
    with _server(health=HEALTH, jobs=JOB, files=b"another file") as address:
        there = studio.connect(address, "t")
        with pytest.raises(StudioError, match="damaged on its way"):
            there.make("chores.do", quiet=True)
    assert not paths.is_kept(GONE)
