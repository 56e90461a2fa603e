"""The engine: takes tasks, runs them in lanes, and tells how they stand. What pages call."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping, Sequence

from studio.core import capacity, owners, tasks
from studio.core.errors import StudioError
from studio.core.models import pinned_weights
from studio.core.settings import Settings
from studio.engine import quotas
from studio.engine.jobs import store
from studio.engine.jobs.snapshots import Batch, Job, Live
from studio.engine.serving import WAIT_SECONDS
from studio.engine.steering import Steering
from studio.engine.stream import Stream


class Engine(Steering):
    """Runs tasks in the lanes of a cluster; jobs outlive pages, and their folders outlive the server.

    Starting takes about a second and happens in the background; jobs wait on disk meanwhile. Should the
    cluster's process end, or another server hold STUDIO_HOME, it tries again every few seconds.

    Args:
        memory: what each lane's process may use, as `studio.engine.cluster.launch.Host` takes it.
        warm: whether workers load what they need before they are asked to.
    """

    def submit(
        self,
        task: str,
        settings: Settings,
        inputs: tasks.Inputs,
        owner: str = owners.LOCAL,
        weights: Mapping[str, str] | None = None,
        key: str = "",
        batch: str = "",
    ) -> Job:
        """Queues a task and answers at once.

        Args:
            owner: for whom; files and models of others are as if they were not there.
            weights: the very ones that it is made with, as the recipe of what is made again names them.
            key: by which a request is known that is sent again, as after a lost answer: with the key of an
                earlier one of this owner it gives that one's job, which bears the key as long as it is kept.
            batch: what it is asked for together with: those of one name have one place in the order.

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
            expected = _expected(found, settings, inputs)
        quotas.check_room(owner)
        quotas.seen(owner)
        with self._lock:
            if before := ledger.keyed(owner, key):  # another thread was faster
                return ledger.snapshot(before.of_request(*asked))
            quotas.check_jobs(owner, len(ledger.unfinished(owner)))
            if expected is None:
                expected = ledger.took.usual(task)
            record = ledger.add(found, settings, inputs, owner, weights, key, expected, batch)
            if self._runner is not None:
                self._runner.dispatch()
            return ledger.snapshot(record)

    def submit_all(
        self,
        task: str,
        several: Sequence[tuple[Settings, tasks.Inputs]],
        batch: str,
        owner: str = owners.LOCAL,
        key: str = "",
    ) -> list[Job]:
        """Queues a task with each of several settings and inputs as one batch: all of them, or none.

        Args, and what it raises, as of `submit`; with the key of an earlier request it gives that one's jobs.
        """
        ledger = self._usable()
        with owners.asking(owner):
            for settings, inputs in several:
                _checked(task, settings, inputs, capacity.JOB_SHARE)
        keys = [f"{key}/{number}" if key else "" for number in range(len(several))]
        with self._lock:
            new = sum(ledger.keyed(owner, one) is None for one in keys)
            quotas.check_jobs(owner, len(ledger.unfinished(owner)), new)
        jobs: list[Job] = []
        try:
            for (settings, inputs), one in zip(several, keys, strict=True):
                jobs.append(self.submit(task, settings, inputs, owner, key=one, batch=batch))
        except StudioError:  # such as a full disk
            if jobs:
                self.cancel_batch(batch, owner)
            raise
        return jobs

    def find_identical(
        self,
        task: str,
        settings: Settings,
        inputs: tasks.Inputs,
        owner: str = owners.LOCAL,
        weights: Mapping[str, str] | None = None,
    ) -> Job | None:
        """The owner's job that waits or runs and will give what this request asks for; None if there is none.

        Of several it is the one whose turn comes first. Names of files make no difference: their bytes count.

        Args, as of `submit`; settings and inputs need not have been checked.

        Raises:
            Unavailable: if the engine has no queue, as while it starts.
        """
        request = (task, settings.model_dump(mode="json"), store.pack_inputs(inputs), dict(weights or {}))
        with self._known_ledger() as ledger:
            for record in ledger.unfinished(owner):
                if record.state in ("queued", "running") and record.makes_same(*request):
                    return ledger.snapshot(record)
        return None

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

    def batch(self, batch: str, owner: str = owners.LOCAL) -> Batch:
        """How the jobs of a batch stand together. Raises `Unavailable` if there is none of this owner."""
        with self._known_ledger() as ledger:
            records = ledger.batch(batch, owner)
            ended = [record for record in records if record.finished]
            failed = sum(record.state not in ("done", "stopped") for record in ended)
            return Batch(batch, tuple(record.id for record in records), len(ended), failed)

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

    def keep(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """A live result as a finished job. Raises `NoRoom` if the disk is full, or the owner's part of it."""
        ledger = self._usable()
        with self._keeping, owners.asking(owner):  # or two that are kept at once would both find room
            quotas.check_room(owner, len(live.data))
            quotas.seen(owner)
            with self._lock:
                return ledger.snapshot(ledger.add_finished(live, owner))


def _checked(task: str, settings: Settings, inputs: tasks.Inputs, share: float) -> tasks.Task:
    """The task of a name, if whoever asks may have it done, with that share of the machine's memory."""
    found = tasks.check(task, settings, inputs)
    tasks.check_room(found, settings, inputs, share)
    return found


def _expected(task: tasks.Task, settings: Settings, inputs: tasks.Inputs) -> float | None:
    """About how many seconds it takes here; None if that is not known."""
    try:
        return tasks.expected_seconds(task, settings, inputs)
    except (StudioError, OSError):
        return None  # a failed estimate refuses no job: the task itself says better what is wrong


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
