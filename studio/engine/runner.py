"""Runs the queue: feeds the lanes in order, hears reports, settles what ends, ends what hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from distributed import Future

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.progress import Report
from studio.engine.cluster import worker
from studio.engine.cluster.client import KILLED, LOST, MOST_SENDINGS, Cluster
from studio.engine.jobs.job import Job
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.parts import State

LET_GO_SECONDS = 10.0  # in which most jobs stop
LET_GO_STEPS = 5  # of a slow one: it stops after a step, and then makes what it has whole
MOST_LET_GO_SECONDS = 120.0
MOST_TRIES = 2
FRESH_SECONDS = 1.0  # s, within which the event that a job has begun may still be on its way
STUCK = "It did not stop within {:.0f} s, so its process was ended; its last preview is kept."
NEVER = "Earlier jobs kept crashing this worker. Run it again later."
TWICE = "Its process crashed or was ended from outside, twice. Try a smaller size or other settings."

NO_ROOM = "Its folder could not be written, so it was not started. Free some space and run it again."
log = logging.getLogger("studio.engine")


@dataclass
class _Attempt:
    """One attempt to run a job, in the lane to which it was sent.

    Attributes:
        key: of its work in the cluster.
        at: when it was sent, by the monotonic clock.
        has_begun: whether a worker works on it; else it waits for one.
        future: None for the moment until it is sent.
    """

    key: str
    at: float
    has_begun: bool = False
    future: Future | None = None


class Runner:
    """The running jobs of one ledger on one cluster.

    Args:
        lock: guards the ledger; `dispatch`, `stop` and `cancel` are called with it held.
    """

    def __init__(self, ledger: Ledger, cluster: Cluster, lock: threading.RLock):
        self._ledger, self._cluster, self._lock = ledger, cluster, lock
        self._attempts: dict[str, _Attempt] = {}
        self._sendings: Counter[str] = Counter()  # of jobs that have not begun
        self._closed = False
        for lane in ("job", "drive"):
            cluster.listen(lane, self._hear)

    def dispatch(self) -> None:
        """Sends on what has room in its lane, in order; the rest waits here, safe from a worker's death.

        Raises nothing: what one job meets must not end the others' cluster.
        """
        if self._closed:
            return
        try:
            self._ledger.catch_up()
            self._fill()
        except Exception:
            log.exception("the queue could not be served")

    def _fill(self) -> None:
        for lane in ("job", "drive"):
            order = self._ledger.queue.in_turn(lane)
            if order:
                slots = self._cluster.slots(lane)
                self._ledger.slots[lane] = slots
                busy = sum(job.lane == lane for job in self._ledger.busy())
                self._fill_lane(order, max(0, slots - busy) + self._ahead(order[0]))

    def _ahead(self, job: Job) -> int:
        """How many jobs are sent before there is room: a small one whose owner has a driver at work.

        It lies with the worker as the job before it ends, or the driver's next piece would begin in between.
        """
        drivers = [one for one in self._ledger.busy() if one.lane == "drive"]
        same = any(one.owner == job.owner for one in drivers)
        return int(same and job.lane == "job" and self._ledger.queue.is_small(job))

    def _fill_lane(self, order: list[Job], room: int) -> None:
        """Sends the first jobs of a lane; one that was sent and is no longer among them is taken back."""
        free = room - sum(job.id in self._attempts for job in order)
        behind = [job for job in order[room:] if self._only_waits(job)]
        for job in order[:room]:
            if job.id in self._attempts:
                continue
            if free <= 0:
                if not behind:
                    return
                self.recall(behind.pop())
                free += 1
            self._send(job)
            free -= 1

    def _only_waits(self, job: Job) -> bool:
        """Whether a job was sent and has not begun, as behind a search's training; a fresh one may have."""
        attempt = self._attempts.get(job.id)
        return attempt is not None and not attempt.has_begun and time.monotonic() - attempt.at > FRESH_SECONDS

    def stop(self, job: Job) -> None:
        """Asks a running job to stop with its best so far, and ends its process if it does not in time."""
        self._end(job, "stopping", self._cluster.stop, _time_to_stop(job))

    def cancel(self, job: Job) -> None:
        """Asks a running job to stop and to keep nothing, and ends its process if it does not in time."""
        self._end(job, "canceling", self._cluster.cancel, LET_GO_SECONDS)

    def _end(self, job: Job, state: State, ask: Callable[[str], None], seconds: float) -> None:
        attempt = self._attempts[job.id]
        asking = threading.Thread(target=ask, args=[job.id], daemon=True)
        asking.start()  # a page should not wait for it
        timer = threading.Timer(seconds, self._let_go, [job, attempt, seconds])
        timer.daemon = True
        timer.start()
        job.state = state
        self._ledger.note(job)

    def begins(self, job: Job) -> bool:
        """Whether a worker works on a job already, whatever is noted of it."""
        attempt = self._attempts.get(job.id)
        return attempt is not None and attempt.has_begun

    def recall(self, job: Job) -> None:
        """Takes a job back that was sent but waits, as behind a search's training in the same lane."""
        attempt = self._attempts.pop(job.id, None)
        if attempt is not None and attempt.future is not None:
            attempt.future.cancel(reason="recall", msg="it was cancelled before it began")

    def close(self) -> None:
        """Settles nothing any more; the next start does."""
        self._closed = True

    def _send(self, job: Job) -> None:
        """Sends a job to its lane; it stays in the queue until its worker says that it begins."""
        entry = tasks.TASKS.get(job.task)
        if entry is None:
            return self._refuse(job, "This studio no longer has that task.", "failed")
        try:
            self._ledger.save(job)
        except (StudioError, OSError):
            log.exception("job %s could not be started", job.id)
            return self._refuse(job, NO_ROOM, "failed")
        self._sendings[job.id] += 1
        # Known before it is sent: the event that it begins may be faster than the answer.
        attempt = self._attempts[job.id] = _Attempt(f"{job.lane}-{job.id}-{time.time_ns()}", time.monotonic())
        try:
            attempt.future = self._cluster.submit(
                job.lane, attempt.key, worker.run_job, job.id, job.lane, entry
            )
        except Exception:
            log.exception("job %s could not be sent", job.id)
            del self._attempts[job.id]
            return self._refuse(job, LOST, "interrupted")
        attempt.future.add_done_callback(lambda future: self._ended(job, attempt, future))

    def _refuse(self, job: Job, reason: str, state: State) -> None:
        self._ledger.queue.leave(job)
        self._ledger.settle(job, reason, state)

    def _hear(self, message: dict[str, Any]) -> None:
        """Takes one event of a job; called in the client's thread, so it must not wait."""
        job = self._ledger.get(message["id"])
        if job is None or job.finished:
            return
        if key := message.get("begun"):
            attempt = self._attempts.get(job.id)
            if attempt is not None and attempt.key == key:
                attempt.has_begun = True
                threading.Thread(target=self._note_begun, args=[job, attempt], daemon=True).start()
        else:
            job.report = Report(**message["report"])
            job.sent_preview = message["preview"] or job.sent_preview

    def _note_begun(self, job: Job, attempt: _Attempt) -> None:
        """Notes that a worker works on a job; called when it says so, and when it is done with it."""
        with self._lock:
            if job.state == "queued" and self._is_current(job, attempt):
                self._sendings.pop(job.id, None)
                self._ledger.begin(job)

    def _is_current(self, job: Job, attempt: _Attempt) -> bool:
        """Whether a job still runs by this attempt: else it was sent again, or its process is being ended."""
        return not self._closed and self._attempts.get(job.id) is attempt

    def _ended(self, job: Job, attempt: _Attempt, future: Future) -> None:
        """Settles a job whose worker is done with it, or dead; called in a thread of Dask's."""
        if not self._is_current(job, attempt):
            return
        death = self._cluster.death(job.lane, future)
        future.release()  # while anyone holds it, Dask would do it again if its worker died
        with self._lock:
            if not self._is_current(job, attempt):
                return
            if not attempt.has_begun and death in (KILLED, worker.MEMORY, LOST):
                # The worker died of earlier work before this job began: it is sent again.
                del self._attempts[job.id]
                if self._sendings[job.id] >= MOST_SENDINGS:
                    self._refuse(job, NEVER, "failed")
                return self.dispatch()
            self._note_begun(job, attempt)
            del self._attempts[job.id]
            stopping = job.state in ("stopping", "canceling")
            if stopping:
                self._ledger.settle(job, worker.NOTHING_KEPT, "cancelled")
            elif death == KILLED and job.tries < MOST_TRIES:
                self._ledger.requeue(job)
            else:
                state: State = "interrupted" if death == LOST else "failed"
                self._ledger.settle(job, TWICE if death == KILLED else death, state)
            self.dispatch()
        if stopping:
            self._cluster.forget_stop(job.id)

    def _let_go(self, job: Job, attempt: _Attempt, waited: float) -> None:
        """Ends the process of a job that did not stop in time."""
        with self._lock:
            if not self._is_current(job, attempt):
                return
            del self._attempts[job.id]
        assert attempt.future is not None
        try:
            self._cluster.restart(job.lane, attempt.future)
        except Exception:  # it may have gone by itself, or nobody minds it: the jobs behind must continue
            log.exception("the process of job %s could not be ended", job.id)
        with self._lock:
            if self._closed:
                return
            self._ledger.settle(job, STUCK.format(waited))
            self.dispatch()
        self._cluster.forget_stop(job.id)


def _time_to_stop(job: Job) -> float:
    """Seconds after which a job that was asked to stop hangs: on a slow machine each step may take many."""
    first = job.report.seconds if job.report else 0.0  # of a job that has done one step
    steps = LET_GO_STEPS * (job.seconds_a_step or first)
    return max(LET_GO_SECONDS, min(steps, MOST_LET_GO_SECONDS))
