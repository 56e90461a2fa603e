"""The live lane: results in memory within about a second, for sliders, and streamed texts."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any

from distributed import Future

from studio.core import tasks
from studio.core.errors import StudioError
from studio.core.progress import Report
from studio.core.settings import Settings
from studio.engine.cluster import worker
from studio.engine.cluster.client import Cluster
from studio.engine.jobs.job import Live
from studio.engine.jobs.records import Outcome, Request
from studio.engine.stream import Stream
from studio.engine.turns import SUPERSEDED, Superseded, Turns

log = logging.getLogger("studio.engine")

MAX_SECONDS = 120.0  # loading a large network on a busy machine can take more than a minute
STOP_SECONDS = 10.0  # for a late request to stop before its process is ended
Answer = tuple[Outcome, bytes, float]  # as returned by `worker.run_live`
BUSY = "Nothing was free to run it. Try again in a moment, or run it as a job."
TOO_SLOW = f"It took over {MAX_SECONDS:.0f} s. Run it as a job, or try a smaller size."


class LiveLane:
    """Runs the tasks of all sessions one at a time, and leaves nothing on disk."""

    def __init__(self, cluster: Cluster):
        self._cluster = cluster
        self._turns = Turns(lambda: cluster.count_slots("live"), BUSY)
        self._lock = threading.Lock()
        self._streams: dict[str, Stream] = {}  # the running ones, by the id of their work
        cluster.listen("live", self._handle_event)

    def run(
        self,
        task: tasks.Task,
        settings: Settings,
        inputs: tasks.Inputs,
        session: str,
        owner: str,
        stream: Stream | None = None,
    ) -> Live:
        """Waits for the session's turn and for the result.

        Args:
            task, settings, inputs: the task to run.
            session: the browser tab.
            owner: of the result.
            stream: receives the reports, about ten per second; None for none.

        Raises:
            Superseded: if the session sent a newer request before there was a result.
            Unavailable: if its turn does not come.
            StudioError: if it fails, or takes longer than MAX_SECONDS.
        """
        request = Request.of(task, settings, inputs, owner)
        self._stop_older_streams(session)
        with self._turns.take(session, owner, lambda: stream is not None and stream.stopping):
            outcome, data, seconds = self._run(request, stream)
        if outcome.error:
            if stream is not None and stream.is_superseded and outcome.cancelled:
                raise Superseded(SUPERSEDED)
            raise StudioError(outcome.error)
        result, file = outcome.result, outcome.result.files[0]
        output = (data, file.kind, file.name, result.figures, result.recipe, seconds, result.stopped_early)
        return Live(task.name, settings, inputs, *output)

    def start_stream(
        self, task: tasks.Task, settings: Settings, inputs: tasks.Inputs, session: str, owner: str
    ) -> Stream:
        """Starts a request as `run` does, and returns a stream of its reports at once."""
        run = partial(self.run, task, settings, inputs, session, owner)
        return Stream(session, run, self._stop)

    def close(self) -> None:
        """Refuses all waiting callers. Call it once the cluster has ended."""
        self._turns.close()

    def _handle_event(self, message: dict[str, Any]) -> None:
        """Handles an event. It runs in the client's thread, so it must not block."""
        stream = self._streams.get(message["id"])
        if stream is not None:
            stream.receive_report(Report(**message["report"]), message["preview"])

    def _stop_older_streams(self, session: str) -> None:
        """Stops older streams of a session, whose result is then what they have so far."""
        with self._lock:
            older_streams = [stream for stream in self._streams.values() if stream.session == session]
        for stream in older_streams:
            stream.is_superseded = True
            stream.stop()

    def _stop(self, stream: Stream) -> None:
        """Asks the work of a stream to stop, if it has begun."""
        for id, running in list(self._streams.items()):
            if running is stream:
                self._cluster.stop(id)

    def _run(self, request: Request, stream: Stream | None) -> Answer:
        """Sends a request to the lane and waits at most MAX_SECONDS for the answer."""
        id, entry = f"live-{time.time_ns()}", tasks.TASKS[request.task]
        with self._connect_stream(id, stream):
            call = (worker.run_live, id, entry, request, stream is not None)
            future = self._cluster.submit("live", id, *call)
            try:
                future.exception(MAX_SECONDS)
            except TimeoutError:
                return self._end_slow_work(id, future, stream)
            return self._read_answer(future)

    def _read_answer(self, future: Future) -> Answer:
        """Returns the answer of finished work, or the reason why there is none."""
        failure = self._cluster.explain_failure("live", future)
        return _make_error_answer(failure) if failure else future.result()

    @contextmanager
    def _connect_stream(self, id: str, stream: Stream | None) -> Iterator[None]:
        """Connects a stream with its work while open: it receives reports and can stop the work."""
        if stream is None:
            yield
            return
        with self._lock:
            self._streams[id] = stream
        try:
            if stream.stopping:  # it was stopped before its work had an id
                raise StudioError(worker.NOTHING_KEPT)
            yield
        finally:
            with self._lock:
                del self._streams[id]
            if stream.stopping:
                self._cluster.clear_stop(id)

    def _end_slow_work(self, id: str, future: Future, stream: Stream | None) -> Answer:
        """Ends work that takes too long. Returns an error, or what a stream has so far."""
        answer = _make_error_answer(TOO_SLOW)
        self._cluster.stop(id)
        try:
            future.exception(STOP_SECONDS)
        except TimeoutError:
            try:
                self._cluster.restart_worker("live", future)
            except Exception:  # it may have ended by itself, or nothing supervises it
                log.exception("the process of a live request could not be ended")
        else:
            if stream is not None:
                answer = self._read_answer(future)
        self._cluster.clear_stop(id)
        return answer


def _make_error_answer(error: str) -> Answer:
    return Outcome(error=error), b"", 0.0
