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
        is_overtaken: whether a newer request of its session has stopped it.
        unwatched_seconds: stops it if `report` was not read for this long, e.g. because the tab was closed;
            None for never.
        history: the points of the curves, `{"step", "seconds", **metrics}`.

    Args:
        session: the browser tab.
        run: does the work; called with this stream in a new thread.
        ask: asks the work to stop.
    """

    def __init__(self, session: str, run: Callable[[Stream], Live], ask: Callable[[Stream], None]):
        self.session, self._ask = session, ask
        self.unwatched_seconds: float | None = None
        self._last_look = time.monotonic()
        self.stopping = self.is_overtaken = False
        self._report: Report | None = None
        self.preview: bytes | None = None
        self.history: list[dict[str, float]] = []
        self._result: Future[Live] = Future()
        threading.Thread(target=self._work, args=[run], name="stream", daemon=True).start()

    @property
    def report(self) -> Report | None:
        """The latest report, whose `text` is the whole text so far; None before the first one."""
        self._last_look = time.monotonic()
        return self._report

    @property
    def finished(self) -> bool:
        """Whether `result` returns at once."""
        return self._result.done()

    def stop(self) -> None:
        """Asks the request to stop with its result so far. Returns at once."""
        self.stopping = True
        # In a thread, so the page does not wait for the scheduler.
        threading.Thread(target=self._ask, args=[self], daemon=True).start()

    def result(self) -> Live:
        """Waits for the result and returns it; its `stopped_early` says whether it was stopped.

        Raises:
            Superseded: if the session sent a newer request before there was a result.
            StudioError: if it failed, took too long, or was stopped before there was a result.
        """
        return self._result.result()

    def hear(self, report: Report, preview: bytes | None = None) -> None:
        """Receives the next report. Called by the engine."""
        if self._report is None:
            self._last_look = time.monotonic()  # the first report: nothing could be read before
        self._report, self.preview = report, preview or self.preview
        if report.metrics:
            self.history.append({"step": report.step, "seconds": report.seconds, **report.metrics})
        if (
            self.unwatched_seconds
            and not self.stopping
            and time.monotonic() > self._last_look + self.unwatched_seconds
        ):
            self.stop()

    def _work(self, run: Callable[[Stream], Live]) -> None:
        try:
            self._result.set_result(run(self))
        except BaseException as error:
            self._result.set_exception(error)
