"""The engine: takes tasks, runs them in lanes, and tells how they stand. What pages call."""

from __future__ import annotations

import atexit
import logging
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path

from studio.core import capacity, owners, paths, tasks
from studio.core.errors import StudioError, Unavailable
from studio.core.models import pinned_weights
from studio.core.settings import Settings
from studio.engine import quotas
from studio.engine.cluster.client import MEMORY, Cluster
from studio.engine.jobs import migrate, store
from studio.engine.jobs.queue import Ledger
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import Job, Live
from studio.engine.live import LiveLane
from studio.engine.runner import Runner
from studio.engine.stream import Stream

CANCELLED = "It was cancelled before it began."
CLOSED = "The engine is closed."
STARTING = "The engine is still starting. Next: try again in a moment."
WAIT_SECONDS = 60.0
AGAIN_SECONDS = 3.0
LOOK_SECONDS = 5.0
log = logging.getLogger("studio.engine")


class Engine:
    """Runs tasks in the lanes of a cluster; jobs outlive pages, and their folders outlive the server.

    Starting takes about a second and happens in the background; jobs wait on disk meanwhile. Should the
    cluster's process end, or another server hold STUDIO_HOME, it tries again every few seconds.

    Args:
        memory: what each lane's process may use, as `studio.engine.cluster.launch.Host` takes it.
        warm: whether workers import Keras at once.
    """

    def __init__(self, memory: Mapping[str, float | int] = MEMORY, warm: bool = True):
        self._memory, self._warm = memory, warm
        self._lock = threading.RLock()
        self._keeping = threading.Lock()  # of its own: who asks for jobs need not wait for a look at the disk
        self._ledger: Ledger | None = None
        self._cluster: Cluster | None = None
        self._runner: Runner | None = None
        self._live: LiveLane | None = None
        self._down = ""
        self._known, self._up = threading.Event(), threading.Event()  # set also when it is down
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._keep_up, name="engine", daemon=True)
        self._thread.start()

    # Starting and ending

    def _keep_up(self) -> None:
        while not self._closing.is_set():
            try:
                home = paths.home()
                with paths.locked(home / "lock", wait=False):
                    self._serve(home)
                if not self._closing.is_set():
                    self._fall("The engine's process was ended from outside; it is started again.")
            except BlockingIOError:
                self._fall(
                    f"Another studio is already running on {home}. "
                    "Next: use that one, or set STUDIO_HOME to another folder."
                )
            except StudioError as error:
                self._fall(str(error))
            except Exception as error:
                log.exception("the engine did not start")
                self._fall(f"The engine did not start ({type(error).__name__}). Next: restart the studio.")
            self._closing.wait(AGAIN_SECONDS)

    def _serve(self, home: Path) -> None:
        """Runs a cluster until it ends."""
        paths.sweep_temporaries(home)
        for folder in (home / "removed", home / "cache" / "brought", home / "cache" / "received"):
            store.sweep(folder)
        migrate.mend(home)
        ledger = Ledger(home / "jobs")
        ledger.load()
        with self._lock:
            self._ledger, self._down = ledger, ""
            self._up.clear()
            self._known.set()
        cluster = Cluster(home, self._memory, self._warm)
        with self._lock:
            self._cluster, self._live = cluster, LiveLane(cluster)
            self._runner = runner = Runner(ledger, cluster, self._lock)
            runner.dispatch()
        self._up.set()
        if self._closing.is_set():
            cluster.close()
        while not cluster.wait(LOOK_SECONDS):
            with self._lock:
                runner.dispatch()  # workers may have joined an existing cluster

    def _fall(self, why: str) -> None:
        with self._lock:
            if self._runner is not None:
                self._runner.close()
            cluster, self._cluster = self._cluster, None
            live, self._live = self._live, None
            self._runner = None
            self._down = why
        if cluster is not None:
            cluster.close()
        if live is not None:
            live.close()
        self._known.set()
        self._up.set()

    def close(self) -> None:
        """Ends all processes of the engine; what waited runs after the next start."""
        self._closing.set()
        self._fall(CLOSED)
        self._thread.join(10)

    def status(self) -> str:
        """ "starting", "warming up", "ready", or "down: " and why."""
        cluster = self._cluster
        if self._down:
            return f"down: {self._down}"
        if cluster is None:
            return "starting"
        return "warming up" if cluster.warming else "ready"

    # Jobs

    def submit(
        self,
        task: str,
        settings: Settings,
        inputs: tasks.Inputs,
        owner: str = owners.LOCAL,
        weights: Mapping[str, str] | None = None,
        key: str = "",
    ) -> Job:
        """Queues a task and answers at once.

        Args:
            owner: for whom; files and models of others are as if they were not there.
            weights: the very ones that it is made with, as the recipe of what is made again names them.
            key: by which a request is known that is sent again, as after a lost answer: with the key of an
                earlier one of this owner it gives that one's job, which bears the key as long as it is kept.

        Raises:
            InvalidInput: if the task, its settings or its inputs are not right.
            Unavailable: if the engine is down, or those weights can no longer be had.
            NoRoom: if the disk is full, or it needs more memory than its process may have.
            StudioError: if the owner has as much as each of many may, see `studio.engine.quotas`.
        """
        ledger = self._usable()
        asked = (task, settings.model_dump(mode="json"), store.pack_inputs(inputs))
        with self._lock:
            if before := ledger.keyed(owner, key):
                return ledger.snapshot(before.of_request(*asked))
        with owners.asking(owner):
            found = _checked(task, settings, inputs, capacity.JOB_SHARE)
            pinned_weights.check(weights or {})
        quotas.check_room(owner)
        quotas.seen(owner)
        with self._lock:
            if before := ledger.keyed(owner, key):  # another thread was faster
                return ledger.snapshot(before.of_request(*asked))
            quotas.check_jobs(owner, ledger.unfinished(owner))
            record = ledger.add(found, settings, inputs, owner, weights, key)
            if self._runner is not None:
                self._runner.dispatch()
            return ledger.snapshot(record)

    def job(self, id: str, owner: str = owners.LOCAL) -> Job:
        """The job as it stands. Raises `Unavailable` if there is none, or it is another owner's."""
        with self._found(id, owner) as (ledger, record):
            return ledger.snapshot(record)

    def jobs(self, owner: str = owners.LOCAL, limit: int = 20) -> list[Job]:
        """The owner's jobs, newest first."""
        self._known.wait(WAIT_SECONDS)
        with self._lock:
            if self._ledger is None:
                return []
            return [self._ledger.snapshot(record) for record in self._ledger.newest(owner, limit)]

    def cancel(self, id: str, owner: str = owners.LOCAL) -> None:
        """Ends a queued job at once; asks a running one to stop, and ends its process if it does not.

        A task that stops returns its best so far, which is then the job's result.
        """
        with self._found(id, owner) as (ledger, record):
            if record.state == "queued":
                if self._runner is not None:
                    self._runner.recall(record)
                ledger.queue.remove(record)
                ledger.settle(record, CANCELLED)
                if self._runner is not None:
                    self._runner.dispatch()
            elif record.state == "running" and self._runner is not None:
                self._runner.cancel(record)

    def remove(self, id: str, owner: str = owners.LOCAL) -> None:
        """Forgets a finished job and its folder; the files it made stay in STUDIO_HOME/files."""
        with self._found(id, owner) as (ledger, record):
            ledger.remove(record)

    def live(
        self, task: str, settings: Settings, inputs: tasks.Inputs, session: str, owner: str = owners.LOCAL
    ) -> Live:
        """Runs a task in the live lane, with nothing kept on disk, and waits for it.

        Args:
            session: the tab that asks; of one session one request runs and one waits, the newest.
            owner: as of `submit`.

        Raises:
            NoRoom: if it needs more memory than its process may have.
            Superseded: if the session asked again before this request's turn.
            StudioError: if it fails, takes too long, or its turn never comes.
        """
        with owners.asking(owner):
            found = _checked(task, settings, inputs, capacity.LIVE_SHARE)
        return self._lane().run(found, settings, inputs, session, owner)

    def stream(
        self, task: str, settings: Settings, inputs: tasks.Inputs, session: str, owner: str = owners.LOCAL
    ) -> Stream:
        """As `live`, but answers at once with a `Stream` of what the task reports, about ten a second.

        A newer request of the same session stops it; what it has until then is its result.

        Raises:
            InvalidInput: if the task, its settings or its inputs are not right.
            NoRoom: if it needs more memory than its process may have.
            Unavailable: if the engine is down.
        """
        with owners.asking(owner):
            found = _checked(task, settings, inputs, capacity.LIVE_SHARE)
        return self._lane().stream(found, settings, inputs, session, owner)

    def _lane(self) -> LiveLane:
        self._up.wait(WAIT_SECONDS)
        lane = self._live
        if lane is None:
            raise Unavailable(self._down or STARTING)
        return lane

    def keep(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """A live result as a finished job. Raises `NoRoom` if the disk is full, or the owner's part of it."""
        ledger = self._usable()
        with self._keeping, owners.asking(owner):  # or two that are kept at once would both find room
            quotas.check_room(owner, len(live.data))
            quotas.seen(owner)
            with self._lock:
                return ledger.snapshot(ledger.add_finished(live, owner))

    def _usable(self) -> Ledger:
        self._known.wait(WAIT_SECONDS)
        if self._down or self._ledger is None:
            raise Unavailable(self._down or STARTING)
        return self._ledger

    @contextmanager
    def _found(self, id: str, owner: str) -> Iterator[tuple[Ledger, Record]]:
        self._known.wait(WAIT_SECONDS)  # without the lock, which loading needs
        with self._lock:
            if self._ledger is None:
                raise Unavailable(self._down or STARTING)
            yield self._ledger, self._ledger.find(id, owner)


def _checked(task: str, settings: Settings, inputs: tasks.Inputs, share: float) -> tasks.Task:
    """The task of a name, if whoever asks may have it done, with that share of the machine's memory."""
    found = tasks.check(task, settings, inputs)
    tasks.check_room(found, settings, inputs, share)
    return found


_connecting = threading.Lock()
_connected: list[Engine] = []


def connect() -> Engine:
    """This process's one engine, started by the first call."""
    with _connecting:
        if not _connected:
            engine = Engine()
            atexit.register(engine.close)
            _connected.append(engine)
        return _connected[0]
