"""The death of a process of the engine."""

from __future__ import annotations

import os
import signal
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from studio.engine import Engine


def kill(engine: Engine, lane: str) -> None:
    """Ends the process of a lane as the system would that is out of memory."""
    client = engine._cluster._client
    workers = client.scheduler_info(n_workers=-1)["workers"]
    [address] = [address for address, worker in workers.items() if lane in worker["resources"]]
    [pid] = client.run(os.getpid, workers=[address]).values()
    os.kill(pid, signal.SIGKILL)
