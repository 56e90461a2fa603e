"""A live request on its way: what it reports while it runs, and in the end its result."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from concurrent.futures import Future

from studio.core.progress import Report
from studio.engine.jobs.job import Live


class Stream:
    """The newest report, the curve and the image so far, then the result.

    It continues whether or not anyone looks, so a page may hold it over its reruns. Nothing is kept on disk.

    Attributes:
        preview: the latest image as WebP, from a task that shows any.
        overtaken: whether a newer request of its session has asked it to end.
        unwatched: after how many seconds without a look at `report` it stops, as when the tab was closed;
            None for never.
        history: the points of the curves as a job has them, `{"step", "seconds", **metrics}`.

    Args:
        session: who asked.
        run: does the work; called with this stream in a thread of its own.
        ask: asks the work to stop.
    """

    def __init__(self, session: str, run: Callable[[Stream], Live], ask: Callable[[Stream], None]):
        self.session, self._ask = session, ask
        self.unwatched: float | None = None
        self._looked = time.monotonic()
        self.stopping = self.overtaken = False
        self._report: Report | None = None
        self.preview: bytes | None = None
        self.history: list[dict[str, float]] = []
        self._result: Future[Live] = Future()
        threading.Thread(target=self._work, args=[run], name="stream", daemon=True).start()

    @property
    def report(self) -> Report | None:
        """The latest report, of which `text` is all that was written so far; None before the first."""
        self._looked = time.monotonic()
        return self._report

    @property
    def finished(self) -> bool:
        """Whether `result` would answer at once."""
        return self._result.done()

    def stop(self) -> None:
        """Asks it to end; what was made so far is then its result. Answers at once."""
        self.stopping = True
        # It takes a word with the scheduler, for which no page should wait.
        threading.Thread(target=self._ask, args=[self], daemon=True).start()

    def result(self) -> Live:
        """Waits for the result; `stopped_early` says whether it was stopped.

        Raises:
            Superseded: if the session asked again before this had its turn, or anything to keep.
            StudioError: if it failed, took too long, or was stopped before there was anything to keep.
        """
        return self._result.result()

    def hear(self, report: Report, preview: bytes | None = None) -> None:
        """Takes the next report; called by the engine."""
        if self._report is None:
            self._looked = time.monotonic()  # until now there was nothing to look at
        self._report, self.preview = report, preview or self.preview
        if report.metrics:
            self.history.append({"step": report.step, "seconds": report.seconds, **report.metrics})
        if self.unwatched and not self.stopping and time.monotonic() > self._looked + self.unwatched:
            self.stop()

    def _work(self, run: Callable[[Stream], Live]) -> None:
        try:
            self._result.set_result(run(self))
        except BaseException as error:
            self._result.set_exception(error)
