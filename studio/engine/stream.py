"""A running live request: its reports, and finally its result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from studio.core.progress import Report
from studio.engine.jobs.job import Live


class Stream:
    """The latest report, curves and preview of a live request, then its result.

    The request runs in the background, so a page may hold the stream across reruns. Nothing is stored on
    disk.

    Attributes:
        preview: the latest image as WebP; None if the task shows none.
        is_superseded: whether a newer request of its session has stopped it.
        unwatched_seconds: stops it if `report` was not read for this long, e.g. because the tab was closed;
            None for never.
        history: the points of the curves, `{"step", "seconds", **metrics}`.

    Args:
        session: the browser tab.
        run_request: does the work; called with this stream in a new thread.
        ask_to_stop: asks the work to stop.
    """

    def __init__(
        self, session: str, run_request: Callable[[Stream], Live], ask_to_stop: Callable[[Stream], None]
    ):
        self.session, self._ask_to_stop = session, ask_to_stop
        self.unwatched_seconds: float | None = None
        self._last_read = time.monotonic()
        self.stopping = self.is_superseded = False
        self._report: Report | None = None
        self.preview: bytes | None = None
        self.history: list[dict[str, float]] = []
        self._result: Future[Live] = Future()
        threading.Thread(target=self._run, args=[run_request], name="stream", daemon=True).start()

    @property
    def report(self) -> Report | None:
        """The latest report, whose `text` is the whole text so far; None before the first one."""
        self._last_read = time.monotonic()
        return self._report

    @property
    def finished(self) -> bool:
        """Whether `result` returns at once."""
        return self._result.done()

    def stop(self) -> None:
        """Asks the request to stop with its result so far. Returns at once."""
        self.stopping = True
        # In a thread, so the page does not wait for the scheduler.
        threading.Thread(target=self._ask_to_stop, args=[self], daemon=True).start()

    def result(self) -> Live:
        """Waits for the result and returns it; its `stopped_early` says whether it was stopped.

        Raises:
            Superseded: if the session sent a newer request before there was a result.
            StudioError: if it failed, took too long, or was stopped before there was a result.
        """
        return self._result.result()

    def receive_report(self, report: Report, preview: bytes | None = None) -> None:
        """Receives the next report. Called by the engine."""
        if self._report is None:
            self._last_read = time.monotonic()  # the first report: nothing could be read before
        self._report, self.preview = report, preview or self.preview
        if report.metrics:
            self.history.append({"step": report.step, "seconds": report.seconds, **report.metrics})
        if (
            self.unwatched_seconds
            and not self.stopping
            and time.monotonic() > self._last_read + self.unwatched_seconds
        ):
            self.stop()

    def _run(self, run_request: Callable[[Stream], Live]) -> None:
        try:
            self._result.set_result(run_request(self))
        except BaseException as error:
            self._result.set_exception(error)
