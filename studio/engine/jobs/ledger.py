"""The server's memory of all jobs.

A new job is on disk before its request returns. Later changes are also written at once, but a full disk stops
nothing: such changes stay in memory and are written as soon as there is disk space.
"""

from __future__ import annotations

import logging
import os
import statistics
import time
from collections import defaultdict, deque
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

from studio.core import paths, tasks
from studio.core.errors import StudioError, Unavailable
from studio.engine.jobs import store
from studio.engine.jobs.job import Job, Live
from studio.engine.jobs.queue import JobQueue
from studio.engine.jobs.records import Outcome, Request, State, Status, finished_state

FRESH_NANOSECONDS = 10**9  # two changes of a folder within this time may have the same time stamp
MAX_TIMED = 9  # newest jobs of a task whose median duration is the estimate
STOPPED = "The studio stopped while it ran. Run it again."
CANCELLED = "It was canceled, so nothing was kept."
log = logging.getLogger("studio.engine")


class Ledger:
    """All jobs of STUDIO_HOME, oldest first. Not thread-safe: the engine calls it under its lock.

    Args:
        root: STUDIO_HOME/jobs.
    """

    def __init__(self, root: Path):
        self._root = root
        self._jobs: dict[str, Job] = {}
        self.queue = JobQueue()
        self.slots: dict[str, int] = {}  # how many jobs each lane runs at once; one if unknown
        self._unsaved: dict[str, Job] = {}  # jobs whose newest state is not on disk yet
        self._keys: dict[tuple[str, str], Job] = {}  # by owner and idempotency key
        self._batches: dict[str, list[Job]] = {}  # by unit
        self._postponed: dict[str, Job] | None = None  # to write after `postpone_writes`
        self._last_id = 0
        self._running: dict[str, Job] = {}  # running jobs
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MAX_TIMED))
        self._names: set[str] = set()  # of all folders that were read, readable or not
        self._root_modified: int | None = None  # modification time of `root` at the last refresh

    def load(self) -> None:
        """Loads the jobs of an earlier server. Running ones become done or interrupted, others still wait."""
        paths.make_folder(self._root)
        store.sweep(self._root)
        self._names = {path.name for path in self._root.iterdir()}
        for name in sorted(self._names):
            if not name.startswith("."):
                self._load(name)

    def _load(self, name: str, finished_only: bool = False) -> None:
        """Loads the job of a folder. An unreadable folder is logged and skipped.

        Args:
            name: of the folder.
            finished_only: whether to skip a job without an outcome.
        """
        try:
            folder = store.Folder(self._root / name)
            request, status = folder.read(Request), folder.read(Status)
            if request is None or not store.is_id(name):
                return  # the gallery shows it as unreadable
            if (finished_only or status is None) and folder.read(Outcome) is None:
                log.debug("job %s was never completely written, or is another server's", name)
                return
            self._restore(folder, request, status or Status(state="stopping"))
        except Exception:
            log.exception("job %s cannot be read, so its folder is left alone", name)

    def _restore(self, folder: store.Folder, request: Request, status: Status) -> None:
        """Registers a job from disk; settles one that ran, and queues one that waited."""
        job = Job.model_construct(**{**dict(request), **dict(status), **_folder_fields(folder)})
        job.turn = request.created if job.turn is None else job.turn
        if job.state in ("running", "stopping", "canceling"):
            self.settle(job, STOPPED)
        else:
            self._record_duration(job)
        self._register(job)
        if job.state == "queued":
            self.queue.enter(job)

    def sync_folders(self) -> None:
        """Syncs with changes by other processes: finished jobs that a command added, and removed items."""
        if not self._root.exists():
            return
        modified = self._root.stat().st_mtime_ns
        if modified == self._root_modified:
            return
        # Two changes may have the same time stamp, so a folder that just changed is read again.
        self._root_modified = modified if time.time_ns() - modified > FRESH_NANOSECONDS else None
        names = {entry.name for entry in os.scandir(self._root) if not entry.name.startswith(".")}
        for job in [job for job in self._jobs.values() if job.id not in names]:
            if job.paused and job.state == "queued":  # a paused job is removed with its owner
                self.queue.leave(job)
            elif not job.finished:
                continue
            self._remove_from_memory(job)
        for name in sorted(names - self._names - self._jobs.keys()):
            self._load(name, finished_only=True)
        self._names = names

    def add(self, request: Request, enter_queue: bool = True) -> Job:
        """Adds a new job at the end of the queue. Raises `InsufficientSpace` if it cannot be written.

        Args:
            request: of the job.
            enter_queue: whether it enters the queue at once; otherwise it is invisible until `enter`.
        """
        lane = "drive" if request.lane == "drive" else "job"
        job = Job.model_construct(**{**dict(request), "lane": lane, **_folder_fields(self._choose_folder())})
        try:
            job.folder.write(Request, job)
            self.write_state(job)
        except BaseException:  # the request fails, so no job may remain
            with suppress(OSError):
                job.folder.remove()
            raise
        if enter_queue:
            self.enter(job)
        return job

    def enter(self, job: Job) -> None:
        """Puts a written job at the end of the queue, and registers its key and its batch."""
        self._register(job)
        self.queue.enter(job)

    def find_by_key(self, request: Request) -> Job | None:
        """Returns the job of an earlier request with this owner and key, or None.

        Raises:
            InvalidInput: if that request was for something else.
        """
        job = self._keys.get((request.owner, request.key)) if request.key else None
        if job is not None:
            request.check_repeats(job)
        return job

    def has_key(self, owner: str, key: str) -> bool:
        """Returns whether an owner has a job of this idempotency key."""
        return bool(key) and (owner, key) in self._keys

    def _register(self, job: Job) -> None:
        """Adds a job to the memory, by its id, key and batch."""
        self._jobs[job.id] = job
        if job.key:
            self._keys[job.owner, job.key] = job
        if job.batch:
            self._batches.setdefault(job.unit, []).append(job)

    def find_batch(self, batch: str, owner: str) -> list[Job]:
        """Returns the jobs of an owner's batch, oldest first. Raises `Unavailable` if there is none."""
        self.sync_folders()
        if not (jobs := self._batches.get(f"{owner}/{batch}")):
            raise Unavailable("There is no such batch here. Look in the job panel or the gallery.")
        return jobs

    def add_finished(self, live: Live, owner: str) -> Job:
        """Stores a live result as a finished job. Raises `InsufficientSpace` if it cannot be written."""
        request = Request.of(tasks.get(live.task), live.settings, live.inputs, owner)
        file = tasks.File.store(live.data, live.kind, live.name)
        result = tasks.Result((file,), live.figures, live.recipe, live.stopped_early)
        ended = request.created
        status = {"state": finished_state(result), "started": ended - live.seconds, "ended": ended}
        job = Job.model_construct(**{**dict(request), **status, **_folder_fields(self._choose_folder())})
        store.write_finished(job.folder.path, request, result, job.started, ended)
        self._jobs[job.id] = job
        return job

    def _choose_folder(self) -> store.Folder:
        self._last_id = max(self._last_id + 1, time.time_ns() // 1_000_000)  # never the same twice
        return store.Folder(self._root / store.new_id(self._last_id))

    def write_state(self, job: Job) -> None:
        """Writes the state of a job.

        Raises:
            InsufficientSpace: if the disk is full.
            OSError: if writing fails for another reason.
        """
        job.folder.write(Status, job)

    def record_state(self, job: Job) -> None:
        """Writes the state of a job: now, after `postpone_writes`, or as soon as the disk allows it."""
        if self._postponed is not None:
            self._postponed[job.id] = job
            return
        try:
            self.write_state(job)
        except (StudioError, OSError):
            log.exception("the state of job %s could not be saved yet", job.id)
            self._unsaved[job.id] = job

    @contextmanager
    def postpone_writes(self) -> Iterator[dict[str, Job]]:
        """Yields the jobs that `record_state` collects instead of writing; the caller records them later."""
        self._postponed, previous = {}, self._postponed
        try:
            yield self._postponed
        finally:
            self._postponed = previous

    def write_unsaved(self) -> None:
        """Writes the states that could not be written earlier, as far as possible."""
        for job in list(self._unsaved.values()):
            with suppress(StudioError, OSError):
                self.write_state(job)
                del self._unsaved[job.id]

    def requeue(self, job: Job) -> None:
        """Puts a crashed job back at the head of the queue, unless it left an outcome."""
        if job.folder.read(Outcome) is not None:
            return self.settle(job)
        job.state = "queued"
        self._running.pop(job.id, None)
        self.queue.enter_first(job)
        self.record_state(job)

    def begin(self, job: Job) -> None:
        """Marks a job as running, and records the jobs that it passed."""
        for passed in self.queue.begin(job):
            self.record_state(passed)
        self._running[job.id] = job
        job.state, job.started, job.tries = "running", time.time(), job.tries + 1
        self.record_state(job)

    def settle(self, job: Job, reason: str = "", state: State = "interrupted") -> None:
        """Ends a job: with its outcome if the worker left one, otherwise in `state` with `reason`.

        A job that is being cancelled keeps nothing, even if its worker finished first.
        """
        ended, outcome = time.time(), None
        if job.state == "canceling":
            job.folder.remove_worker_files()
            reason, state = CANCELLED, "cancelled"
        else:
            outcome = job.folder.read(Outcome)
        if outcome is not None:
            ended = job.folder.modified_at(Outcome)  # the server may have been down at that time
            reason, state = outcome.error, _outcome_state(outcome)
            job.report = outcome.report or job.report
        job.state, job.error, job.ended = state, reason, ended
        job.sent_preview = None  # the folder has it
        self._running.pop(job.id, None)
        self._record_duration(job)
        self.record_state(job)

    def _record_duration(self, job: Job) -> None:
        """Records how long a finished job ran, for estimates."""
        if job.state == "done" and job.started is not None and job.ended is not None:
            self._seconds[job.task].append(max(job.ended - job.started, 0.0))

    def median_seconds(self, task: str) -> float | None:
        """Returns the median duration of the last jobs of a task; None if there was none yet."""
        durations = self._seconds.get(task)
        return statistics.median(durations) if durations else None

    def move(self, job: Job, to: str) -> None:
        """Moves a waiting job forward among its owner's jobs, see `JobQueue.move`."""
        for changed in self.queue.move(job, to):
            self.record_state(changed)

    def pause(self, job: Job, paused: bool) -> None:
        """Pauses or resumes a waiting job; this survives a restart."""
        self.queue.pause(job, paused)
        self.record_state(job)

    def find(self, id: str, owner: str) -> Job:
        """Returns the owner's job with this id. Raises `Unavailable` if there is none."""
        self.sync_folders()
        job = self._jobs.get(id)
        if job is None or job.owner != owner:
            raise Unavailable("There is no such job here. Look in the job panel or the gallery.")
        return job

    def list_newest(self, owner: str, limit: int) -> list[Job]:
        """Returns the owner's jobs, newest first: all unfinished ones, then ended ones up to `limit`."""
        self.sync_folders()
        owner_jobs = [job for job in self._jobs.values() if job.owner == owner]
        owner_jobs.sort(key=lambda job: job.id, reverse=True)
        unfinished = [job for job in owner_jobs if not job.finished]
        finished = [job for job in owner_jobs if job.finished][: max(0, limit - len(unfinished))]
        return sorted([*unfinished, *finished], key=lambda job: job.id, reverse=True)

    def list_unfinished(self, owner: str) -> list[Job]:
        """Returns an owner's running and waiting jobs, in this order."""
        return [job for job in (*self._running.values(), *self.queue) if job.owner == owner]

    def list_running(self) -> list[Job]:
        """Returns the running jobs."""
        return list(self._running.values())

    def get(self, id: str) -> Job | None:
        """Returns the job with this id, of any owner, or None."""
        return self._jobs.get(id)

    def _remove_from_memory(self, job: Job) -> None:
        """Removes a job from the memory."""
        self._unsaved.pop(job.id, None)
        self._keys.pop((job.owner, job.key), None)
        del self._jobs[job.id]
        if job.batch:
            self._batches[job.unit].remove(job)

    def take_snapshot(self, job: Job) -> Job:
        """Returns a snapshot of a job for pages, with its place in the queue."""
        turn = self.queue.find_turn(job)
        starts_in = None
        if (
            turn is not None
            and turn.ahead is not None
            and (seconds_left := self._estimate_seconds_left(job.lane)) is not None
        ):
            starts_in = (turn.ahead + seconds_left) / max(1, self.slots.get(job.lane, 1))
        snapshot_fields = {
            "place": turn.place if turn else 0,
            "starts_in": starts_in,
            "paused": job.paused and job.state == "queued",
        }
        return job.model_copy(update=snapshot_fields)

    def _estimate_seconds_left(self, lane: str) -> float | None:
        """Estimates the seconds until all running jobs of a lane end; None if unknown for one of them.

        While no job runs in the job lane, the current task of each driver counts.
        """
        running = [job for job in self._running.values() if job.lane == lane]
        seconds = [job.seconds_left for job in running]
        if not running and lane == "job":
            seconds = [job.seconds_per_step for job in self._running.values()]
        estimates = [estimate for estimate in seconds if estimate is not None]
        return sum(estimates) if len(estimates) == len(seconds) else None


def _folder_fields(folder: store.Folder) -> dict[str, Any]:
    return {"id": folder.path.name, "folder": folder}


def _outcome_state(outcome: Outcome) -> State:
    """Returns the state of a job whose worker left an outcome."""
    if outcome.result is not None:
        return finished_state(outcome.result)
    return "cancelled" if outcome.cancelled else "failed"
