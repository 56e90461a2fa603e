"""Runs the queue: feeds the lanes in order, hears reports, settles what ends, ends what hangs."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable
from typing import Any

from distributed import Future

from studio.core import tasks
from studio.core.errors import StudioError
from studio.engine.cluster import worker
from studio.engine.cluster.client import KILLED, LOST, MOST_SENDINGS, Cluster
from studio.engine.jobs import store
from studio.engine.jobs.ledger import Ledger
from studio.engine.jobs.record import Record
from studio.engine.jobs.snapshots import State

LET_GO_SECONDS = 10.0  # in which most jobs stop
LET_GO_STEPS = 5  # of a slow one: it stops after a step, and then makes what it has whole
MOST_LET_GO_SECONDS = 120.0
MOST_TRIES = 2
FRESH_SECONDS = 1.0  # s, within which the event that a job has begun may still be on its way
STUCK = "It did not stop within {:.0f} s, so its process was ended; its last preview is kept."
NEVER = "Whatever ran before it took its process along, again and again. Run it again later."
TWICE = "Its process crashed or was ended from outside, twice. Try a smaller size or other settings."

NO_ROOM = "Its folder could not be written, so it was not started. Free some space and run it again."
log = logging.getLogger("studio.engine")


class Runner:
    """The running jobs of one ledger on one cluster.

    Args:
        lock: guards the ledger; `dispatch`, `stop` and `cancel` are called with it held.
    """

    def __init__(self, ledger: Ledger, cluster: Cluster, lock: threading.RLock):
        self._ledger, self._cluster, self._lock = ledger, cluster, lock
        self._futures: dict[str, Future] = {}
        self._begun: set[object] = set()  # keys of those that a worker works on; the others wait for one
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
                busy = sum(record.lane == lane for record in self._ledger.busy())
                self._fill_lane(order, max(0, slots - busy) + self._ahead(order[0]))

    def _ahead(self, record: Record) -> int:
        """How many jobs are sent before there is room: a small one whose owner has a driver at work.

        It lies with the worker as the job before it ends, or the driver's next piece would begin in between.
        """
        drivers = [one for one in self._ledger.busy() if one.lane == "drive"]
        same = any(one.asked["owner"] == record.asked["owner"] for one in drivers)
        return int(same and record.lane == "job" and self._ledger.queue.is_small(record))

    def _fill_lane(self, order: list[Record], room: int) -> None:
        """Sends the first jobs of a lane; one that was sent and is no longer among them is taken back."""
        free = room - sum(record.id in self._futures for record in order)
        behind = [record for record in order[room:] if self._only_waits(record)]
        for record in order[:room]:
            if record.id in self._futures:
                continue
            if free <= 0:
                if not behind:
                    return
                self.recall(behind.pop())
                free += 1
            self._send(record)
            free -= 1

    def _only_waits(self, record: Record) -> bool:
        """Whether a job was sent and has not begun, as behind a search's training; a fresh one may have."""
        future = self._futures.get(record.id)
        waited = time.monotonic() - record.sent
        return future is not None and future.key not in self._begun and waited > FRESH_SECONDS

    def stop(self, record: Record) -> None:
        """Asks a running job to stop with its best so far, and ends its process if it does not in time."""
        self._end(record, "stopping", self._cluster.stop, _time_to_stop(record))

    def cancel(self, record: Record) -> None:
        """Asks a running job to stop and to keep nothing, and ends its process if it does not in time."""
        self._end(record, "cancelling", self._cluster.cancel, LET_GO_SECONDS)

    def _end(self, record: Record, state: State, ask: Callable[[str], None], seconds: float) -> None:
        future = self._futures[record.id]
        asking = threading.Thread(target=ask, args=[record.id], daemon=True)
        asking.start()  # a page should not wait for it
        timer = threading.Timer(seconds, self._let_go, [record, future, seconds])
        timer.daemon = True
        timer.start()
        record.state = state
        self._ledger.note(record)

    def begins(self, record: Record) -> bool:
        """Whether a worker works on a job already, whatever is noted of it."""
        future = self._futures.get(record.id)
        return future is not None and future.key in self._begun

    def recall(self, record: Record) -> None:
        """Takes a job back that was sent but waits, as behind a search's training in the same lane."""
        future = self._futures.pop(record.id, None)
        if future is not None:
            future.cancel(reason="recall", msg="it was cancelled before it began")

    def close(self) -> None:
        """Settles nothing any more; the next start does."""
        self._closed = True

    def _send(self, record: Record) -> None:
        """Sends a job to its lane; it stays in the queue until its worker says that it begins."""
        entry = tasks.TASKS.get(record.asked["task"])
        if entry is None:
            return self._refuse(record, "This studio no longer has that task.", "failed")
        record.sendings, record.sent = record.sendings + 1, time.monotonic()
        try:
            self._ledger.save(record)
        except (StudioError, OSError):
            log.exception("job %s could not be started", record.id)
            return self._refuse(record, NO_ROOM, "failed")
        key = f"{record.lane}-{record.id}-{time.time_ns()}"
        try:
            future = self._cluster.submit(record.lane, key, worker.run_job, record.id, record.lane, entry)
        except Exception:
            log.exception("job %s could not be sent", record.id)
            return self._refuse(record, LOST, "interrupted")
        self._futures[record.id] = future
        future.add_done_callback(lambda _: self._ended(record, future))

    def _refuse(self, record: Record, reason: str, state: State) -> None:
        self._ledger.queue.leave(record)
        self._ledger.settle(record, reason, state)

    def _hear(self, message: dict[str, Any]) -> None:
        """Takes one event of a job; called in the client's thread, so it must not wait."""
        record = self._ledger.get(message["id"])
        if record is None or record.finished:
            return
        if key := message.get("begun"):
            self._begun.add(key)
            threading.Thread(target=self._note_begun, args=[record, key], daemon=True).start()
        else:
            record.report = store.unpack_report(message["report"])
            record.preview = message["preview"] or record.preview

    def _note_begun(self, record: Record, key: object) -> None:
        """Notes that a worker works on a job; called when it says so, and when it is done with it."""
        with self._lock:
            future = self._futures.get(record.id)
            if self._closed or record.state != "queued" or future is None or future.key != key:
                return
            self._ledger.begin(record)

    def _ended(self, record: Record, future: Future) -> None:
        """Settles a job whose worker is done with it, or dead; called in a thread of Dask's."""
        if self._closed or self._futures.get(record.id) is not future:
            return  # the process is being ended: `_let_go` settles it
        death = self._cluster.death(record.lane, future)
        future.release()  # while anyone holds it, Dask would do it again if its worker died
        with self._lock:
            if self._closed or self._futures.get(record.id) is not future:
                return
            if future.key not in self._begun and death in (KILLED, worker.MEMORY, LOST):
                # The worker died of earlier work before this job began: it is sent again.
                del self._futures[record.id]
                if record.sendings >= MOST_SENDINGS:
                    self._refuse(record, NEVER, "failed")
                return self.dispatch()
            self._note_begun(record, future.key)
            self._begun.discard(future.key)
            del self._futures[record.id]
            stopping = record.state in ("stopping", "cancelling")
            if stopping:
                self._ledger.settle(record, worker.NOTHING_KEPT, "cancelled")
            elif death == KILLED and record.tries < MOST_TRIES:
                self._ledger.requeue(record)
            else:
                state: State = "interrupted" if death == LOST else "failed"
                self._ledger.settle(record, TWICE if death == KILLED else death, state)
            self.dispatch()
        if stopping:
            self._cluster.forget_stop(record.id)

    def _let_go(self, record: Record, future: Future, waited: float) -> None:
        """Ends the process of a job that did not stop in time."""
        with self._lock:
            if self._closed or self._futures.get(record.id) is not future:
                return
            del self._futures[record.id]
            self._begun.discard(future.key)
        try:
            self._cluster.restart(record.lane, future)
        except Exception:  # it may have gone by itself, or nobody minds it: the jobs behind must go on
            log.exception("the process of job %s could not be ended", record.id)
        with self._lock:
            if self._closed:
                return
            self._ledger.settle(record, STUCK.format(waited))
            self.dispatch()
        self._cluster.forget_stop(record.id)


def _time_to_stop(record: Record) -> float:
    """Seconds after which a job that was asked to stop hangs: on a slow machine each step may take many."""
    first = record.report.seconds if record.report else 0.0  # of a job that has done one step
    steps = LET_GO_STEPS * (record.seconds_a_step or first)
    return max(LET_GO_SECONDS, min(steps, MOST_LET_GO_SECONDS))
