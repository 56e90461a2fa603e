"""Kills processes of the engine."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.engine import Engine


def list_pids(engine: Engine, lane: str) -> list[int]:
    """Returns the process ids of the workers of a queue."""
    client = engine._cluster._client
    workers = client.scheduler_info(n_workers=-1)["workers"]
    addresses = [address for address, worker in workers.items() if lane in worker["resources"]]
    return list(client.run(os.getpid, workers=addresses).values())


def kill(engine: Engine, lane: str) -> None:
    """Kills a worker of a queue, as the system does when memory runs out."""
    [pid] = list_pids(engine, lane)
    os.kill(pid, signal.SIGKILL)
