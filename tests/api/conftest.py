"""The API before the engine of the tests with its small chores: alone, and in the server of the pages."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import threading
import time
from contextlib import contextmanager

import pytest
import requests
import uvicorn

from studio.api import app
from studio.core import tokens
from studio.core.process import children
from tests.engine.conftest import FAKES, _until, chores, engine, start  # noqa: F401


@contextmanager
def serving(api):
    """The address of an API that runs in a thread of this process."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(api, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


class Client:
    """Requests with a token to one address."""

    def __init__(self, address: str, token: str):
        self.address, self.headers = address, {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, headers=None, **more) -> requests.Response:
        """One request; no answer may be a fault, or show one."""
        told = {**self.headers, **(headers or {})}
        answer = requests.request(method, f"{self.address}{path}", headers=told, timeout=60, **more)
        assert answer.status_code < 500 or answer.status_code in (503, 507), answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
            assert "Traceback" not in answer.text
        return answer

    def ended(self, id: str) -> dict:
        """A job once it has ended."""
        return self("GET", f"/jobs/{id}", params={"wait": 30}).json()


@pytest.fixture(scope="package")
def address(engine):  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.engine.engine._connected", [engine])
        with serving(app.create(["https://friend.example"])) as found:
            yield found


@pytest.fixture(scope="package")
def call(address):
    """The API as whoever runs the studio calls it."""
    return Client(address, tokens.own())


class Studio:
    """The studio as `streamlit run` serves it, with chores among its tasks.

    Args:
        home: its STUDIO_HOME.
    """

    def __init__(self, home):
        self.home, self.port = home, _free_port()
        self.address = f"http://127.0.0.1:{self.port}"
        self.process = None

    def start(self):
        """Starts it, or starts it again at the same address; what it prints is in `server.log`."""
        words = children.command(str(FAKES / "chore_studio.py"), str(self.port))
        path = os.pathsep.join([children.search_path(), str(FAKES)])
        environment = children.environment(STUDIO_HOME=str(self.home), PYTHONPATH=path)
        with (self.home / "server.log").open("ab") as log:
            self.process = subprocess.Popen(words, env=environment, stdout=log, stderr=log)
        _until(self._answers)

    def _answers(self) -> bool:
        assert self.process.poll() is None, (self.home / "server.log").read_text()
        try:
            return requests.get(f"{self.address}/_stcore/health", timeout=5).ok
        except requests.RequestException:
            return False

    def end(self, how=signal.SIGINT):
        """Ends it."""
        self.process.send_signal(how)
        self.process.wait(30)

    @property
    def token(self) -> str:
        """Of whoever runs it."""
        return (self.home / "tokens" / "own").read_text()


def _free_port() -> int:
    with socket.create_server(("127.0.0.1", 0)) as probe:
        return probe.getsockname()[1]


@pytest.fixture(scope="package")
def served(tmp_path_factory):
    """One real server for all tests that want one."""
    found = Studio(tmp_path_factory.mktemp("served-home"))
    found.start()
    try:
        ask = Client(f"{found.address}/api/v1", found.token)
        _until(lambda: ask("GET", "/health").json()["status"] == "ready")
        yield found
    finally:
        found.end()


@pytest.fixture
def visitors(address, monkeypatch):
    """The API as two of many call it."""
    monkeypatch.setenv("STUDIO_USERS", "many")
    return [Client(address, tokens.give(f"visitor-{name}")) for name in ("ada", "bob")]


@pytest.fixture
def until():
    """Waits until something holds, and fails if it never does."""
    return _until
