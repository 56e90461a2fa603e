"""The server's client of the cluster: sends work to lanes, stops it, and explains why a worker died."""

from __future__ import annotations

import logging
import os
import threading
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

from distributed import Client, Event, Future, KilledWorker, Security

from studio.core import capacity, paths, tasks
from studio.core.errors import StudioError, Unavailable, invalid
from studio.engine.cluster import reports, worker
from studio.engine.cluster.launch import Host

# By lane, of the machine's memory.
MEMORY_SHARES: Mapping[str, float | int] = {
    "job": capacity.JOB_MEMORY_SHARE,
    "live": capacity.LIVE_MEMORY_SHARE,
    "drive": 0.1,
}
START_SECONDS = 60
MIN_FREE_BYTES = 4 * 2**30  # free bytes of memory above which the live lane loads Keras in advance
MAX_SENDINGS = 10  # of work that never began because earlier work killed its worker each time
LOST = "The connection to its worker was lost. Run it again."
KILLED = "Its process crashed or was ended from outside. Run it again, or try a smaller size."

WarmUpStep = tuple[str, Callable[..., None], tuple[float, ...]]  # a lane, its warm-up function, and arguments

# Dask's messages about lost connections do not help on a server's terminal; the log has its own.
logging.getLogger("distributed").setLevel(logging.CRITICAL)


def _load_security(address: str) -> Security:
    """Returns the certificates for STUDIO_SCHEDULER from Dask's configuration.

    Raises:
        InvalidInput: if the address is not one of TLS.
        Unavailable: if there are no certificates.
    """
    if not address.startswith("tls://"):
        step = "let the cluster speak TLS, for whoever can read along may run code there"
        raise invalid("STUDIO_SCHEDULER", expected="tls://HOST:PORT", received=address, next_step=step)
    security = Security(require_encryption=True)
    certificate_options = ("tls_ca_file", "tls_client_cert", "tls_client_key")
    if not all(getattr(security, name) for name in certificate_options):
        raise Unavailable(
            "STUDIO_SCHEDULER names a cluster, but its certificates are not known here. "
            "Set distributed.comm.tls.ca-file and .client in Dask's configuration."
        )
    return security


class Cluster:
    """Workers in lanes: of a private cluster, or of the one at STUDIO_SCHEDULER.

    Args:
        home: STUDIO_HOME.
        memory: memory of each lane's process, see `studio.engine.cluster.launch.Host`.
        warm: whether workers load Keras and weights before the first task.

    Raises:
        Unavailable: if it does not start; the message names the log.
        InvalidInput: if STUDIO_SCHEDULER names a cluster without TLS.
    """

    def __init__(self, home: Path, memory: Mapping[str, float | int] = MEMORY_SHARES, warm: bool = True):
        self._host: Host | None = None
        self._warm = warm
        self._lanes = {"live", "job"}
        self._over_memory: set[str] = set()
        self._warming: set[str] = set()
        self._ended = threading.Event()
        address = os.environ.get("STUDIO_SCHEDULER")
        try:
            if address:
                scheduler_address, security = address, _load_security(address)
            else:
                self._host = Host(home, memory, START_SECONDS)
                scheduler_address, security = self._host.address, self._host.security
            self._client = Client(
                scheduler_address,
                security=security,
                set_as_default=False,
                name="studio",
                timeout=START_SECONDS,
            )
        except (OSError, ValueError) as error:
            self.close()
            raise Unavailable(
                f"The engine did not start ({type(error).__name__}). "
                f"See {address or paths.ensure_folder('logs') / 'engine.log'}, then restart the studio."
            ) from None
        self._comm = self._client.scheduler_comm
        self._client.subscribe_topic("worker-restart-memory", self._record_memory_excess)
        self._warm_up("live", "job")

    @property
    def is_warming(self) -> bool:
        """Whether the live lane is still loading the models that work without Keras; Keras itself is loaded
        later, because new users rarely need it at once."""
        return "live" in self._warming

    def wait(self, seconds: float) -> bool:
        """Waits at most `seconds` for the end of the cluster. Returns whether it has ended."""
        if self._host:
            return self._host.wait(seconds)
        # A reconnected scheduler has lost all earlier events, so treat it as a new one.
        return self._ended.wait(seconds) or self._client.scheduler_comm is not self._comm

    def count_slots(self, lane: str) -> int:
        """Returns how many tasks the lane runs at once; 0 without a connection."""
        if self._client.status != "running":
            return 0
        if self._host:
            return 1
        workers = self._client.scheduler_info(n_workers=-1)["workers"].values()
        return int(sum(worker["resources"].get(lane, 0) for worker in workers))

    def listen(self, lane: str, handler: Callable[[dict[str, Any]], None]) -> None:
        """Calls `handler` with every event of a lane, in the client's thread."""
        self._client.subscribe_topic(reports.topic_of(lane), lambda event: handler(event[1]))

    def submit(self, lane: str, key: str, function: Callable[..., Any], *args: Any) -> Future:
        """Sends work to a lane. It waits for running work, but not for tasks that drivers send later."""
        if self._host and lane not in self._lanes:
            self._lanes.add(lane)
            self._host.add_lane()
        return self._client.submit(
            function, *args, key=key, resources={lane: 1}, priority=1, pure=False, retries=0
        )

    def stop(self, id: str) -> None:
        """Asks running work to stop."""
        Event(worker.stop_name(id), client=self._client).set()

    def cancel(self, id: str) -> None:
        """Asks running work to stop without a result."""
        Event(worker.cancel_name(id), client=self._client).set()
        self.stop(id)

    def clear_stop(self, id: str) -> None:
        """Clears the events that `stop` and `cancel` set in the scheduler."""
        for name in (worker.stop_name(id), worker.cancel_name(id)):
            with suppress(OSError, TimeoutError):
                Event(name, client=self._client).clear()

    def restart_worker(self, lane: str, future: Future) -> None:
        """Ends the unresponsive worker of `future`, and waits for the new one."""
        addresses = [address for address, keys in self._client.processing().items() if future.key in keys]
        future.cancel(reason="restart", msg="it did not stop")  # else Dask would run it again
        if addresses:
            self._client.restart_workers(addresses, timeout=START_SECONDS, raise_for_error=False)
        self._warm_up(lane)

    def explain_failure(self, lane: str, future: Future) -> str:
        """Returns why a finished future has no result, as a sentence for the user; "" if it has one.

        If its worker was killed, also warms up the new one.
        """
        if future.cancelled():
            return LOST
        error = future.exception()
        if error is None:
            return ""
        if isinstance(error, KilledWorker):
            self._warm_up(lane)
            return worker.OUT_OF_MEMORY if self._exceeded_memory(error) else KILLED
        if isinstance(error, StudioError):
            return str(error)
        return f"No worker could run it ({type(error).__name__}). See logs/engine.log in STUDIO_HOME."

    def close(self) -> None:
        """Ends a private cluster with all its processes, or disconnects from another one."""
        if hasattr(self, "_client"):
            with suppress(OSError, TimeoutError):
                self._client.close(timeout=2)
        if self._host:
            self._host.close()
        self._ended.set()

    def _warm_up(self, *lanes: str) -> None:
        """Warms up lanes one after the other, because two cores should not load Keras twice at once.

        First the live lane without Keras, then the job lane, whose tasks usually need it, then Keras in the
        live lane if there is enough memory.
        """
        lanes = tuple(lane for lane in lanes if self._warm and lane != "drive")  # drivers load no weights
        if not lanes:
            return
        steps: list[WarmUpStep] = [(lane, worker.warm_up, ()) for lane in lanes]
        keras_arguments: dict[str, tuple[float, ...]] = {"job": (), "live": (MIN_FREE_BYTES,)}
        steps += [
            (lane, worker.warm_up_keras, arguments)
            for lane, arguments in keras_arguments.items()
            if lane in lanes
        ]
        self._warming |= {"live"} & {*lanes}
        self._submit_steps(steps)

    def _submit_steps(self, steps: list[WarmUpStep]) -> None:
        """Submits the first step, and the next one whenever one ends."""
        (lane, warm_up, arguments), *remaining_steps = steps
        future = self.submit(
            lane, f"warm-{lane}-{time.time_ns()}", warm_up, dict(tasks.TASKS), lane, *arguments
        )

        def done(_: Future) -> None:
            self._warming.discard(lane)
            if remaining_steps and not future.cancelled():
                self._submit_steps(remaining_steps)

        future.add_done_callback(done)

    def _exceeded_memory(self, error: KilledWorker) -> bool:
        """Returns whether a worker was killed because it exceeded its memory limit."""
        for _ in range(5):  # the event may arrive shortly after the death
            if error.last_worker.address in self._over_memory:
                return True
            time.sleep(0.1)
        return False

    def _record_memory_excess(self, event: tuple[float, dict[str, Any]]) -> None:
        self._over_memory.add(event[1]["worker"])
