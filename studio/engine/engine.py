"""The engine: takes tasks, runs them in lanes, and tells how they stand. What pages call."""

from __future__ import annotations

import atexit
import threading
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager

from studio.core import amounts, capacity, owners, tasks
from studio.core.errors import InvalidInput, StudioError
from studio.core.models import pinned_weights
from studio.core.settings import Settings
from studio.engine import quotas
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import Batch, Job, Live
from studio.engine.serving import WAIT_SECONDS, Serving
from studio.engine.stream import Stream

CANCELLED = "It was cancelled before it began."
MOST_EXPECTED = 30.0  # s that a live request may be expected to take


class Engine(Serving):
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
            quotas.check_jobs(owner, ledger.unfinished(owner))
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
            quotas.check_jobs(owner, ledger.unfinished(owner), new)
        jobs: list[Job] = []
        try:
            for (settings, inputs), one in zip(several, keys, strict=True):
                jobs.append(self.submit(task, settings, inputs, owner, key=one, batch=batch))
        except StudioError:  # such as a full disk
            if jobs:
                self.cancel_batch(batch, owner)
            raise
        return jobs

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
                ledger.queue.leave(record)
                ledger.settle(record, CANCELLED)
                if self._runner is not None:
                    self._runner.dispatch()
            elif record.state == "running" and self._runner is not None:
                self._runner.cancel(record)

    def move(self, id: str, to: str, owner: str = owners.LOCAL) -> Job:
        """Moves a waiting job, or its batch, forward among its owner's; those of others keep their places.

        Args:
            to: "front", "up" by one, or the id of the job before which it shall run.

        Raises:
            InvalidInput: if it no longer waits, is paused, or does not wait behind that job.
        """
        with self._waiting(id, owner) as (ledger, record):
            ledger.move(record, to)
            return ledger.snapshot(record)

    def pause(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a waiting job, or its batch, wait until it is resumed, also beyond a restart.

        Raises as `move`.
        """
        with self._waiting(id, owner) as (ledger, record):
            for one in ledger.queue.together(record):
                if self._runner is not None:
                    if self._runner.begins(one):
                        continue
                    self._runner.recall(one)
                ledger.pause(one, True)
            return ledger.snapshot(record)

    def resume(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a paused job, or all of its batch, have its turn again. Raises as `move`."""
        with self._waiting(id, owner) as (ledger, record):
            for one in ledger.queue.together(record):
                ledger.pause(one, False)
            return ledger.snapshot(record)

    @contextmanager
    def _waiting(self, id: str, owner: str) -> Iterator[tuple[Ledger, Record]]:
        """A job that waits; then the lanes are filled as its new place has it."""
        with self._found(id, owner) as (ledger, record):
            if record.state != "queued" or (self._runner is not None and self._runner.begins(record)):
                raise InvalidInput("That job no longer waits. Next: stop it, or let it run.")
            yield ledger, record
            if self._runner is not None:
                self._runner.dispatch()

    def batch(self, batch: str, owner: str = owners.LOCAL) -> Batch:
        """How the jobs of a batch stand together. Raises `Unavailable` if there is none of this owner."""
        with self._known_ledger() as ledger:
            records = ledger.batch(batch, owner)
            ended = [record for record in records if record.finished]
            failed = sum(record.state != "done" for record in ended)
            return Batch(batch, tuple(record.id for record in records), len(ended), failed)

    def cancel_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Ends all jobs of a batch that have not ended, as `cancel` does. Raises as `batch`."""
        with self._known_ledger() as ledger:
            unfinished = [record for record in ledger.batch(batch, owner) if not record.finished]
            for record in sorted(unfinished, key=lambda record: record.state != "queued"):
                self.cancel(record.id, owner)

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
            found = _checked_live(task, settings, inputs)
            _check_seconds(found, _expected(found, settings, inputs))
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
            found = _checked_live(task, settings, inputs)
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


def _checked_live(task: str, settings: Settings, inputs: tasks.Inputs) -> tasks.Task:
    """The task of a name, if it may run while somebody waits for it."""
    found = _checked(task, settings, inputs, capacity.LIVE_SHARE)
    if not found.interactive:
        raise InvalidInput(f"{found.title} is not made at once. Next: submit it as a job.")
    return found


def _check_seconds(task: tasks.Task, expected: float | None) -> None:
    """Raises `InvalidInput` for what would hold up everybody else's live requests."""
    if expected is not None and expected > MOST_EXPECTED:
        raise InvalidInput(
            f"{task.title} with these settings takes about {amounts.duration(expected)}; what is made at "
            f"once may take {amounts.duration(MOST_EXPECTED)}. Next: submit it as a job."
        )


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
