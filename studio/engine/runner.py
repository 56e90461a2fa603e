"""Runs the queue: sends jobs to lanes in order, receives reports, settles ended jobs, ends stuck ones."""

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
from studio.engine.cluster.client import KILLED, LOST, MAX_SENDINGS, Cluster
from studio.engine.jobs.job import Job
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.records import State

CANCEL_SECONDS = 10.0  # within which most jobs end without a result
# To stop with a result: completing it may take far longer than a step. Style compares two results with
# VGG16, which took over 10 s on a busy machine.
STOP_SECONDS = 30.0
STOP_STEPS = 5  # for a slow job, which stops after a step and then completes its result
MAX_STOP_SECONDS = 120.0
MAX_TRIES = 2
FRESH_SECONDS = 1.0  # within which the event that a job has begun may still be in transit

# Errors of jobs.
STUCK = "It did not stop within {:.0f} s, so its process was ended; its last preview is kept."
NEVER_BEGAN = "Earlier jobs kept crashing this worker. Run it again later."
CRASHED_TWICE = "Its process crashed or was ended from outside, twice. Try a smaller size or other settings."
UNREADABLE = "Its result was written but cannot be read. Run it again."
FOLDER_NOT_WRITTEN = (
    "Its folder could not be written, so it was not started. Free some space and run it again."
)
log = logging.getLogger("studio.engine")


@dataclass
class _Attempt:
    """One attempt to run a job, in the lane to which it was sent.

    Attributes:
        key: the key of its work in the cluster.
        sent_at: when it was sent, by the monotonic clock.
        has_begun: whether a worker has started it.
        future: the future of its work; None until it is sent.
    """

    key: str
    sent_at: float
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
        self._sendings: Counter[str] = Counter()  # how often jobs that have not begun were sent
        self._closed = False
        for lane in ("job", "drive"):
            cluster.listen(lane, self._handle_event)

    def dispatch(self) -> None:
        """Sends jobs to free slots of their lanes, in order. The rest waits here, safe from worker crashes.

        Never raises: an error of one job must not end the cluster for all.
        """
        if self._closed:
            return
        try:
            self._ledger.write_unsaved()
            for lane in ("job", "drive"):
                if jobs := self._ledger.queue.list_in_order(lane):
                    self._fill_lane(lane, jobs)
        except Exception:
            log.exception("the queue could not be served")

    def _count_early_sends(self, job: Job) -> int:
        """Returns how many jobs to send before a slot is free: 1 for a small job whose owner's driver runs.

        It must be at the worker when the job before it ends, or the driver's next task would run first.
        """
        drivers = [other for other in self._ledger.list_running() if other.lane == "drive"]
        has_driver = any(driver.owner == job.owner for driver in drivers)
        return int(has_driver and job.lane == "job" and self._ledger.queue.is_small(job))

    def _fill_lane(self, lane: str, jobs: list[Job]) -> None:
        """Sends waiting jobs of a lane to its free slots, and recalls those that are no longer the first."""
        slots = self._ledger.slots[lane] = self._cluster.count_slots(lane)
        running = sum(job.lane == lane for job in self._ledger.list_running())
        max_sent = max(0, slots - running) + self._count_early_sends(jobs[0])
        free = max_sent - sum(job.id in self._attempts for job in jobs)
        recallable = [job for job in jobs[max_sent:] if self._is_waiting_at_worker(job)]
        for job in jobs[:max_sent]:
            if job.id in self._attempts:
                continue
            if free <= 0:
                if not recallable:
                    return
                self.recall(recallable.pop())
                free += 1
            self._send(job)
            free -= 1

    def _is_waiting_at_worker(self, job: Job) -> bool:
        """Returns whether a job was sent but waits at its worker; one just sent may have begun already."""
        attempt = self._attempts.get(job.id)
        return (
            attempt is not None
            and not attempt.has_begun
            and time.monotonic() - attempt.sent_at > FRESH_SECONDS
        )

    def stop(self, job: Job) -> None:
        """Asks a running job to stop with its best result so far, and ends its process if it does not."""
        self._request_end(job, "stopping", self._cluster.stop, _compute_stop_seconds(job))

    def cancel(self, job: Job) -> None:
        """Asks a running job to stop without a result, and ends its process if it does not."""
        self._request_end(job, "canceling", self._cluster.cancel, CANCEL_SECONDS)

    def _request_end(
        self, job: Job, state: State, send_request: Callable[[str], None], seconds: float
    ) -> None:
        """Asks a running job to end, and ends its process if it has not after some seconds."""
        attempt = self._attempts[job.id]
        request_thread = threading.Thread(target=send_request, args=[job.id], daemon=True)
        request_thread.start()  # in a thread, so the page does not wait
        timer = threading.Timer(seconds, self._end_unresponsive_job, [job, attempt, seconds])
        timer.daemon = True
        timer.start()
        job.state = state
        self._ledger.record_state(job)

    def has_begun(self, job: Job) -> bool:
        """Returns whether a worker has started a job, even if its state does not say so yet."""
        attempt = self._attempts.get(job.id)
        return attempt is not None and attempt.has_begun

    def recall(self, job: Job) -> None:
        """Recalls a job that was sent but waits at its worker, e.g. behind a trial of a search."""
        attempt = self._attempts.pop(job.id, None)
        if attempt is not None and attempt.future is not None:
            attempt.future.cancel(reason="recall", msg="it was cancelled before it began")

    def close(self) -> None:
        """Stops settling jobs; the next start settles them."""
        self._closed = True

    def _send(self, job: Job) -> None:
        """Sends a job to its lane. It stays in the queue until its worker reports that it begins."""
        entry = tasks.TASKS.get(job.task)
        if entry is None:
            return self._refuse(job, "This studio no longer has that task.", "failed")
        try:
            self._ledger.write_state(job)
        except (StudioError, OSError):
            log.exception("job %s could not be started", job.id)
            return self._refuse(job, FOLDER_NOT_WRITTEN, "failed")
        self._sendings[job.id] += 1
        # Register it before sending: the event that it begins may arrive before `submit` returns.
        attempt = self._attempts[job.id] = _Attempt(f"{job.lane}-{job.id}-{time.time_ns()}", time.monotonic())
        try:
            attempt.future = self._cluster.submit(
                job.lane, attempt.key, worker.run_job, job.id, job.lane, entry
            )
        except Exception:
            log.exception("job %s could not be sent", job.id)
            del self._attempts[job.id]
            return self._refuse(job, LOST, "interrupted")
        attempt.future.add_done_callback(lambda future: self._settle_ended_job(job, attempt, future))

    def _refuse(self, job: Job, reason: str, state: State) -> None:
        """Ends a waiting job that cannot run."""
        self._ledger.queue.leave(job)
        self._ledger.settle(job, reason, state)

    def _handle_event(self, message: dict[str, Any]) -> None:
        """Handles an event of a job. It runs in the client's thread, so it must not block."""
        job = self._ledger.get(message["id"])
        if job is None or job.finished:
            return
        if key := message.get("begun"):
            attempt = self._attempts.get(job.id)
            if attempt is not None and attempt.key == key:
                attempt.has_begun = True
                threading.Thread(target=self._mark_running, args=[job, attempt], daemon=True).start()
        else:
            job.report = Report(**message["report"])
            job.sent_preview = message["preview"] or job.sent_preview

    def _mark_running(self, job: Job, attempt: _Attempt) -> None:
        """Marks a job as running, when its worker reports that it has begun or ended."""
        with self._lock:
            if job.state == "queued" and self._is_current(job, attempt):
                self._sendings.pop(job.id, None)
                self._ledger.begin(job)

    def _is_current(self, job: Job, attempt: _Attempt) -> bool:
        """Returns whether this attempt is current; otherwise the job was resent or its process is ending."""
        return not self._closed and self._attempts.get(job.id) is attempt

    def _settle_ended_job(self, job: Job, attempt: _Attempt, future: Future) -> None:
        """Settles a job whose worker has finished or died. Called in a thread of Dask."""
        if not self._is_current(job, attempt):
            return
        failure = self._cluster.explain_failure(job.lane, future)
        future.release()  # while the future is held, Dask would rerun it if its worker died
        with self._lock:
            if not self._is_current(job, attempt):
                return
            if not attempt.has_begun and failure in (KILLED, worker.OUT_OF_MEMORY, LOST):
                # Earlier work killed the worker before this job began, so send it again.
                del self._attempts[job.id]
                if self._sendings[job.id] >= MAX_SENDINGS:
                    self._refuse(job, NEVER_BEGAN, "failed")
                return self.dispatch()
            self._mark_running(job, attempt)
            del self._attempts[job.id]
            was_stopping = job.state in ("stopping", "canceling")
            if was_stopping:
                self._ledger.settle(job, worker.NOTHING_KEPT, "cancelled")
            elif failure == KILLED and job.tries < MAX_TRIES:
                self._ledger.requeue(job)
            else:
                state: State = "interrupted" if failure == LOST else "failed"
                reason = CRASHED_TWICE if failure == KILLED else failure or UNREADABLE
                self._ledger.settle(job, reason, state)
            self.dispatch()
        if was_stopping:
            self._cluster.clear_stop(job.id)

    def _end_unresponsive_job(self, job: Job, attempt: _Attempt, waited_seconds: float) -> None:
        """Ends the process of a job that did not stop in time."""
        with self._lock:
            if not self._is_current(job, attempt):
                return
            del self._attempts[job.id]
        assert attempt.future is not None
        try:
            self._cluster.restart_worker(job.lane, attempt.future)
        except Exception:  # it may have ended by itself or be unsupervised; later jobs must continue
            log.exception("the process of job %s could not be ended", job.id)
        with self._lock:
            if self._closed:
                return
            self._ledger.settle(job, STUCK.format(waited_seconds))
            self.dispatch()
        self._cluster.clear_stop(job.id)


def _compute_stop_seconds(job: Job) -> float:
    """Returns the seconds within which a job has to stop; more if its steps are slow."""
    first_step_seconds = job.report.seconds if job.report else 0.0  # for a job in its first step
    step_seconds = STOP_STEPS * (job.seconds_per_step or first_step_seconds)
    return max(STOP_SECONDS, min(step_seconds, MAX_STOP_SECONDS))
