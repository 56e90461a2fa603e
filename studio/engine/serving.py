"""The base of `Engine`: keeps a cluster running as long as the server runs, and restarts one that ends."""

from __future__ import annotations

import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from studio.core import paths
from studio.core.errors import StudioError, Unavailable
from studio.engine.cluster.client import MEMORY_SHARES, Cluster
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.live import LiveLane
from studio.engine.runner import Runner

CLOSED = "The engine is closed."
STARTING = "The engine is still starting. Try again in a moment."
WAIT_SECONDS = 60.0  # that a call waits for the engine to start
RESTART_SECONDS = 3.0  # between two starts
CHECK_SECONDS = 5.0  # between two checks for new workers
log = logging.getLogger("studio.engine")


class EngineBase:
    """The ledger, the cluster, and the runners that connect them. Each may be missing at any moment.

    Args:
        memory: memory of each lane's process, see `studio.engine.cluster.launch.Host`.
        warm: whether workers load Keras and weights before the first task.
    """

    def __init__(self, memory: Mapping[str, float | int] = MEMORY_SHARES, warm: bool = True):
        self._memory, self._warm = memory, warm
        self._lock = threading.RLock()
        self._quota_lock = threading.Lock()  # separate, so requests do not wait for quota checks on the disk
        self._ledger: Ledger | None = None
        self._cluster: Cluster | None = None
        self._runner: Runner | None = None
        self._live: LiveLane | None = None
        self._down_reason = ""
        # Both are also set when the engine is down.
        self._ledger_ready, self._cluster_ready = threading.Event(), threading.Event()
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._run_clusters, name="engine", daemon=True)
        self._thread.start()

    def _run_clusters(self) -> None:
        """Runs one cluster after another until the engine is closed. Runs in a thread of its own."""
        while not self._closing.is_set():
            try:
                home = paths.ensure_home()
                with paths.locked(home / "lock", blocking=False):
                    self._run_cluster(home)
                if not self._closing.is_set():
                    self._shut_down("The engine's process was ended from outside; it is started again.")
            except BlockingIOError:
                self._shut_down(
                    f"Another studio is already running on {home}. "
                    "Use that one, or set STUDIO_HOME to another folder."
                )
            except StudioError as error:
                self._shut_down(str(error))
            except Exception as error:
                log.exception("the engine did not start")
                self._shut_down(f"The engine did not start ({type(error).__name__}). Restart the studio.")
            self._closing.wait(RESTART_SECONDS)

    def _run_cluster(self, home: Path) -> None:
        """Runs a cluster until it ends."""
        paths.sweep_temporaries(home)
        for folder in (home / "removed", home / "cache" / "imported", home / "cache" / "received"):
            store.sweep(folder)
        ledger = Ledger(home / "jobs")
        ledger.load()
        with self._lock:
            self._ledger, self._down_reason = ledger, ""
            self._cluster_ready.clear()
            self._ledger_ready.set()
        cluster = Cluster(home, self._memory, self._warm)
        with self._lock:
            self._cluster, self._live = cluster, LiveLane(cluster)
            self._runner = runner = Runner(ledger, cluster, self._lock)
            runner.dispatch()
        self._cluster_ready.set()
        if self._closing.is_set():
            cluster.close()
        while not cluster.wait(CHECK_SECONDS):
            with self._lock:
                runner.dispatch()  # workers may have joined an existing cluster

    def _shut_down(self, reason: str) -> None:
        """Ends the cluster, and makes calls raise `Unavailable` with this reason."""
        with self._lock:
            if self._runner is not None:
                self._runner.close()
            cluster, self._cluster = self._cluster, None
            live, self._live = self._live, None
            self._runner = None
            self._down_reason = reason
        if cluster is not None:
            cluster.close()
        if live is not None:
            live.close()
        self._ledger_ready.set()
        self._cluster_ready.set()

    def close(self) -> None:
        """Ends all processes of the engine. Waiting jobs run after the next start."""
        self._closing.set()
        self._shut_down(CLOSED)
        self._thread.join(10)

    def status(self) -> str:
        """Returns "starting", "warming up", "ready", or "down: " and the reason."""
        cluster = self._cluster
        if self._down_reason:
            return f"down: {self._down_reason}"
        if cluster is None:
            return "starting"
        return "warming up" if cluster.is_warming else "ready"

    def _require_live_lane(self) -> LiveLane:
        """Waits for the live lane and returns it. Raises `Unavailable` if the engine is down."""
        self._cluster_ready.wait(WAIT_SECONDS)
        lane = self._live
        if lane is None:
            raise Unavailable(self._down_reason or STARTING)
        return lane

    def _require_ledger(self) -> Ledger:
        """Waits for the ledger and returns it. Raises `Unavailable` if the engine is down."""
        self._ledger_ready.wait(WAIT_SECONDS)
        if self._down_reason or self._ledger is None:
            raise Unavailable(self._down_reason or STARTING)
        return self._ledger

    @contextmanager
    def _locked_ledger(self) -> Iterator[Ledger]:
        """Yields the ledger under the lock, also while the engine is down.

        Raises:
            Unavailable: if the ledger is not loaded yet.
        """
        self._ledger_ready.wait(WAIT_SECONDS)  # outside the lock, which loading takes
        with self._lock:
            if self._ledger is None:
                raise Unavailable(self._down_reason or STARTING)
            yield self._ledger
