"""The server's end of the cluster: starts a private one or joins an existing one, sends work to its lanes."""

from __future__ import annotations

import json
import logging
import os
import shutil
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import Client, Event, Future, KilledWorker, Security

from studio.core import paths
from studio.core.errors import Unavailable
from studio.engine.work import stop_name, topic

MEMORY: Mapping[str, float | int] = {"job": 0.6, "live": 0.3, "drive": 0.1}  # of what the machine has
MOST_LOG = 5 * 2**20
START_SECONDS = 60

# What Dask tells on a server's terminal about lost connections helps nobody there; the log has its own.
logging.getLogger("distributed").setLevel(logging.CRITICAL)


class Cluster:
    """Workers in lanes, and how their processes died.

    Args:
        home: STUDIO_HOME.
        memory: bytes (above 1) or the fraction of the machine's memory that a lane's process may use.

    Raises:
        Unavailable: if it does not come up; the message names the log.
    """

    def __init__(self, home: Path, memory: Mapping[str, float | int] = MEMORY):
        self._host: subprocess.Popen | None = None
        self._lanes = {"live", "job"}
        self._over_memory: set[str] = set()
        address = os.environ.get("STUDIO_SCHEDULER")
        try:
            security = Security() if address else None
            if address is None:
                address, security = self._start_host(home, memory)
            self.client = Client(
                address, security=security, set_as_default=False, name="studio", timeout=START_SECONDS
            )
        except (OSError, ValueError, TimeoutError) as error:
            self.close()
            where = address or paths.folder("logs") / "engine.log"
            raise Unavailable(
                f"The engine did not start ({type(error).__name__}). "
                f"Next: see {where}, then restart the studio."
            ) from None
        self.client.subscribe_topic("worker-restart-memory", self._note_memory)

    @property
    def private(self) -> bool:
        """Whether this server started the cluster, so that it ends with it."""
        return self._host is not None

    @property
    def pid(self) -> int | None:
        """The process that holds the private cluster."""
        return self._host.pid if self._host else None

    def wait(self) -> None:
        """Returns when the private cluster's process has ended; at once for an existing one."""
        if self._host is not None:
            self._host.wait()

    def slots(self, lane: str) -> int:
        """How many tasks the lane runs at once."""
        if self.private:
            return 1
        workers = self.client.scheduler_info(n_workers=-1)["workers"].values()
        return int(sum(worker["resources"].get(lane, 0) for worker in workers))

    def listen(self, lane: str, handler: Callable[[dict[str, Any]], None]) -> None:
        """Calls `handler` with every event of a lane, in the client's own thread."""
        self.client.subscribe_topic(topic(lane), lambda event: handler(event[1]))

    def submit(self, lane: str, key: str, work: Callable[..., Any], *args: Any) -> Future:
        """Sends work to a lane; there it waits for whatever was sent before."""
        if lane not in self._lanes and self._host is not None:
            self._lanes.add(lane)
            self._host.stdin.write("more\n")
            self._host.stdin.flush()
        return self.client.submit(work, *args, key=key, resources={lane: 1}, pure=False, retries=0)

    def stop(self, id: str) -> None:
        """Asks a running task to stop."""
        Event(stop_name(id), client=self.client).set()

    def forget_stop(self, id: str) -> None:
        """Frees what `stop` left in the scheduler."""
        with suppress(OSError, TimeoutError):
            Event(stop_name(id), client=self.client).clear()

    def restart(self, future: Future) -> None:
        """Ends the process that runs `future`, which no longer answers, and waits for the next one."""
        running_on = [address for address, keys in self.client.processing().items() if future.key in keys]
        future.cancel(reason="restart", msg="it did not stop")  # else Dask would run it again
        if running_on:
            self.client.restart_workers(running_on, timeout=START_SECONDS, raise_for_error=False)

    def died_of_memory(self, error: KilledWorker) -> bool:
        """Whether the worker that an error names was ended for its use of memory."""
        for _ in range(5):  # the news may come a little after the death
            if error.last_worker.address in self._over_memory:
                return True
            time.sleep(0.1)
        return False

    def close(self) -> None:
        """Ends the private cluster with all its processes, or leaves an existing one."""
        if hasattr(self, "client"):
            with suppress(OSError, TimeoutError):
                self.client.close(timeout=2)
        if self._host is not None:
            with suppress(OSError):
                self._host.stdin.close()
            try:
                self._host.wait(5)
            except subprocess.TimeoutExpired:
                self._host.kill()

    def _note_memory(self, event: tuple[float, dict[str, Any]]) -> None:
        self._over_memory.add(event[1]["worker"])

    def _start_host(self, home: Path, memory: Mapping[str, float | int]) -> tuple[str, Security]:
        scratch = home / "cache" / "workers"
        shutil.rmtree(scratch, ignore_errors=True)  # what killed workers left
        scratch.mkdir(parents=True)
        root = Path(__file__).resolve().parent.parent.parent
        path = os.pathsep.join(filter(None, [str(root), os.environ.get("PYTHONPATH")]))
        with _log() as log:
            self._host = subprocess.Popen(
                [sys.executable, "-m", "studio.engine.host"],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=log,
                env={**os.environ, "PYTHONPATH": path},
                start_new_session=True,  # Ctrl-C is for the server, which ends this in order
                text=True,
            )
        asked = {"home": str(home), "scratch": str(scratch), "memory": dict(memory)}
        self._host.stdin.write(json.dumps(asked) + "\n")
        self._host.stdin.flush()
        timer = threading.Timer(START_SECONDS, self._host.kill)  # ends the wait below
        timer.start()
        answer = json.loads(self._host.stdout.readline() or "no answer")
        timer.cancel()
        certificate, key = answer["certificate"], answer["key"]
        return answer["address"], Security(
            require_encryption=True,
            tls_ca_file=certificate,
            tls_client_cert=certificate,
            tls_client_key=key,
        )


def _log() -> Any:
    path = paths.folder("logs") / "engine.log"
    if path.exists() and path.stat().st_size > MOST_LOG:
        path.replace(path.with_suffix(".old.log"))
    return path.open("ab")
