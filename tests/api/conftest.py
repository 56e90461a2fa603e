"""Fixtures for API tests: the app on the engine with its small chores, and a full server with the pages."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager

import pytest
import requests
import uvicorn
from chore_studio import Studio
from waiting import wait_until

from studio.api import app, guards
from studio.api.browser_guard import BrowserGuard
from studio.core import tokens
from studio.engine.jobs.records import FINISHED
from tests.engine.conftest import FAKES, chores, engine, start_engine  # noqa: F401


def split_address(address: str) -> tuple[str, int]:
    """Returns host and port of an address."""
    host, _, port = address.removeprefix("http://").partition(":")
    return host, int(port)


@contextmanager
def serve_api(api):
    """Serves an API in a thread of this process; yields its address."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        server = uvicorn.Server(uvicorn.Config(api, log_level="critical", lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        wait_until(lambda: server.started)
        try:
            yield f"http://127.0.0.1:{listening.getsockname()[1]}"
        finally:
            server.should_exit = True
            thread.join(10)


class Client:
    """Sends requests with a token to one address."""

    def __init__(self, address: str, token: str):
        self.address, self.headers = address, {"Authorization": f"Bearer {token}"}

    def __call__(self, method: str, path: str, headers=None, **more) -> requests.Response:
        """Sends one request; fails if the answer is a server error or shows a traceback."""
        all_headers = {**self.headers, **(headers or {})}
        answer = requests.request(method, f"{self.address}{path}", headers=all_headers, timeout=60, **more)
        assert answer.status_code < 500 or answer.status_code in (503, 507), answer.text
        if answer.status_code >= 400:
            assert answer.headers["content-type"] == "application/problem+json"
            assert answer.json()["status"] == answer.status_code
            assert "Traceback" not in answer.text
        return answer

    def wait_for_end(self, id: str) -> dict:
        """Waits until a job has ended and returns it."""

        def read_ended() -> dict | None:
            job = self("GET", f"/jobs/{id}", params={"wait": 30}).json()
            return job if job.get("state", "done") in FINISHED else None  # an error has no state

        return wait_until(read_ended)


@pytest.fixture(scope="package")
def address(engine):  # noqa: F811
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("studio.engine.engine._engines", [engine])
        friends = ["https://friend.example"]
        api = BrowserGuard(app.create_api(friends), api_prefix="/", api_origins=friends)
        with serve_api(guards.BodyRateLimit(api)) as url:
            yield url


@pytest.fixture(scope="package")
def call(address):
    """Calls the API with the operator's token."""
    return Client(address, tokens.ensure_own())


@pytest.fixture(scope="package")
def studio_server(tmp_path_factory):
    """One real server for all tests that need one."""
    studio = Studio(tmp_path_factory.mktemp("served-home"))
    studio.start()
    try:
        ask = Client(f"{studio.address}/api/v1", studio.token)
        wait_until(lambda: ask("GET", "/health").json()["status"] == "ready")
        yield studio
    finally:
        studio.end()


@pytest.fixture
def visitors(address, monkeypatch):
    """Calls the API as two visitors of a studio for many users."""
    monkeypatch.setenv("STUDIO_USERS", "many")
    return [Client(address, tokens.create(f"visitor-{name}")) for name in ("ada", "bob")]


@pytest.fixture
def until():
    """Waits until a condition holds, and fails if it never does."""
    return wait_until
