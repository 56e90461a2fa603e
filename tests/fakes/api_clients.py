"""API clients that submit small jobs and retry, for a server that is killed with SIGKILL.

Each submit bears an idempotency key and is sent again until it is answered. A job that ran when the server
was killed is reported as interrupted, and submitted again with a new key, like "Run again" of a page.
"""

from __future__ import annotations

import itertools
import threading
import time
from collections import Counter
from pathlib import Path
from typing import Any, Protocol

import requests
from waiting import wait_until

RETRY_SECONDS = 0.2  # s between two attempts
TIMEOUT_SECONDS = 300.0  # s without an answer
JOB_SECONDS = 0.03  # s that a job takes
WAIT_SECONDS = 20  # s that one request waits for the end of a job


class Server(Protocol):
    """A studio that can be killed and started again at the same address."""

    home: Path
    address: str
    token: str

    def start(self) -> None:
        """Starts the server."""

    def kill(self) -> None:
        """Kills the server with SIGKILL."""


class Client(threading.Thread):
    """Submits some jobs, then waits for each of them.

    Args:
        name: of its requests.
        jobs: how many.
    """

    def __init__(self, server: Server, name: str, jobs: int):
        super().__init__(daemon=True)
        self._server, self._name_prefix, self.jobs = server, name, jobs
        self._session = requests.Session()
        self._session.headers["Authorization"] = f"Bearer {server.token}"
        self.submitted, self.done = 0, 0
        self.fault = ""

    def run(self) -> None:
        """Submits all jobs and waits for them; stores an exception in `fault`."""
        try:
            ids = []
            for number in range(self.jobs):
                ids.append(self._submit(number, 0))
                self.submitted += 1
            for number, job in enumerate(ids):
                self._wait_until_done(number, job)
                self.done += 1
        except Exception as error:
            self.fault = f"{type(error).__name__}: {error}"

    def _submit(self, number: int, attempt: int) -> dict[str, Any]:
        key = {"Idempotency-Key": f"{self._name_prefix}/{number}/{attempt}"}
        body = {"task": "chores.do", "settings": {"steps": 1, "pause": JOB_SECONDS}}
        return self._ask("POST", "/jobs", json=body, headers=key)

    def _wait_until_done(self, number: int, job: dict[str, Any]) -> None:
        for attempt in itertools.count(1):
            while not job["finished"]:
                job = self._ask("GET", f"/jobs/{job['id']}", params={"wait": WAIT_SECONDS})
            if job["state"] == "done":
                return
            if job["state"] != "interrupted":
                raise RuntimeError(job["error"])
            job = self._submit(number, attempt)

    def _ask(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        end = time.monotonic() + TIMEOUT_SECONDS
        while True:
            if (answer := self._request_once(method, path, **options)) is not None:
                if answer.status_code >= 400:
                    raise RuntimeError(f"{answer.status_code} {answer.text}")
                return answer.json()
            if time.monotonic() > end:
                raise TimeoutError("nobody answered")
            time.sleep(RETRY_SECONDS)

    def _request_once(self, method: str, path: str, **options: Any) -> requests.Response | None:
        """Returns a complete answer, or None if the connection broke or the studio is still starting."""
        try:
            answer = self._session.request(
                method, f"{self._server.address}/api/v1{path}", timeout=60, **options
            )
        except requests.RequestException:
            return None
        return None if answer.status_code == 503 else answer


def run(server: Server, clients: int, jobs: int) -> dict[str, Any]:
    """Has clients submit jobs, kills the server when half are done, and restarts it.

    Returns:
        What became of the requests: `lost` and `twice` are to be 0.
    """
    began = time.monotonic()
    crowd = [Client(server, f"client {number}", jobs // clients) for number in range(clients)]
    for client in crowd:
        client.start()
    half = jobs // clients * clients // 2
    wait_until(
        lambda: _count_done(server.home) >= half or not any(client.is_alive() for client in crowd),
        TIMEOUT_SECONDS,
    )
    submitted = sum(client.submitted for client in crowd)
    server.kill()
    server.start()
    for client in crowd:
        client.join(600)
    return {
        "clients": clients,
        "requests": jobs // clients * clients,
        "of them answered when the server was killed": submitted,
        **_count_results(
            server.home, [f"client {n}/{m}" for n in range(clients) for m in range(jobs // clients)]
        ),
        "clients that gave up": [client.fault or "it waits" for client in crowd if client.done < client.jobs],
        "seconds": time.monotonic() - began,
    }


def _count_done(home: Path) -> int:
    return sum(1 for _ in (home / "jobs").glob("*/outcome.json"))


def _count_results(home: Path, names: list[str]) -> dict[str, int]:
    """Counts in the job folders which requests have no result, and which have two."""
    from studio.engine.jobs.records import Request, Status
    from studio.engine.jobs.store import Folder

    keys: Counter[str] = Counter()
    done: Counter[str] = Counter()
    interrupted = 0
    for path in (home / "jobs").iterdir():
        request, status = Folder(path).read(Request), Folder(path).read(Status)
        if request and status:
            keys[request.key] += 1
            done[request.key.rpartition("/")[0]] += status.state == "done"
            interrupted += status.state == "interrupted"
    return {
        "lost": sum(not done[name] for name in names),
        "twice": sum(done[name] > 1 for name in names) + sum(count > 1 for count in keys.values()),
        "reported as interrupted, and submitted again": interrupted,
    }
