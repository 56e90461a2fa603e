"""The engine: takes tasks, runs them in lanes, and tells how they stand. What pages call."""

from __future__ import annotations

import atexit
import threading
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress

from studio.core import capacity, owners, tasks
from studio.core.errors import InvalidInput
from studio.core.models import pinned_weights
from studio.core.settings import Settings
from studio.engine import admission, quotas
from studio.engine.jobs.job import Batch, Job, Live
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.parts import Request
from studio.engine.serving import WAIT_SECONDS, Serving
from studio.engine.stream import Stream

CANCELLED = "It was cancelled before it began."
_YIELD_SECONDS = 0.001  # between two writes, in which another thread takes the lock


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
        return self._submit(task, [(settings, inputs)], [key], owner, weights, batch)[0]

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
        keys = [f"{key}/{number}" if key else "" for number in range(len(several))]
        return self._submit(task, several, keys, owner, None, batch)

    def _submit(
        self,
        task: str,
        several: Sequence[tuple[Settings, tasks.Inputs]],
        keys: Sequence[str],
        owner: str,
        weights: Mapping[str, str] | None,
        batch: str,
    ) -> list[Job]:
        ledger, named_task = self._usable(), tasks.get(task)
        requests = [
            Request.of(named_task, *one, owner, weights, key=key, batch=batch)
            for one, key in zip(several, keys, strict=True)
        ]
        with self._lock:
            known = [ledger.keyed(request) for request in requests]
            if None not in known:  # all were sent before
                return [ledger.copy(job) for job in known if job]
        quotas.check_room(owner)  # first: all else costs time for each request
        with self._lock:
            self._check_count(ledger, requests)
        with owners.asking(owner):
            pinned_weights.check(weights or {})
            for request, (settings, inputs) in zip(requests, several, strict=True):
                admission.check(task, settings, inputs, capacity.JOB_SHARE)
                request.expected = admission.expected(named_task, settings, inputs)
        quotas.note_visit(owner)
        return self._queue(ledger, requests)

    def _check_count(self, ledger: Ledger, requests: Sequence[Request]) -> None:
        owner = requests[0].owner
        new = sum(ledger.keyed(request) is None for request in requests)
        quotas.check_jobs(owner, len(ledger.unfinished(owner)), new)

    def _queue(self, ledger: Ledger, requests: Sequence[Request]) -> list[Job]:
        """Writes the jobs of all requests, then puts them into the queue: all of them, or none.

        Until all are written nobody knows of any, so that a failure leaves neither jobs nor keys behind.
        """
        jobs: list[Job] = []
        try:
            for request in requests:
                with self._lock:  # for each on its own: others need not wait for all of a batch
                    if request.expected is None:
                        request.expected = ledger.usual_seconds(request.task)
                    jobs.append(ledger.keyed(request) or ledger.add(request, waits=False))
            with self._lock:
                self._check_count(ledger, requests)
                for at, request in enumerate(requests):
                    if known := ledger.keyed(request):  # also where another thread was faster
                        _remove_unless(jobs[at], known)
                        jobs[at] = known
                    else:
                        ledger.enter(jobs[at])
                if self._runner is not None:
                    self._runner.dispatch()
                return [ledger.copy(job) for job in jobs]
        except BaseException:
            for job in jobs:
                _remove_unless(job, ledger.get(job.id))
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
        request = Request.of(tasks.get(task), settings, inputs, owner, weights)
        with self._known_ledger() as ledger:
            for job in ledger.unfinished(owner):
                if job.state in ("queued", "running") and job.makes_same(request):
                    return ledger.copy(job)
        return None

    def job(self, id: str, owner: str = owners.LOCAL) -> Job:
        """The job as it stands. Raises `Unavailable` if there is none, or it is another owner's."""
        with self._known_ledger() as ledger:
            return ledger.copy(ledger.find(id, owner))

    def jobs(self, owner: str = owners.LOCAL, limit: int = 20) -> list[Job]:
        """The owner's jobs, newest first."""
        self._known.wait(WAIT_SECONDS)
        with self._lock:
            if self._ledger is None:
                return []
            return [self._ledger.copy(job) for job in self._ledger.newest(owner, limit)]

    def batch(self, batch: str, owner: str = owners.LOCAL) -> Batch:
        """How the jobs of a batch stand together. Raises `Unavailable` if there is none of this owner."""
        with self._known_ledger() as ledger:
            jobs = ledger.batch(batch, owner)
            ended = [job for job in jobs if job.finished]
            failed = sum(job.state not in ("done", "stopped") for job in ended)
            return Batch(batch, tuple(job.id for job in jobs), len(ended), failed)

    def stop(self, id: str, owner: str = owners.LOCAL) -> None:
        """Asks a running job to stop and to keep its best so far, which is then its result.

        Ends the job's process if it does not stop, and a waiting job at once. Raises `Unavailable` if there
        is no such job of this owner.
        """
        with self._known_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state == "running" and self._runner is not None:
                self._runner.stop(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def cancel(self, id: str, owner: str = owners.LOCAL) -> None:
        """Ends a job and keeps nothing of it, also one that is about to stop. Otherwise as `stop`."""
        with self._known_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state in ("running", "stopping") and self._runner is not None:
                self._runner.cancel(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def _drop(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        """Ends jobs that wait; call it with the lock held."""
        for job in jobs:
            if self._runner is not None:
                self._runner.recall(job)
            ledger.queue.leave(job)
            ledger.settle(job, CANCELLED, "cancelled")
        if self._runner is not None:
            self._runner.dispatch()

    def move(self, id: str, to: str, owner: str = owners.LOCAL) -> Job:
        """Moves a waiting job, or its batch, forward among its owner's; those of others keep their places.

        Args:
            to: "front", "up" by one, or the id of the job before which it shall run.

        Raises:
            InvalidInput: if it no longer waits, is paused, or does not wait behind that job.
        """
        with self._waiting(id, owner) as (ledger, job):
            ledger.move(job, to)
            return ledger.copy(job)

    def pause(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a waiting job, or its batch, wait until it is resumed, also beyond a restart.

        Raises as `move`.
        """
        with self._waiting(id, owner) as (ledger, job):
            for one in ledger.queue.together(job):
                if self._runner is not None:
                    if self._runner.begins(one):
                        continue
                    self._runner.recall(one)
                ledger.pause(one, True)
            return ledger.copy(job)

    def resume(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Lets a paused job, or all of its batch, have its turn again. Raises as `move`."""
        with self._waiting(id, owner) as (ledger, job):
            for one in ledger.queue.together(job):
                ledger.pause(one, False)
            return ledger.copy(job)

    @contextmanager
    def _waiting(self, id: str, owner: str) -> Iterator[tuple[Ledger, Job]]:
        """A job that waits; then the lanes are filled as its new place has it."""
        with self._change() as ledger:
            job = ledger.find(id, owner)
            if job.state != "queued" or (self._runner is not None and self._runner.begins(job)):
                raise InvalidInput("That job no longer waits. Stop it, or let it run.")
            yield ledger, job
            if self._runner is not None:
                self._runner.dispatch()

    def stop_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Ends all jobs of a batch that have not ended, as `stop` does. Raises as `batch`."""
        self._end_batch(batch, owner, self.stop)

    def cancel_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Ends all jobs of a batch that have not ended, as `cancel` does. Raises as `batch`."""
        self._end_batch(batch, owner, self.cancel)

    def _end_batch(self, batch: str, owner: str, end: Callable[[str, str], None]) -> None:
        with self._change() as ledger:
            unfinished = [job for job in ledger.batch(batch, owner) if not job.finished]
            self._drop(ledger, [job for job in unfinished if job.state == "queued"])
            for job in unfinished:
                end(job.id, owner)

    @contextmanager
    def _change(self) -> Iterator[Ledger]:
        """Changes jobs under the lock, and writes their states once it is free.

        The disk takes about 10 ms for each: a batch of 500 would keep everybody else waiting for seconds.
        """
        with self._known_ledger() as ledger, ledger.postponing() as changed:
            yield ledger
        for job in list(changed.values()):
            with self._lock:
                if ledger.get(job.id) is job:  # else it was removed meanwhile
                    ledger.note(job)
            time.sleep(_YIELD_SECONDS)

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
            named_task = admission.check_live(task, settings, inputs)
            admission.check_seconds(named_task, settings, inputs)
        return self._lane().run(named_task, settings, inputs, session, owner)

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
            named_task = admission.check_live(task, settings, inputs)
        return self._lane().stream(named_task, settings, inputs, session, owner)

    def keep(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """A live result as a finished job. Raises `NoRoom` if the disk is full, or the owner's part of it."""
        ledger = self._usable()
        with (
            self._keeping,
            owners.asking(owner, makes=True),
        ):  # or two that are kept at once would both find room
            quotas.check_room(owner, len(live.data))
            quotas.note_visit(owner)
            with self._lock:
                return ledger.copy(ledger.add_finished(live, owner))


def _remove_unless(job: Job, known: Job | None) -> None:
    """Removes the folder of a job that was written, unless the queue knows it."""
    if job is not known:
        with suppress(OSError):
            job.folder.remove()


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
