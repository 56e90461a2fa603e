"""For drivers, which wait for other work: runs tasks in the job lane, or here where there are no lanes."""

from __future__ import annotations

import logging
import queue
import threading
import time
from contextlib import suppress
from typing import Any

from distributed import Client, Event, Future, KilledWorker, get_client, get_worker

from studio.core import owners, tasks
from studio.core.errors import Cancelled, Discarded, StudioError
from studio.core.progress import Progress, Report
from studio.core.settings import Settings
from studio.core.weights import pretrained
from studio.engine.cluster import worker
from studio.engine.cluster.client import KILLED, MOST_SENDINGS
from studio.engine.jobs import store
from studio.engine.jobs.parts import Outcome, Request

_LOOK_SECONDS = 0.1
# Less than a driver has to stop: else its process ends before it has returned its best so far.
_LET_GO_SECONDS = 5.0
_YIELD_SECONDS = 0.5  # after a worker died: its other jobs are sent again before new ones
log = logging.getLogger("studio.engine")


class Died(StudioError):
    """The process that ran a task ended before the task did."""


class Crew:
    """Who runs the tasks of a driver. Make one in the driver's own thread; `run` may be called in several.

    In a worker of the engine tasks go to its job lane, each in a process of its own; elsewhere, as in a
    command, they run in this process.
    """

    def __init__(self) -> None:
        self._client: Client | None = None
        self._topic = f"studio-crew-{store.new_id(time.time_ns() // 1_000_000)}"
        self._reports: dict[str, queue.SimpleQueue[dict[str, Any] | None]] = {}  # None once it has ended
        self._begun: set[str] = set()  # those that a worker has started; the others still wait for one
        self._one = threading.Lock()  # without lanes there is one process, and Keras in it
        self._weights = pretrained.pinned()  # of the driver; the tasks that it sends use the same
        self._owner = owners.asker()
        with suppress(ValueError):  # raised where there is no worker
            get_worker()
            self._client = get_client()
            self._client.subscribe_topic(self._topic, lambda event: self._hear(event[1]))

    def close(self) -> None:
        """Hears nothing more."""
        if self._client is not None:
            self._client.unsubscribe_topic(self._topic)

    def run(
        self, task: str, settings: Settings, inputs: tasks.Inputs, progress: Progress | None = None
    ) -> tasks.Result:
        """Runs a task and waits for it, as `tasks.run`: told to stop, it gives the best so far.

        Raises:
            Died: if its process was killed.
            Cancelled: if it was stopped before there was anything to keep.
            Discarded: if it was cancelled.
            StudioError: for all that a user can mend.
        """
        progress = progress or Progress()
        if self._client is None:
            with self._one, owners.asking(self._owner, makes=True), pretrained.using(self._weights):
                return _run_here(task, settings, inputs, progress)
        with owners.asking(self._owner):
            named_task = tasks.check(task, settings, inputs)
        id = store.new_id(time.time_ns() // 1_000_000)
        request = Request.of(named_task, settings, inputs, self._owner, self._weights)
        self._reports[id] = queue.SimpleQueue()
        try:
            for _ in range(MOST_SENDINGS):
                future = self._send(id, tasks.TASKS[task], request)
                self._follow(future, id, progress)
                if id in self._begun or not (future.done() and isinstance(future.exception(), KilledWorker)):
                    break  # else the worker died of earlier work before this began, so it is sent again
            return self._result_of(future)
        finally:
            self._begun.discard(id)
            del self._reports[id]

    def _send(self, id: str, entry: str, request: Request) -> Future:
        assert self._client is not None
        errand = (worker.run_errand, id, self._topic, entry, request)
        key = f"errand-{id}-{time.time_ns()}"
        future = self._client.submit(*errand, key=key, resources={"job": 1}, pure=False, retries=0)
        reports = self._reports[id]
        future.add_done_callback(lambda _: reports.put(None))
        return future

    def _hear(self, message: dict[str, Any]) -> None:
        if message.get("begun"):
            self._begun.add(message["id"])
        elif reports := self._reports.get(message["id"]):
            reports.put(message["report"])

    def _follow(self, future: Future, id: str, progress: Progress) -> None:
        """Passes reports on until the task ends, or the time that it had to stop is over."""
        stop: Event | None = None
        until = float("inf")
        while not future.done() and time.monotonic() < until:
            try:
                with suppress(queue.Empty):
                    message = self._reports[id].get(timeout=_LOOK_SECONDS)
                    if message is not None:
                        report = Report(**message)
                        progress.report(
                            report.step, report.total, report.metrics, text=report.text, tests=report.tests
                        )
                progress.check()
            except Cancelled:
                if stop is None:
                    stop = Event(worker.stop_name(id), client=self._client)
                    stop.set()
                    until = time.monotonic() + (_LET_GO_SECONDS if id in self._begun else 0)
            except Discarded:
                future.cancel(reason="cancel", msg="it was cancelled")  # its worker then ends the task
                raise
        if stop is not None:
            stop.clear()

    def _result_of(self, future: Future) -> tasks.Result:
        if not future.done():
            future.cancel(reason="stop", msg="it did not stop")
            raise Cancelled
        error = future.exception()
        if isinstance(error, KilledWorker):
            time.sleep(_YIELD_SECONDS)
            raise Died(KILLED)
        if error is not None:
            raise StudioError(f"No worker could run it ({type(error).__name__}). Run it again.")
        outcome: Outcome = future.result()
        if outcome.cancelled:
            raise Cancelled
        if outcome.error:
            raise StudioError(outcome.error)
        return outcome.result


def _run_here(task: str, settings: Settings, inputs: tasks.Inputs, progress: Progress) -> tasks.Result:
    """Runs a task here; a fault of it is a sentence, as a worker would answer, and ends nothing else."""
    try:
        return tasks.run(task, settings, inputs, progress)
    except (Cancelled, StudioError):
        raise
    except Exception as error:
        log.exception("%s failed", task)
        raise StudioError(worker.sentence(error, tasks.get(task).title)) from error
