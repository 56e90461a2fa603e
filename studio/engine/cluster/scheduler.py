"""The engine's own process: a private Dask scheduler and one worker process a lane.

It is a process of its own because a worker started from the server would first import the server's
`__main__`, which is a page while a page runs. Everything listens on loopback only and speaks mutual TLS with
one certificate of this cluster. Its key is in these processes' memory alone but for moments: Python's TLS
takes keys from files only, so that each process writes it into a fresh folder that nobody else can read, and
removes that at once. The engine's processes do so, as with all temporary files, in STUDIO_HOME.

It ends, and its workers with it, as soon as its standard input closes: so also when the server is killed.

    standard input   one line of JSON: {"home", "scratch", "memory": {lane: bytes or fraction}}; each line
                     "more" after it starts the next lane.
    standard output  one line of JSON: {"address", "key", "certificate"}.
"""

from __future__ import annotations

import asyncio
import json
import os
import sys
import threading
from typing import Any, TextIO

import dask
from distributed import Nanny, Scheduler, Security, SpecCluster, Worker, WorkerPlugin

from studio.core.process import startup
from studio.engine.cluster.worker import be_polite

LANES = ("live", "job", "drive")  # in the order of their start; drivers wait until one is needed
FIRST = 2

CONFIG = {
    "distributed.scheduler.allowed-failures": 0,  # a job that kills its worker must not kill the next one's
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,  # a paused worker would block its lane for good
    "distributed.worker.memory.terminate": 0.95,
    # Nobody reads these statistics, and collecting them would keep an idle laptop busy.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.low-level-log-length": 20,  # events hold previews, in the scheduler's memory
    "distributed.comm.require-encryption": True,
    "distributed.deploy.lost-worker-timeout": "1 day",  # a slow restart is no reason to give up a lane
    # Dask's default is one thread for every numeric library.
    "distributed.nanny.pre-spawn-environ": {"MALLOC_TRIM_THRESHOLD_": 65536},
}
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # two workers share one GPU
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


class Lane(WorkerPlugin):
    """Sets a worker's manners before it takes any work."""

    def __init__(self, lane: str):
        self.name = f"lane-{lane}"
        self._lane = lane

    def setup(self, worker: Worker) -> None:
        """Runs in the worker's main thread, whose priority all later threads inherit."""
        be_polite(self._lane)
        startup.spare()


class Lanes(SpecCluster):
    """A cluster that starts the lanes of LANES in order, as it is scaled."""

    def __init__(self, specs: dict[str, dict[str, Any]], **options: Any):
        self._specs = specs
        super().__init__(**options)

    def new_worker_spec(self) -> dict[str, dict[str, Any]]:
        """The next lane that has no worker yet."""
        lane = next(lane for lane in LANES if lane not in self.worker_spec)
        return {lane: self._specs[lane]}


def main() -> None:
    """Serves until standard input closes."""
    asked = json.loads(sys.stdin.readline())
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # what native libraries print goes to the log, not into our answer
    os.umask(0o077)  # of the workers too, who write for STUDIO_HOME alone
    with dask.config.set({**CONFIG, "temporary-directory": asked["scratch"]}):
        asyncio.run(_serve(asked, answer))


async def _serve(asked: dict[str, Any], answer: TextIO) -> None:
    security = Security.temporary()
    common = {
        "host": "127.0.0.1",
        "protocol": "tls",
        "security": security,
        "dashboard_address": "127.0.0.1:0",
    }
    scheduler = {"cls": Scheduler, "options": {**common, "port": 0, "dashboard": False}}
    specs = {lane: _worker(lane, asked, common) for lane in LANES}
    cluster = await Lanes(specs, scheduler=scheduler, security=security, asynchronous=True)
    credentials = {"key": security.tls_client_key, "certificate": security.tls_client_cert}
    answer.write(json.dumps({"address": cluster.scheduler_address, **credentials}) + "\n")
    answer.close()
    loop = asyncio.get_running_loop()
    cluster.scale(FIRST)
    more = lambda: cluster.scale(min(len(LANES), len(cluster.worker_spec) + 1))  # noqa: E731
    threading.Thread(target=_follow, args=(loop, more), daemon=True).start()
    await asyncio.Event().wait()


def _worker(lane: str, asked: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    options = {
        **common,
        "nthreads": 1,
        "resources": {lane: 1},
        "memory_limit": asked["memory"][lane],
        "local_directory": asked["scratch"],
        "env": {**ENVIRONMENT, "STUDIO_HOME": asked["home"]},
        "plugins": (Lane(lane),),
    }
    return {"cls": Nanny, "options": options}


def _follow(loop: asyncio.AbstractEventLoop, more: Any) -> None:
    for line in sys.stdin:
        if line.strip() == "more":
            loop.call_soon_threadsafe(more)
    # The server is gone. Workers watch this process in the same way, so none is left behind; all that
    # anyone writes is atomic, so nothing is half written.
    os._exit(0)


if __name__ == "__main__":
    main()
