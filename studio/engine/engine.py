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
from studio.engine.jobs.records import Request
from studio.engine.serving import WAIT_SECONDS, EngineBase
from studio.engine.stream import Stream

CANCELLED = "It was canceled before it began."
_YIELD_SECONDS = 0.001  # between two writes, so another thread can take the lock


class Engine(EngineBase):
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
        pairs: Sequence[tuple[Settings, tasks.Inputs]],
        batch: str,
        owner: str = owners.LOCAL,
        key: str = "",
    ) -> list[Job]:
        """Queues a task with several settings and inputs as one batch: all of them, or none.

        Args:
            task: the task's name.
            pairs: pairs of settings and inputs.
            batch, owner, key: see `submit`; with the key of an earlier request, returns its jobs.

        Raises:
            StudioError: see `submit`.
        """
        keys = [_make_batch_key(key, number) for number in range(len(pairs))]
        return self._submit(task, pairs, keys, owner, None, batch)

    def check_job_quota(self, owner: str, new_count: int, key: str = "") -> None:
        """Checks whether `submit_all` could add new jobs, before their inputs are read, which takes time.

        Args:
            owner, key: see `submit_all`; the request of a known key adds none.
            new_count: number of jobs.

        Raises:
            LimitReached: if they would exceed the owner's limit.
        """
        ledger = self._require_ledger()
        with self._lock:
            if not ledger.has_key(owner, _make_batch_key(key, 0)):
                quotas.check_jobs(owner, len(ledger.list_unfinished(owner)), new_count)

    def _submit(
        self,
        task_name: str,
        pairs: Sequence[tuple[Settings, tasks.Inputs]],
        keys: Sequence[str],
        owner: str,
        weights: Mapping[str, str] | None,
        batch: str,
    ) -> list[Job]:
        """Queues one job per pair of settings and inputs, or returns those of an earlier request."""
        ledger, task = self._require_ledger(), tasks.get(task_name)
        requests = [
            Request.of(task, *pair, owner, weights, key=key, batch=batch)
            for pair, key in zip(pairs, keys, strict=True)
        ]
        with self._lock:
            earlier_jobs = [ledger.find_by_key(request) for request in requests]
            if None not in earlier_jobs:  # a repeated request
                return [ledger.take_snapshot(job) for job in earlier_jobs if job]
        quotas.check_disk_quota(owner)  # first, because the other checks take time for each request
        with self._lock:
            self._check_count(ledger, requests)
        with owners.acting_as(owner):
            pinned_weights.check(weights or {})
            for request, (settings, inputs) in zip(requests, pairs, strict=True):
                admission.check(task_name, settings, inputs, capacity.JOB_MEMORY_SHARE)
                request.expected = admission.estimate_seconds(task, settings, inputs)
        quotas.record_visit(owner)
        return self._queue_jobs(ledger, requests)

    def _check_count(self, ledger: Ledger, requests: Sequence[Request]) -> None:
        """Raises `LimitReached` if new jobs would exceed the owner's quota. Call it with the lock held."""
        owner = requests[0].owner
        new_count = sum(ledger.find_by_key(request) is None for request in requests)
        quotas.check_jobs(owner, len(ledger.list_unfinished(owner)), new_count)

    def _queue_jobs(self, ledger: Ledger, requests: Sequence[Request]) -> list[Job]:
        """Writes the jobs of all requests, then queues them: all of them, or none.

        No job is visible before all are written, so a failure leaves neither jobs nor keys behind.
        """
        jobs: list[Job] = []
        try:
            for request in requests:
                with self._lock:  # for each job, so others do not wait for the whole batch
                    if request.expected is None:
                        request.expected = ledger.median_seconds(request.task)
                    jobs.append(ledger.find_by_key(request) or ledger.add(request, enter_queue=False))
            with self._lock:
                self._check_count(ledger, requests)
                for index, request in enumerate(requests):
                    if earlier_job := ledger.find_by_key(request):  # another thread may have been faster
                        _remove_unless_queued(jobs[index], earlier_job)
                        jobs[index] = earlier_job
                    else:
                        ledger.enter(jobs[index])
                if self._runner is not None:
                    self._runner.dispatch()
                return [ledger.take_snapshot(job) for job in jobs]
        except BaseException:
            for job in jobs:
                _remove_unless_queued(job, ledger.get(job.id))
            raise

    def find_identical(
        self,
        task: str,
        settings: Settings,
        inputs: tasks.Inputs,
        owner: str = owners.LOCAL,
        weights: Mapping[str, str] | None = None,
        *,
        ignore_seed: bool = False,
    ) -> Job | None:
        """Finds an unfinished job of the owner with the same task, settings, weights and input bytes.

        File names do not matter, nor does the seed with `ignore_seed`. Settings and inputs may be unchecked.
        See `submit` for the other arguments.

        Returns:
            The job that runs first, or None.

        Raises:
            Unavailable: if the engine has no queue, e.g. while it starts.
        """
        request = Request.of(tasks.get(task), settings, inputs, owner, weights)
        with self._locked_ledger() as ledger:
            for job in ledger.list_unfinished(owner):
                is_active = job.state in ("queued", "running")
                if is_active and job.has_same_result(request, ignore_seed=ignore_seed):
                    return ledger.take_snapshot(job)
        return None

    def find_job(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Returns the current state of a job. Raises `Unavailable` if the owner has no such job."""
        with self._locked_ledger() as ledger:
            return ledger.take_snapshot(ledger.find(id, owner))

    def list_jobs(self, owner: str = owners.LOCAL, limit: int = 20) -> list[Job]:
        """Returns the owner's jobs, newest first; unfinished ones do not count toward `limit`."""
        self._ledger_ready.wait(WAIT_SECONDS)
        with self._lock:
            if self._ledger is None:
                return []
            return [self._ledger.take_snapshot(job) for job in self._ledger.list_newest(owner, limit)]

    def find_batch(self, batch: str, owner: str = owners.LOCAL) -> Batch:
        """Returns the state of a batch. Raises `Unavailable` if the owner has no such batch."""
        with self._locked_ledger() as ledger:
            jobs = ledger.find_batch(batch, owner)
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
                self._cancel_waiting_jobs(ledger, [job])

    def cancel(self, id: str, owner: str = owners.LOCAL) -> None:
        """Ends a job without keeping a result, even if it is already stopping. Otherwise as `stop`."""
        with self._locked_ledger() as ledger:
            job = ledger.find(id, owner)
            if job.state in ("running", "stopping") and self._runner is not None:
                self._runner.cancel(job)
            elif job.state == "queued":
                self._cancel_waiting_jobs(ledger, [job])

    def _cancel_waiting_jobs(self, ledger: Ledger, jobs: Iterable[Job]) -> None:
        """Cancels waiting jobs. Call it with the lock held."""
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
        with self._changing_waiting_job(id, owner) as (ledger, job):
            ledger.move(job, to)
            return ledger.take_snapshot(job)

    def pause(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Pauses a waiting job, or its batch, until it is resumed, even after a restart. Raises as `move`."""
        with self._changing_waiting_job(id, owner) as (ledger, job):
            for member in ledger.queue.list_batch(job):
                if self._runner is not None:
                    if self._runner.has_begun(member):
                        continue
                    self._runner.recall(member)
                ledger.pause(member, True)
            return ledger.take_snapshot(job)

    def resume(self, id: str, owner: str = owners.LOCAL) -> Job:
        """Resumes a paused job, or its batch. Raises as `move`."""
        with self._changing_waiting_job(id, owner) as (ledger, job):
            for member in ledger.queue.list_batch(job):
                ledger.pause(member, False)
            return ledger.take_snapshot(job)

    @contextmanager
    def _changing_waiting_job(self, id: str, owner: str) -> Iterator[tuple[Ledger, Job]]:
        """Yields a waiting job to change, then fills the lanes in the new order."""
        with self._postponing_writes() as ledger:
            job = ledger.find(id, owner)
            if job.state != "queued" or (self._runner is not None and self._runner.has_begun(job)):
                raise InvalidInput("That job no longer waits. Stop it, or let it run.")
            yield ledger, job
            if self._runner is not None:
                self._runner.dispatch()

    def stop_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Stops all unfinished jobs of a batch, see `stop`. Raises as `find_batch`."""
        self._end_batch(batch, owner, self.stop)

    def cancel_batch(self, batch: str, owner: str = owners.LOCAL) -> None:
        """Cancels all unfinished jobs of a batch, see `cancel`. Raises as `find_batch`."""
        self._end_batch(batch, owner, self.cancel)

    def _end_batch(self, batch: str, owner: str, end_job: Callable[[str, str], None]) -> None:
        """Cancels the waiting jobs of a batch, and calls `end_job` for the running ones."""
        with self._postponing_writes() as ledger:
            unfinished = [job for job in ledger.find_batch(batch, owner) if not job.finished]
            self._cancel_waiting_jobs(ledger, [job for job in unfinished if job.state == "queued"])
            for job in unfinished:
                end_job(job.id, owner)

    @contextmanager
    def _postponing_writes(self) -> Iterator[Ledger]:
        """Yields the ledger under the lock, and writes the changed states after releasing it.

        A write takes about 10 ms, so a batch of 500 jobs would block all other calls for seconds.
        """
        with self._locked_ledger() as ledger, ledger.postpone_writes() as changed:
            yield ledger
        for job in list(changed.values()):
            with self._lock:
                if ledger.get(job.id) is job:  # not removed meanwhile
                    ledger.record_state(job)
            time.sleep(_YIELD_SECONDS)

    def run_live(
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
            checked_task = admission.check_live(task, settings, inputs)
            admission.check_seconds(checked_task, settings, inputs)
        return self._require_live_lane().run(checked_task, settings, inputs, session, owner)

    def start_stream(
        self, task: str, settings: Settings, inputs: tasks.Inputs, session: str, owner: str = owners.LOCAL
    ) -> Stream:
        """Starts a task like `run_live`, but of any length, and returns a `Stream` of its reports.

        A newer request of the same session stops it; the result is then what it has so far.

        Raises:
            InvalidInput: if the task, its settings or its inputs are invalid.
            InsufficientSpace: if it needs more memory than its process may use.
            Unavailable: if the engine is down.
        """
        with owners.acting_as(owner):
            checked_task = admission.check_live(task, settings, inputs)
        return self._require_live_lane().start_stream(checked_task, settings, inputs, session, owner)

    def store_live(self, live: Live, owner: str = owners.LOCAL) -> Job:
        """Stores a live result as a finished job and returns it.

        Raises:
            InsufficientSpace: if the disk is full, or the owner's quota is used up.
        """
        ledger = self._require_ledger()
        # One at a time, so two simultaneous calls cannot both use the rest of the quota.
        with self._quota_lock, owners.acting_as(owner, makes_results=True):
            quotas.check_disk_quota(owner, len(live.data))
            quotas.record_visit(owner)
            with self._lock:
                return ledger.take_snapshot(ledger.add_finished(live, owner))


def _make_batch_key(key: str, number: int) -> str:
    """Returns the idempotency key of one job of a batch; "" without a key."""
    return f"{key}/{number}" if key else ""


def _remove_unless_queued(job: Job, current: Job | None) -> None:
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
