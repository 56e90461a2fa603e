"""The process of the private cluster: a Dask scheduler and one worker process per lane.

It is a separate process because a worker started from the server would first import the server's `__main__`,
which is a page while a page runs. All processes listen on loopback only and use mutual TLS with a certificate
of this cluster. The key stays in memory but for moments: Python's TLS only reads keys from files, so each
process writes it into a new private folder and removes that at once, in STUDIO_HOME like all temporary files.

The process and its workers end as soon as standard input closes, so also when the server is killed.

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
from studio.engine.cluster.worker import lower_priority

LANES = ("live", "job", "drive")  # in the order of their start; the drive lane starts on demand
LANES_AT_START = 2

CONFIG = {
    "distributed.scheduler.allowed-failures": 0,  # a job that killed its worker must not be retried
    "distributed.scheduler.work-stealing": False,
    "distributed.scheduler.http.routes": [],
    "distributed.worker.http.routes": [],
    "distributed.worker.memory.target": False,
    "distributed.worker.memory.spill": False,
    "distributed.worker.memory.pause": False,  # a paused worker would block its lane for good
    "distributed.worker.memory.terminate": 0.95,
    # Collecting these unused statistics would keep an idle laptop busy.
    "distributed.worker.profile.enabled": False,
    "distributed.admin.tick.interval": "1s",
    "distributed.admin.system-monitor.interval": "5s",
    "distributed.admin.system-monitor.gil.enabled": False,
    "distributed.scheduler.active-memory-manager.start": False,
    "distributed.admin.low-level-log-length": 20,  # events with previews stay in the scheduler's memory
    "distributed.comm.require-encryption": True,
    "distributed.deploy.lost-worker-timeout": "1 day",  # keep a lane whose restart is slow
    # Replaces Dask's default, which limits numeric libraries to one thread.
    "distributed.nanny.pre-spawn-environ": {"MALLOC_TRIM_THRESHOLD_": 65536},
}
ENVIRONMENT = {
    "TF_CPP_MIN_LOG_LEVEL": "3",
    "TF_FORCE_GPU_ALLOW_GROWTH": "true",  # two workers share one GPU
    "XLA_PYTHON_CLIENT_PREALLOCATE": "false",
}


class LanePlugin(WorkerPlugin):
    """Sets up a worker before it receives work: its priority, and the imports to skip."""

    def __init__(self, lane: str):
        self.name = f"lane-{lane}"
        self._lane = lane

    def setup(self, worker: Worker) -> None:
        """Sets up the worker, in its main thread, whose priority all later threads inherit."""
        lower_priority(self._lane)
        startup.skip_optional_imports()


class LaneCluster(SpecCluster):
    """A cluster that starts the workers of LANES in order when it is scaled."""

    def __init__(self, specs: dict[str, dict[str, Any]], **options: Any):
        self._specs = specs
        super().__init__(**options)

    def new_worker_spec(self) -> dict[str, dict[str, Any]]:
        """Returns the spec of the next lane without a worker."""
        lane = next(lane for lane in LANES if lane not in self.worker_spec)
        return {lane: self._specs[lane]}


def main() -> None:
    """Runs the cluster until standard input closes."""
    config = json.loads(sys.stdin.readline())
    answer = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)  # output of native libraries goes to the log, not into the answer
    os.umask(0o077)  # also for the workers, so their files are private
    with dask.config.set({**CONFIG, "temporary-directory": config["scratch"]}):
        asyncio.run(_run_until_exit(config, answer))


async def _run_until_exit(config: dict[str, Any], answer: TextIO) -> None:
    """Starts the cluster, writes its address and certificate to `answer`, and runs until the process ends."""
    security = Security.temporary()
    common = {
        "host": "127.0.0.1",
        "protocol": "tls",
        "security": security,
        "dashboard_address": "127.0.0.1:0",
    }
    scheduler = {"cls": Scheduler, "options": {**common, "port": 0, "dashboard": False}}
    specs = {lane: _worker_spec(lane, config, common) for lane in LANES}
    cluster = await LaneCluster(specs, scheduler=scheduler, security=security, asynchronous=True)
    credentials = {"key": security.tls_client_key, "certificate": security.tls_client_cert}
    answer.write(json.dumps({"address": cluster.scheduler_address, **credentials}) + "\n")
    answer.close()
    loop = asyncio.get_running_loop()
    cluster.scale(LANES_AT_START)
    start_next_lane = lambda: cluster.scale(min(len(LANES), len(cluster.worker_spec) + 1))  # noqa: E731
    threading.Thread(target=_read_commands, args=(loop, start_next_lane), daemon=True).start()
    await asyncio.Event().wait()


def _worker_spec(lane: str, config: dict[str, Any], common: dict[str, Any]) -> dict[str, Any]:
    """Returns how Dask starts the worker of a lane."""
    options = {
        **common,
        "nthreads": 1,
        "resources": {lane: 1},
        "memory_limit": config["memory"][lane],
        "local_directory": config["scratch"],
        "env": {**ENVIRONMENT, "STUDIO_HOME": config["home"]},
        "plugins": (LanePlugin(lane),),
    }
    return {"cls": Nanny, "options": options}


def _read_commands(loop: asyncio.AbstractEventLoop, start_next_lane: Any) -> None:
    """Starts a lane for each line "more" on standard input, and ends the process when that closes."""
    for line in sys.stdin:
        if line.strip() == "more":
            loop.call_soon_threadsafe(start_next_lane)
    # The server is gone. Workers watch this process in the same way, so they also end. All writes are
    # atomic, so no file is left partly written.
    os._exit(0)


if __name__ == "__main__":
    main()
