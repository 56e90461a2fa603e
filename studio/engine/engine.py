"""The engine: takes tasks, runs them in lanes, and tells how they stand. What pages call."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from studio.core import capacity, owners, tasks
from studio.core.models import pinned_weights
from studio.core.settings import Settings
from studio.engine import admission, quotas
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import Batch, Job, Live
from studio.engine.serving import WAIT_SECONDS
from studio.engine.steering import Steering
from studio.engine.stream import Stream


@dataclass
class _Request:
    """What one job is to do; `expected` is in seconds, None where that is not known."""

    settings: Settings
    inputs: tasks.Inputs
    key: str
    expected: float | None = None

    def packed(self, task: str) -> tuple[str, dict[str, Any], dict[str, list[dict[str, str]]]]:
        """As job.json has it."""
        return task, self.settings.model_dump(mode="json"), store.pack_inputs(self.inputs)


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
        requests = [_Request(settings, inputs, key)]
        if known := self._sent_before(ledger, task, requests, owner):
            return known[0]
        self._prepare(task, requests, owner, weights)
        with self._lock:
            return self._queue(ledger, task, requests, owner, batch, weights)[0]

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
        requests = [_Request(*one, f"{key}/{number}" if key else "") for number, one in enumerate(several)]
        if known := self._sent_before(ledger, task, requests, owner):
            return known
        self._prepare(task, requests, owner)
        return self._queue(ledger, task, requests, owner, batch)

    def _sent_before(
        self, ledger: Ledger, task: str, requests: Sequence[_Request], owner: str
    ) -> list[Job] | None:
        """The jobs of requests that are sent again; None if one of them is new."""
        with self._lock:
            records = [ledger.keyed(owner, one.key) for one in requests]
            for record, one in zip(records, requests, strict=True):
                if record is not None:
                    record.of_request(*one.packed(task))
            return None if None in records else [ledger.snapshot(one) for one in records if one]

    def _prepare(
        self,
        task: str,
        requests: Sequence[_Request],
        owner: str,
        weights: Mapping[str, str] | None = None,
    ) -> None:
        """Checks requests, and notes how long each is expected to take. Raises as `submit`."""
        quotas.check_room(owner)  # first: all else costs time for each request
        with self._lock:
            self._check_jobs(owner, requests)
        with owners.asking(owner):
            pinned_weights.check(weights or {})
            for one in requests:
                one.expected = admission.expected(
                    admission.check(task, one.settings, one.inputs, capacity.JOB_SHARE),
                    one.settings,
                    one.inputs,
                )
        quotas.seen(owner)

    def _check_jobs(self, owner: str, requests: Sequence[_Request]) -> None:
        ledger = self._usable()
        new = sum(ledger.keyed(owner, one.key) is None for one in requests)
        quotas.check_jobs(owner, len(ledger.unfinished(owner)), new)

    def _queue(
        self,
        ledger: Ledger,
        task: str,
        requests: Sequence[_Request],
        owner: str,
        batch: str,
        weights: Mapping[str, str] | None = None,
    ) -> list[Job]:
        """Writes the jobs of all requests, then puts them into the queue: all of them, or none.

        Until all are written nobody knows of any, so that a failure leaves neither jobs nor keys behind.
        """
        records: list[Record] = []
        try:
            for one in requests:
                with self._lock:  # for each on its own: others need not wait for all of a batch
                    seconds = ledger.took.usual(task) if one.expected is None else one.expected
                    request = (tasks.get(task), one.settings, one.inputs, owner, weights, one.key)
                    known = ledger.keyed(owner, one.key)
                    records.append(known or ledger.add(*request, seconds, batch, waits=False))
            with self._lock:
                self._check_jobs(owner, requests)
                for at, one in enumerate(requests):
                    if known := ledger.keyed(owner, one.key):  # also where another thread was faster
                        _remove_unless(records[at], known)
                        records[at] = known.of_request(*one.packed(task))
                    else:
                        ledger.enter(records[at])
                if self._runner is not None:
                    self._runner.dispatch()
                return [ledger.snapshot(record) for record in records]
        except BaseException:
            for record in records:
                _remove_unless(record, ledger.get(record.id))
            raise

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
        request = (*_Request(settings, inputs, "").packed(task), dict(weights or {}))
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
            InvalidInput: if the task, its settings or its inputs are not right, or the task is no
                interactive one, or is expected to take too long.
            NoRoom: if it needs more memory than its process may have.
            Superseded: if the session asked again before this request's turn.
            StudioError: if it fails, takes too long, or its turn never comes.
        """
        with owners.asking(owner):
            found = admission.check_live(task, settings, inputs)
            admission.check_seconds(found, settings, inputs)
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
            found = admission.check_live(task, settings, inputs)
        return self._lane().stream(found, settings, inputs, session, owner)

    def keep(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """A live result as a finished job. Raises `NoRoom` if the disk is full, or the owner's part of it."""
        ledger = self._usable()
        with self._keeping, owners.asking(owner):  # or two that are kept at once would both find room
            quotas.check_room(owner, len(live.data))
            quotas.seen(owner)
            with self._lock:
                return ledger.snapshot(ledger.add_finished(live, owner))


def _remove_unless(record: Record, known: Record | None) -> None:
    """Removes the folder of a job that was written, unless the queue knows it."""
    if record is not known:
        with suppress(OSError):
            record.folder.remove()


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
