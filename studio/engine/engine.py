"""The engine: accepts tasks from pages and the API, runs them in lanes, and reports their state."""

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
_YIELD_SECONDS = 0.001  # between two writes, so another thread can take the lock


class Engine(Serving):
    """Runs tasks in the lanes of a cluster. Jobs outlive pages, and their folders outlive the server.

    It starts in the background, in about a second, while jobs wait on disk. If the cluster's process ends or
    another server holds STUDIO_HOME, it tries again every few seconds.

    Args:
        memory: memory of each lane's process, see `studio.engine.cluster.launch.Host`.
        warm: whether workers load Keras and weights before the first task.
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
        """Queues a task and returns its job at once.

        Args:
            task: the task's name.
            settings, inputs: of the task.
            owner: the owner of the job, who cannot use files and models of others.
            weights: SHA-256 by name of the weights to use, from the recipe to repeat.
            key: the idempotency key: with the key of an earlier request of this owner, returns that job, as
                long as it exists.
            batch: the name of the batch; the jobs of a batch have one place in the queue.

        Raises:
            InvalidInput: if the task, its settings or its inputs are invalid.
            Unavailable: if the engine is down, or those weights are no longer available.
            InsufficientSpace: if the disk is full, or it needs more memory than its process may use.
            StudioError: if the owner exceeds a quota, see `studio.engine.quotas`.
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
        """Queues a task with several settings and inputs as one batch: all of them, or none.

        Args:
            task: the task's name.
            several: pairs of settings and inputs.
            batch, owner, key: see `submit`; with the key of an earlier request, returns its jobs.

        Raises:
            StudioError: see `submit`.
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
        ledger, named_task = self._require_ledger(), tasks.get(task)
        requests = [
            Request.of(named_task, *pair, owner, weights, key=key, batch=batch)
            for pair, key in zip(several, keys, strict=True)
        ]
        with self._lock:
            earlier = [ledger.find_by_key(request) for request in requests]
            if None not in earlier:  # a repeated request
                return [ledger.copy(job) for job in earlier if job]
        quotas.check_disk_quota(owner)  # first, because the other checks take time for each request
        with self._lock:
            self._check_count(ledger, requests)
        with owners.acting_as(owner):
            pinned_weights.check(weights or {})
            for request, (settings, inputs) in zip(requests, several, strict=True):
                admission.check(task, settings, inputs, capacity.JOB_SHARE)
                request.expected = admission.estimate_seconds(named_task, settings, inputs)
        quotas.note_visit(owner)
        return self._queue(ledger, requests)

    def _check_count(self, ledger: Ledger, requests: Sequence[Request]) -> None:
        owner = requests[0].owner
        new = sum(ledger.find_by_key(request) is None for request in requests)
        quotas.check_jobs(owner, len(ledger.unfinished(owner)), new)

    def _queue(self, ledger: Ledger, requests: Sequence[Request]) -> list[Job]:
        """Writes the jobs of all requests, then queues them: all of them, or none.

        No job is visible before all are written, so a failure leaves neither jobs nor keys behind.
        """
        jobs: list[Job] = []
        try:
            for request in requests:
                with self._lock:  # for each job, so others do not wait for the whole batch
                    if request.expected is None:
                        request.expected = ledger.usual_seconds(request.task)
                    jobs.append(ledger.find_by_key(request) or ledger.add(request, waits=False))
            with self._lock:
                self._check_count(ledger, requests)
                for at, request in enumerate(requests):
                    if earlier := ledger.find_by_key(request):  # another thread may have been faster
                        _remove_unless(jobs[at], earlier)
                        jobs[at] = earlier
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
        """Finds an unfinished job of the owner with the same task, settings, weights and input bytes.

        File names do not matter. Settings and inputs may be unchecked. See `submit` for the arguments.

        Returns:
            The job that runs first, or None.

        Raises:
            Unavailable: if the engine has no queue, e.g. while it starts.
        """
        request = Request.of(tasks.get(task), settings, inputs, owner, weights)
        with self._locked_ledger() as ledger:
            for job in ledger.unfinished(owner):
                if job.state in ("queued", "running") and job.makes_same(request):
                    return ledger.copy(job)
        return None

    def job(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Returns the current state of a job. Raises `Unavailable` if the owner has no such job."""
        with self._locked_ledger() as ledger:
            return ledger.copy(ledger.find(id, owner))

    def jobs(self, owner: str = owners.LOCAL, limit: int = 20) -> list[Job]:
        """Returns the owner's jobs, newest first; unfinished ones do not count toward `limit`."""
        self._ledger_ready.wait(WAIT_SECONDS)
        with self._lock:
            if self._ledger is None:
                return []
            return [self._ledger.copy(job) for job in self._ledger.newest(owner, limit)]

    def batch(self, batch: str, owner: str = owners.LOCAL) -> Batch:
        """Returns the state of a batch. Raises `Unavailable` if the owner has no such batch."""
        with self._locked_ledger() as ledger:
            jobs = ledger.batch(batch, owner)
            ended = [job for job in jobs if job.finished]
            failed = sum(job.state not in ("done", "stopped") for job in ended)
            return Batch(batch, tuple(job.id for job in jobs), len(ended), failed)

    def stop(self, id: str, owner: str = owners.LOCAL) -> None:
        """Asks a running job to stop and to keep its best result so far.

        Ends the job's process if it does not stop in time, and a waiting job at once. Raises `Unavailable`
        if the owner has no such job.
        """
        with self._locked_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state == "running" and self._runner is not None:
                self._runner.stop(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def cancel(self, id: str, owner: str = owners.LOCAL) -> None:
        """Ends a job without keeping a result, even if it is already stopping. Otherwise as `stop`."""
        with self._locked_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state in ("running", "stopping") and self._runner is not None:
                self._runner.cancel(job)
            elif job.state == "queued":
                self._drop(ledger, [job])

    def _drop(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        """Ends waiting jobs. Call it with the lock held."""
        for job in jobs:
            if self._runner is not None:
                self._runner.recall(job)
            ledger.queue.leave(job)
            ledger.settle(job, CANCELLED, "cancelled")
        if self._runner is not None:
            self._runner.dispatch()

    def move(self, id: str, to: str, owner: str = owners.LOCAL) -> Job:
        """Moves a waiting job, or its batch, forward among its owner's jobs. Others keep their places.

        Args:
            id: of the job.
            to: "front", "up" by one, or the id of the job to run it before.
            owner: of the job.

        Raises:
            InvalidInput: if it no longer waits, is paused, or does not wait behind that job.
            Unavailable: if the owner has no such job.
        """
        with self._waiting(id, owner) as (ledger, job):
            ledger.move(job, to)
            return ledger.copy(job)

    def pause(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Pauses a waiting job, or its batch, until it is resumed, even after a restart. Raises as `move`."""
        with self._waiting(id, owner) as (ledger, job):
            for member in ledger.queue.batch_of(job):
                if self._runner is not None:
                    if self._runner.begins(member):
                        continue
                    self._runner.recall(member)
                ledger.pause(member, True)
            return ledger.copy(job)

    def resume(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Resumes a paused job, or its batch. Raises as `move`."""
        with self._waiting(id, owner) as (ledger, job):
            for member in ledger.queue.batch_of(job):
                ledger.pause(member, False)
            return ledger.copy(job)

    @contextmanager
    def _waiting(self, id: str, owner: str) -> Iterator[tuple[Ledger, Job]]:
        """Yields a waiting job to change, then fills the lanes in the new order."""
        with self._change() as ledger:
            job = ledger.find(id, owner)
            if job.state != "queued" or (self._runner is not None and self._runner.begins(job)):
                raise InvalidInput("That job no longer waits. Stop it, or let it run.")
            yield ledger, job
            if self._runner is not None:
                self._runner.dispatch()

    def stop_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Stops all unfinished jobs of a batch, see `stop`. Raises as `batch`."""
        self._end_batch(batch, owner, self.stop)

    def cancel_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Cancels all unfinished jobs of a batch, see `cancel`. Raises as `batch`."""
        self._end_batch(batch, owner, self.cancel)

    def _end_batch(self, batch: str, owner: str, end: Callable[[str, str], None]) -> None:
        with self._change() as ledger:
            unfinished = [job for job in ledger.batch(batch, owner) if not job.finished]
            self._drop(ledger, [job for job in unfinished if job.state == "queued"])
            for job in unfinished:
                end(job.id, owner)

    @contextmanager
    def _change(self) -> Iterator[Ledger]:
        """Yields the ledger under the lock, and writes the changed states after releasing it.

        A write takes about 10 ms, so a batch of 500 jobs would block all other calls for seconds.
        """
        with self._locked_ledger() as ledger, ledger.postpone_writes() as changed:
            yield ledger
        for job in list(changed.values()):
            with self._lock:
                if ledger.get(job.id) is job:  # not removed meanwhile
                    ledger.note(job)
            time.sleep(_YIELD_SECONDS)

    def live(
        self, task: str, settings: Settings, inputs: tasks.Inputs, session: str, owner: str = owners.LOCAL
    ) -> Live:
        """Runs a task in the live lane, stores nothing on disk, and waits for the result.

        Args:
            task: the task's name.
            settings, inputs: of the task.
            session: the browser tab; per session, one request runs and only the newest waits.
            owner: see `submit`.

        Raises:
            InvalidInput: if the task, its settings or its inputs are invalid, or the task is not interactive
                or would take too long.
            InsufficientSpace: if it needs more memory than its process may use.
            Superseded: if the session sent a newer request before this one's turn.
            StudioError: if it fails, takes too long, or its turn never comes.
        """
        with owners.acting_as(owner):
            named_task = admission.check_live(task, settings, inputs)
            admission.check_seconds(named_task, settings, inputs)
        return self._lane().run(named_task, settings, inputs, session, owner)

    def stream(
        self, task: str, settings: Settings, inputs: tasks.Inputs, session: str, owner: str = owners.LOCAL
    ) -> Stream:
        """Starts a task like `live`, but of any length, and returns a `Stream` of its reports.

        A newer request of the same session stops it; the result is then what it has so far.

        Raises:
            InvalidInput: if the task, its settings or its inputs are invalid.
            InsufficientSpace: if it needs more memory than its process may use.
            Unavailable: if the engine is down.
        """
        with owners.acting_as(owner):
            named_task = admission.check_live(task, settings, inputs)
        return self._lane().stream(named_task, settings, inputs, session, owner)

    def keep(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """Stores a live result as a finished job and returns it.

        Raises:
            InsufficientSpace: if the disk is full, or the owner's quota is used up.
        """
        ledger = self._require_ledger()
        # One at a time, so two simultaneous calls cannot both use the rest of the quota.
        with self._keeping, owners.acting_as(owner, makes=True):
            quotas.check_disk_quota(owner, len(live.data))
            quotas.note_visit(owner)
            with self._lock:
                return ledger.copy(ledger.add_finished(live, owner))


def _remove_unless(job: Job, current: Job | None) -> None:
    """Removes the folder of a newly written job, unless the queue contains that job."""
    if job is not current:
        with suppress(OSError):
            job.folder.remove()


_connecting = threading.Lock()
_engines: list[Engine] = []


def connect() -> Engine:
    """Returns this process's engine, and starts it on the first call."""
    with _connecting:
        if not _engines:
            engine = Engine()
            atexit.register(engine.close)
            _engines.append(engine)
        return _engines[0]
