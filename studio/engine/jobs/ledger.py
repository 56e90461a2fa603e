"""The server's memory of all jobs.

A new job is on disk before it is answered for. What happens to it later is written at once too, but a full
disk stops nothing: the change then stands in memory and is written as soon as there is room.
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
from studio.engine.jobs.parts import Outcome, Request, State, Status, finished_state
from studio.engine.jobs.queue import Waiting

FRESH_NANOSECONDS = 10**9
MOST_TIMED = 9  # jobs of a task, the newest
STOPPED = "The studio stopped while it ran. Run it again."
CANCELLED = "It was cancelled, so nothing was kept."
log = logging.getLogger("studio.engine")


class Ledger:
    """All jobs of STUDIO_HOME, oldest first. Not thread-safe: the engine calls it under its lock.

    Args:
        root: STUDIO_HOME/jobs.
    """

    def __init__(self, root: Path):
        self._root = root
        self._jobs: dict[str, Job] = {}
        self.queue = Waiting()
        self.slots: dict[str, int] = {}  # how many jobs each lane runs at once; one if unknown
        self._unsaved: dict[str, Job] = {}  # whose newest state is not on disk yet
        self._keys: dict[tuple[str, str], Job] = {}  # by owner and idempotency key
        self._batches: dict[str, list[Job]] = {}  # by their unit
        self._postponed: dict[str, Job] | None = None  # noted while `postponing` is open
        self._last_id = 0
        self._busy: dict[str, Job] = {}  # those that run
        self._seconds: defaultdict[str, deque[float]] = defaultdict(lambda: deque(maxlen=MOST_TIMED))
        self._names: set[str] = set()  # of all folders that were ever looked at, readable or not
        self._changed: int | None = None  # when the folder of folders last did, as far as is known here

    def load(self) -> None:
        """Reads the jobs of an earlier server: running ones are interrupted or done, others still wait."""
        paths.make(self._root)
        store.sweep(self._root)
        self._names = {path.name for path in self._root.iterdir()}
        for name in sorted(self._names):
            if not name.startswith("."):
                self._load(name)

    def _load(self, name: str, wholly: bool = False) -> None:
        """Takes a folder over; one that cannot be read, whatever is wrong with it, does not harm the others.

        Args:
            wholly: whether only if it has an outcome.
        """
        try:
            folder = store.Folder(self._root / name)
            request, status = folder.read(Request), folder.read(Status)
            if request is None or not store.is_id(name):
                return  # the gallery shows it as unreadable
            if (wholly or status is None) and folder.read(Outcome) is None:
                log.debug("job %s was never wholly written, or is another server's", name)
                return
            self._restore(folder, request, status or Status(state="stopping"))
        except Exception:
            log.exception("job %s cannot be read, so its folder is left alone", name)

    def _restore(self, folder: store.Folder, request: Request, status: Status) -> None:
        job = Job.model_construct(**{**dict(request), **dict(status), **_place(folder)})
        job.turn = request.created if job.turn is None else job.turn
        if job.state in ("running", "stopping", "canceling"):
            self.settle(job, STOPPED)
        else:
            self._time(job)
        self._enter(job)
        if job.state == "queued":
            self.queue.enter(job)

    def follow(self) -> None:
        """Takes note of what others did in the folder: finished jobs that a command added, items removed."""
        if not self._root.exists():
            return
        changed = self._root.stat().st_mtime_ns
        if changed == self._changed:
            return
        # Two changes may have the same time stamp, so a folder that just changed is read again.
        self._changed = changed if time.time_ns() - changed > FRESH_NANOSECONDS else None
        names = {entry.name for entry in os.scandir(self._root) if not entry.name.startswith(".")}
        for job in [job for job in self._jobs.values() if job.id not in names]:
            if job.paused and job.state == "queued":  # a paused one goes with its owner
                self.queue.leave(job)
            elif not job.finished:
                continue
            self._forget(job)
        for name in sorted(names - self._names - self._jobs.keys()):
            self._load(name, wholly=True)
        self._names = names

    def add(self, request: Request, waits: bool = True) -> Job:
        """A new job at the end of the queue. Raises `NoRoom` if it cannot be written.

        Args:
            waits: whether it enters the queue at once; else nobody knows of it until `enter`.
        """
        lane = "drive" if request.lane == "drive" else "job"
        job = Job.model_construct(**{**dict(request), "lane": lane, **_place(self._new_folder())})
        try:
            job.folder.write(Request, job)
            self.save(job)
        except BaseException:  # the user is told that there is no such job
            with suppress(OSError):
                job.folder.remove()
            raise
        if waits:
            self.enter(job)
        return job

    def enter(self, job: Job) -> None:
        """Puts a job that was written at the end of the queue; its key and its batch are known then."""
        self._enter(job)
        self.queue.enter(job)

    def keyed(self, request: Request) -> Job | None:
        """The job of an earlier request with the owner and key of this one; None if there is none.

        Raises:
            InvalidInput: if that asked for something else.
        """
        job = self._keys.get((request.owner, request.key)) if request.key else None
        if job is not None:
            request.check_repeats(job)
        return job

    def _enter(self, job: Job) -> None:
        self._jobs[job.id] = job
        if job.key:
            self._keys[job.owner, job.key] = job
        if job.batch:
            self._batches.setdefault(job.unit, []).append(job)

    def batch(self, batch: str, owner: str) -> list[Job]:
        """The jobs of an owner's batch, the oldest first. Raises `Unavailable` if there is none."""
        self.follow()
        if not (jobs := self._batches.get(f"{owner}/{batch}")):
            raise Unavailable("There is no such batch here. Look in the job panel or the gallery.")
        return jobs

    def add_finished(self, live: Live, owner: str) -> Job:
        """A live result as a finished job, its bytes kept. Raises `NoRoom` if it cannot be written."""
        request = Request.of(tasks.get(live.task), live.settings, live.inputs, owner)
        file = tasks.File.keep(live.data, live.kind, live.name)
        result = tasks.Result((file,), live.figures, live.recipe, live.stopped_early)
        ended = request.created
        stands = {"state": finished_state(result), "started": ended - live.seconds, "ended": ended}
        job = Job.model_construct(**{**dict(request), **stands, **_place(self._new_folder())})
        store.write_finished(job.folder.path, request, result, job.started, ended)
        self._jobs[job.id] = job
        return job

    def _new_folder(self) -> store.Folder:
        self._last_id = max(self._last_id + 1, time.time_ns() // 1_000_000)  # never twice the same
        return store.Folder(self._root / store.new_id(self._last_id))

    def save(self, job: Job) -> None:
        """Writes the state of one job. Raises `NoRoom` if the disk is full, OSError if it fails otherwise."""
        job.folder.write(Status, job)

    def note(self, job: Job) -> None:
        """Writes the state of one job, now, as soon as that works, or as `postponing` says."""
        if self._postponed is not None:
            self._postponed[job.id] = job
            return
        try:
            self.save(job)
        except (StudioError, OSError):
            log.exception("the state of job %s could not be saved yet", job.id)
            self._unsaved[job.id] = job

    @contextmanager
    def postponing(self) -> Iterator[dict[str, Job]]:
        """Yields the jobs that are noted while this is open; who opened it notes them again afterwards."""
        self._postponed, before = {}, self._postponed
        try:
            yield self._postponed
        finally:
            self._postponed = before

    def catch_up(self) -> None:
        """Writes what could not be written earlier, as far as that works now."""
        for job in list(self._unsaved.values()):
            with suppress(StudioError, OSError):
                self.save(job)
                del self._unsaved[job.id]

    def requeue(self, job: Job) -> None:
        """Puts a job that ran back to the head of the queue, unless it left an outcome before it died."""
        if job.folder.read(Outcome) is not None:
            return self.settle(job)
        job.state = "queued"
        self._busy.pop(job.id, None)
        self.queue.enter_first(job)
        self.note(job)

    def begin(self, job: Job) -> None:
        """Notes that a job runs, and whom it passed."""
        for passed in self.queue.begin(job):
            self.note(passed)
        self._busy[job.id] = job
        job.state, job.started, job.tries = "running", time.time(), job.tries + 1
        self.note(job)

    def settle(self, job: Job, reason: str = "", state: State = "interrupted") -> None:
        """Ends a job: by its outcome if the worker left one, else in `state` with `reason`.

        Of a job that is being cancelled nothing is kept, even if its worker was done first.
        """
        ended, outcome = time.time(), None
        if job.state == "canceling":
            job.folder.discard()
            reason, state = CANCELLED, "cancelled"
        else:
            outcome = job.folder.read(Outcome)
        if outcome is not None:
            ended = job.folder.written(Outcome)  # the server may have died before it could see it
            reason, state = outcome.error, _ended_as(outcome)
            job.report = outcome.report or job.report
        job.state, job.error, job.ended = state, reason, ended
        job.sent_preview = None  # the folder has it
        self._busy.pop(job.id, None)
        self._time(job)
        self.note(job)

    def _time(self, job: Job) -> None:
        if job.state == "done" and job.started is not None and job.ended is not None:
            self._seconds[job.task].append(max(job.ended - job.started, 0.0))

    def usual_seconds(self, task: str) -> float | None:
        """The median time of the last jobs of a task; None if there was none yet."""
        known = self._seconds.get(task)
        return statistics.median(known) if known else None

    def move(self, job: Job, to: str) -> None:
        """Moves a waiting job forward among its owner's, see `Waiting.move`."""
        for changed in self.queue.move(job, to):
            self.note(changed)

    def pause(self, job: Job, paused: bool) -> None:
        """Pauses or resumes a waiting job, also beyond a restart."""
        self.queue.pause(job, paused)
        self.note(job)

    def find(self, id: str, owner: str) -> Job:
        """The job of an id. Raises `Unavailable` if there is none, or it is another owner's."""
        self.follow()
        job = self._jobs.get(id)
        if job is None or job.owner != owner:
            raise Unavailable("There is no such job here. Look in the job panel or the gallery.")
        return job

    def newest(self, owner: str, limit: int) -> list[Job]:
        """The owner's jobs, newest first; what is under way is among them however many came after it."""
        self.follow()
        own = [job for job in self._jobs.values() if job.owner == owner]
        own.sort(key=lambda job: job.id, reverse=True)
        busy = [job for job in own if not job.finished]
        late = [job for job in own if job.finished][: max(0, limit - len(busy))]
        return sorted([*busy, *late], key=lambda job: job.id, reverse=True)

    def unfinished(self, owner: str) -> list[Job]:
        """An owner's jobs that run or wait, first those that run."""
        return [job for job in (*self._busy.values(), *self.queue) if job.owner == owner]

    def busy(self) -> list[Job]:
        """Jobs that run."""
        return list(self._busy.values())

    def get(self, id: str) -> Job | None:
        """The job of an id, whoever owns it."""
        return self._jobs.get(id)

    def _forget(self, job: Job) -> None:
        self._unsaved.pop(job.id, None)
        self._keys.pop((job.owner, job.key), None)
        del self._jobs[job.id]
        if job.batch:
            self._batches[job.unit].remove(job)

    def copy(self, job: Job) -> Job:
        """The job as a page sees it now."""
        turn = self.queue.turn(job)
        starts_in = None
        if turn is not None and turn.ahead is not None and (left := self._seconds_left(job.lane)) is not None:
            starts_in = (turn.ahead + left) / max(1, self.slots.get(job.lane, 1))
        now = {
            "place": turn.place if turn else 0,
            "starts_in": starts_in,
            "paused": job.paused and job.state == "queued",
        }
        return job.model_copy(update=now)

    def _seconds_left(self, lane: str) -> float | None:
        """How many seconds those that run in a lane take together; None if that is unknown for one.

        Between two jobs of the job lane a driver's current piece is such a one, too.
        """
        running = [job for job in self._busy.values() if job.lane == lane]
        seconds = [job.seconds_left for job in running]
        if not running and lane == "job":
            seconds = [job.seconds_a_step for job in self._busy.values()]
        known = [one for one in seconds if one is not None]
        return sum(known) if len(known) == len(seconds) else None


def _place(folder: store.Folder) -> dict[str, Any]:
    return {"id": folder.path.name, "folder": folder}


def _ended_as(outcome: Outcome) -> State:
    """The state of a job whose worker left an outcome."""
    if outcome.result is not None:
        return finished_state(outcome.result)
    return "cancelled" if outcome.cancelled else "failed"
