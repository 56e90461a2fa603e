"""Runs the tasks of a driver, such as a search: in the job lane, or in this process without a cluster."""

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
from studio.core.progress import Progress
from studio.core.settings import Settings
from studio.core.weights import pretrained
from studio.engine.cluster import worker
from studio.engine.cluster.client import KILLED, MAX_SENDINGS
from studio.engine.jobs import store
from studio.engine.jobs.records import Outcome, Request

_POLL_SECONDS = 0.1
# Less than a driver has to stop, so it can return its best result before its process is ended.
_STOP_SECONDS = 5.0
_YIELD_SECONDS = 0.5  # after a worker died, so its other jobs are resent before new ones
log = logging.getLogger("studio.engine")


class WorkerDied(StudioError):
    """The process that ran a task ended before the task did."""


class TaskRunner:
    """Runs the tasks of a driver. Create it in the driver's own thread; `run` may be called in several.

    In a worker of the engine, tasks run in its job lane. Elsewhere, e.g. in a command, they run in this
    process.
    """

    def __init__(self) -> None:
        self._client: Client | None = None
        self._topic = f"studio-subtask-{store.new_id(time.time_ns() // 1_000_000)}"
        self._reports: dict[str, queue.SimpleQueue[dict[str, Any] | None]] = {}  # None marks the end
        self._started: set[str] = set()  # ids of tasks that a worker has started
        self._lock = threading.Lock()  # without lanes, tasks run one at a time
        self._weights = pretrained.get_pinned()  # tasks use the pinned weights of the driver
        self._owner = owners.get_current()
        with suppress(ValueError):  # raised outside of workers
            get_worker()
            self._client = get_client()
            self._client.subscribe_topic(self._topic, lambda event: self._handle_event(event[1]))

    def close(self) -> None:
        """Stops receiving reports."""
        if self._client is not None:
            self._client.unsubscribe_topic(self._topic)

    def run(
        self, task: str, settings: Settings, inputs: tasks.Inputs, progress: Progress | None = None
    ) -> tasks.Result:
        """Runs a task as `tasks.run` does, and waits for its result, the best so far if it is stopped.

        Raises:
            WorkerDied: if its process was killed.
            Cancelled: if it was stopped before there was a result.
            Discarded: if it was cancelled.
            StudioError: for every problem that the user can fix.
        """
        progress = progress or Progress()
        if self._client is None:
            with self._lock, owners.acting_as(self._owner, makes_results=True), pretrained.pin(self._weights):
                return _run_in_this_process(task, settings, inputs, progress)
        with owners.acting_as(self._owner):
            named_task = tasks.check(task, settings, inputs)
        id = store.new_id(time.time_ns() // 1_000_000)
        request = Request.of(named_task, settings, inputs, self._owner, self._weights)
        self._reports[id] = queue.SimpleQueue()
        try:
            for _ in range(MAX_SENDINGS):
                future = self._send(id, tasks.TASKS[task], request)
                self._forward_reports(future, id, progress)
                if id in self._started or not (
                    future.done() and isinstance(future.exception(), KilledWorker)
                ):
                    break  # otherwise earlier work killed the worker before this began: send it again
            return self._get_result(future)
        finally:
            self._started.discard(id)
            del self._reports[id]

    def _send(self, id: str, entry: str, request: Request) -> Future:
        """Submits a task to the job lane."""
        assert self._client is not None
        call = (worker.run_for_driver, id, self._topic, entry, request)
        key = f"subtask-{id}-{time.time_ns()}"
        future = self._client.submit(*call, key=key, resources={"job": 1}, pure=False, retries=0)
        reports = self._reports[id]
        future.add_done_callback(lambda _: reports.put(None))
        return future

    def _handle_event(self, message: dict[str, Any]) -> None:
        if message.get("begun"):
            self._started.add(message["id"])
        elif reports := self._reports.get(message["id"]):
            reports.put(message["report"])

    def _forward_reports(self, future: Future, id: str, progress: Progress) -> None:
        """Forwards reports until the task ends, or until it has not stopped in time."""
        stop: Event | None = None
        deadline = float("inf")
        while not future.done() and time.monotonic() < deadline:
            try:
                with suppress(queue.Empty):
                    message = self._reports[id].get(timeout=_POLL_SECONDS)
                    if message is not None:
                        names = ("step", "total", "metrics", "text", "tests", "work")
                        progress.report(**{name: message[name] for name in names})
                progress.check()
            except Cancelled:
                if stop is None:
                    stop = Event(worker.stop_name(id), client=self._client)
                    stop.set()
                    deadline = time.monotonic() + (_STOP_SECONDS if id in self._started else 0)
            except Discarded:
                future.cancel(reason="cancel", msg="it was cancelled")  # its worker then ends the task
                raise
        if stop is not None:
            stop.clear()

    def _get_result(self, future: Future) -> tasks.Result:
        """Returns the result of a task, or raises its error. Raises `Cancelled` for one that did not stop."""
        if not future.done():
            future.cancel(reason="stop", msg="it did not stop")
            raise Cancelled
        error = future.exception()
        if isinstance(error, KilledWorker):
            time.sleep(_YIELD_SECONDS)
            raise WorkerDied(KILLED)
        if error is not None:
            raise StudioError(f"No worker could run it ({type(error).__name__}). Run it again.")
        outcome: Outcome = future.result()
        if outcome.cancelled:
            raise Cancelled
        if outcome.error:
            raise StudioError(outcome.error)
        return outcome.result


def _run_in_this_process(
    task: str, settings: Settings, inputs: tasks.Inputs, progress: Progress
) -> tasks.Result:
    """Runs a task in this process. An unexpected error becomes a `StudioError`, as in a worker."""
    try:
        return tasks.run(task, settings, inputs, progress)
    except (Cancelled, StudioError):
        raise
    except Exception as error:
        log.exception("%s failed", task)
        raise StudioError(worker.describe_error(error, tasks.get(task).title)) from error
