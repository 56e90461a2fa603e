"""The API: what HTTP adds to a live call, how long an upload takes, and whether a killed server loses jobs.

    python -m benchmarks.api [--json] [--only live|upload|kill] [--rounds 100] [--clients 50] [--jobs 1000]

live: in one real server (`streamlit run`, in STUDIO_HOME, with its workers warm) the same work is asked for
in turns as a page does, by a call of the engine, and over HTTP.
upload: files of random bytes, each beside a copy of it to another place on the same disk, written through
as an upload is; and what the server's memory grows by meanwhile.
kill: clients that send small jobs with idempotency keys, and again until they are answered, while the server
is killed with -9 and started again. `lost` and `twice` are to be 0.
"""

from __future__ import annotations

import hashlib
import json
import os
import secrets
import shutil
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import psutil
import requests

from benchmarks import api_clients
from benchmarks.report import ROOT, arguments, note, show, timed
from studio.core.process import children

sys.path.append(str(ROOT / "tests" / "fakes"))

CALLS: dict[str, tuple[str, dict[str, Any], dict[str, list[str]]]] = {
    "a house style of 256 px": (
        "style.transfer",
        {"size": 256},
        {"content": ["sample:coffee"], "style": ["house:mosaic"]},
    ),
    "a text of 40 characters": ("text.write", {"chars": 40, "prompt": "To be"}, {}),
}
MB = 1_000_000


def live(rounds: int) -> dict[str, Any]:
    """Starts a server that measures itself."""
    with tempfile.TemporaryDirectory() as folder:
        told = Path(folder) / "told.json"
        words = children.command("-m", "benchmarks.api", "--serve", str(told), "--rounds", str(rounds))
        with (Path(folder) / "log").open("wb") as log:
            subprocess.run(
                words, cwd=ROOT, env=children.environment(), stdout=log, stderr=log, timeout=600, check=False
            )
        return json.loads(told.read_text())


def serve(told: Path, rounds: int) -> None:
    """The server that measures itself, and ends."""
    from chore_studio import free_port
    from streamlit.web.cli import main

    port = free_port()
    threading.Thread(target=_measure, args=[told, rounds, port], daemon=True).start()
    options = ["--server.headless=true", f"--server.port={port}"]
    sys.argv[1:] = ["run", str(ROOT / "streamlit_app.py"), *options]
    main()


def _measure(told: Path, rounds: int, port: int) -> None:
    try:
        figures: dict[str, Any] = {}
        for title, (task, settings, inputs) in CALLS.items():
            page, http = _both_ways(port, task, settings, inputs)
            for way in (page, http, page, http):
                way()
            seconds = [(timed(page), timed(http)) for _ in range(rounds)]
            by_page, by_http = (statistics.median(one) for one in zip(*seconds, strict=True))
            figures |= {
                f"{title}, by the page, ms": 1000 * by_page,
                f"{title}, over HTTP, ms": 1000 * by_http,
                f"{title}, HTTP adds, ms": 1000 * statistics.median(h - p for p, h in seconds),
            }
        told.write_text(json.dumps(figures))
    finally:
        os.kill(os.getpid(), signal.SIGINT)


def _both_ways(
    port: int, task: str, settings: dict[str, Any], inputs: dict[str, list[str]]
) -> tuple[Callable[[], object], Callable[[], object]]:
    from studio import engine
    from studio.core import tasks, tokens
    from studio.run import request

    address, session = f"http://127.0.0.1:{port}/api/v1", requests.Session()
    session.headers["Authorization"] = f"Bearer {tokens.own()}"
    _until(lambda: _ready(session, address))
    parsed, files = request.resolve(tasks.get(task), settings, inputs)
    body = {"task": task, "settings": settings, "inputs": inputs}

    def http() -> None:
        session.post(f"{address}/live", json=body, timeout=60).raise_for_status()

    return lambda: engine.connect().live(task, parsed, files, "page"), http


def _ready(session: requests.Session, address: str) -> bool:
    try:
        return session.get(f"{address}/health", timeout=60).json()["status"] == "ready"
    except requests.ConnectionError:
        return False


def upload(rounds: int) -> dict[str, Any]:
    """Sends files of 50 MB in turns with copying them, then one of 500 MB."""
    with _studio() as server, tempfile.TemporaryDirectory(dir=server.home) as folder:
        session = requests.Session()
        session.headers["Authorization"] = f"Bearer {server.token}"
        send = f"{server.address}/api/v1/files?kind=dataset&name=a.zip"
        _until(lambda: _ready(session, f"{server.address}/api/v1"))
        process, seconds = psutil.Process(server.pid), []
        for _ in range(rounds + 1):
            source = _random(Path(folder) / "source", 50 * MB)
            seconds.append(
                (
                    timed(lambda path=source: _copy(path)),
                    timed(lambda path=source: _send(path, session, send)),
                    timed(lambda path=source: _bare(path)),
                )
            )
        copy, sent, bare = (statistics.median(one) for one in zip(*seconds[1:], strict=True))
        grown = {}
        for size in (50, 500):
            source = _random(Path(folder) / "source", size * MB)
            with _watched(process) as most:
                _send(source, session, send)
            grown[f"the server's memory grows in an upload of {size} MB by, MB"] = max(most) / MB
        return {
            "copy of 50 MB, written through, s": copy,
            "upload of 50 MB, s": sent,
            "upload against copy": statistics.median(s / c for c, s, _ in seconds[1:]),
            "SHA-256 of 50 MB, s": timed(lambda: hashlib.sha256(bytes(50 * MB))),
            "50 MB by a bare socket, hashed and written through, s": bare,
            "bare socket against copy": statistics.median(b / c for c, _, b in seconds[1:]),
            "server's processor time in an upload of 50 MB, s": _worked(process, source, session, send),
            **grown,
        }


def _send(source: Path, session: requests.Session, send: str) -> None:
    with source.open("rb") as file:
        session.post(send, data=file, timeout=120).raise_for_status()


def _worked(process: psutil.Process, source: Path, session: requests.Session, send: str) -> float:
    """The processor time that an upload takes, which a busy machine does not change much."""
    before = sum(process.cpu_times()[:2])
    for _ in range(10):
        _random(source, 50 * MB)
        _send(source, session, send)
    return (sum(process.cpu_times()[:2]) - before) / 10


def _bare(source: Path) -> None:
    """What no server can be faster than: the kernel sends the file, another process hashes and writes it."""
    target = source.with_name("bare")
    with socket.create_server(("127.0.0.1", 0)) as listening:
        if not (child := os.fork()):
            with listening.accept()[0] as coming, target.open("wb", buffering=0) as file:
                digest, room = hashlib.sha256(), memoryview(bytearray(MB))
                while size := coming.recv_into(room):
                    digest.update(room[:size])
                    file.write(room[:size])
                os.fsync(file.fileno())
            os._exit(0)
        with socket.create_connection(listening.getsockname()) as going, source.open("rb") as file:
            going.sendfile(file)
        os.waitpid(child, 0)
    target.unlink()


def _copy(source: Path) -> None:
    target = source.with_name("copy")
    shutil.copyfile(source, target)
    with target.open("rb") as file:
        os.fsync(file.fileno())
    target.unlink()


def _random(path: Path, size: int) -> Path:
    with path.open("wb") as file:
        for _ in range(size // MB):
            file.write(secrets.token_bytes(MB))
        file.flush()
        os.fsync(file.fileno())
    return path


@contextmanager
def _watched(process: psutil.Process) -> Iterator[list[int]]:
    """What a process holds more than before, looked at every few milliseconds."""
    before, ended, grown = process.memory_info().rss, threading.Event(), [0]

    def watch() -> None:
        while not ended.wait(0.005):
            grown.append(process.memory_info().rss - before)

    thread = threading.Thread(target=watch, daemon=True)
    thread.start()
    try:
        yield grown
    finally:
        ended.set()
        thread.join()


def kill(clients: int, jobs: int) -> dict[str, Any]:
    """Kills a server midway, see `api_clients.run`."""
    with _studio() as server:
        return api_clients.run(server, clients, jobs)


@contextmanager
def _studio() -> Iterator[Any]:
    """The real server with the tests' small chores, in a STUDIO_HOME of its own."""
    from chore_studio import Studio

    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        server = Studio(Path(folder))
        server.start()
        try:
            yield server
        finally:
            server.kill()


def _until(holds: Callable[[], bool]) -> None:
    end = time.monotonic() + 120
    while not holds():
        if time.monotonic() > end:
            raise TimeoutError("the studio is not ready")
        time.sleep(0.2)


def main() -> None:
    """Runs it, or the server that it measures."""
    parser = arguments(__doc__)
    parser.add_argument("--only", choices=["live", "upload", "kill"])
    parser.add_argument("--rounds", type=int, default=100)
    parser.add_argument("--clients", type=int, default=50)
    parser.add_argument("--jobs", type=int, default=1000)
    parser.add_argument("--serve", type=Path, help="be the server that measures itself")
    asked = parser.parse_args()
    if asked.serve:
        return serve(asked.serve, asked.rounds)
    ways: dict[str, Callable[[], dict[str, Any]]] = {
        "live": lambda: live(asked.rounds),
        "upload": lambda: upload(max(1, asked.rounds // 10)),
        "kill": lambda: kill(asked.clients, asked.jobs),
    }
    figures: dict[str, Any] = {}
    for name, way in ways.items():
        if asked.only in (None, name):
            note(name)
            figures |= way()
    show(figures, asked.json)


if __name__ == "__main__":
    main()
