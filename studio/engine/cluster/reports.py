"""What a worker tells while it works: reports of jobs and streams, on their way to the server and to disk."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, replace

from distributed import get_worker

from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.progress import Report
from studio.engine.jobs import store

EVENTS_A_SECOND = 10
STREAM_SECONDS = 0.08  # least between two reports of a stream; tasks that report ten a second lose none
SAVED_PREVIEW_SECONDS = 3.0
log = logging.getLogger("studio.engine")


class Events:
    """Passes reports on as events of a topic, plain steps thinned; each that has an image is passed on.

    Args:
        id: of the job or request.
        topic: of the events.
        seconds: least time between two plain steps.
        previews: whether images go along, as WebP.
    """

    def __init__(self, id: str, topic: str, seconds: float = STREAM_SECONDS, previews: bool = True):
        self._id, self._topic, self._seconds, self._previews = id, topic, seconds, previews
        self._next = 0.0
        self.preview: bytes | None = None  # the latest

    def __call__(self, report: Report) -> None:
        shown = report.preview if self._previews else None
        preview = None if shown is None else image_io.encode_preview(shown)
        self.preview = preview or self.preview
        now = time.monotonic()
        if preview is not None or now >= self._next:
            self._next = now + self._seconds
            message = {"id": self._id, "report": asdict(plain(report)), "preview": preview}
            get_worker().log_event(self._topic, message)


class Reporter:
    """Passes reports of a job on: to the server as events, to the job's folder as history and image.

    Events carry the preview (about 50 kB, twice a second).
    """

    def __init__(self, id: str, lane: str, folder: store.Folder):
        self._id, self._folder = id, folder
        self._events = Events(id, topic(lane), 1 / EVENTS_A_SECOND)
        self._next_saved = 0.0
        self._next_step = self._points = 0
        self._point: Report | None = None  # the latest that had figures
        self.last: Report | None = None
        self._saved: bytes | None = None

    def __call__(self, report: Report) -> None:
        now = time.monotonic()
        self.last = plain(report)
        if report.metrics and self._is_due(report):
            with best_effort("the curve", self._id):
                self._folder.add_point(report)
        self._events(report)
        if now >= self._next_saved and self._events.preview is not self._saved:
            self.save_preview()
            self._next_saved = now + SAVED_PREVIEW_SECONDS

    def _is_due(self, report: Report) -> bool:
        """Whether a point belongs to the curve, of which each phase has about MOST_POINTS.

        Of a phase whose length is not known each MOST_POINTS lie twice as far apart as those before.
        """
        before, self._point = self._point, report
        if before and (report.step < before.step or _is_other(report, before)):
            self._next_step = self._points = 0  # a phase begins
        known, passed = math.ceil(report.total / store.MOST_POINTS), self._points // store.MOST_POINTS
        stride = known or 2**passed
        # A search tells several measurements at one step.
        due = stride == 1 or report.step >= self._next_step or report.step == report.total
        if due:
            self._next_step, self._points = report.step + stride, self._points + 1
        return due

    def save_preview(self) -> None:
        """Puts the latest image into the folder, so that a killed job still shows it."""
        if self._events.preview is not self._saved:
            with best_effort("the preview", self._id):
                self._folder.show(self._events.preview or b"")
                self._saved = self._events.preview


def _is_other(report: Report, before: Report) -> bool:
    """Whether the same step was told of another number of steps."""
    return report.step == before.step and report.total != before.total


@contextmanager
def best_effort(what: str, id: str) -> Iterator[None]:
    """Lets a run continue without something that only shows how it goes, as when the disk is full."""
    try:
        yield
    except (OSError, StudioError) as error:
        log.warning("%s of job %s could not be saved: %s", what, id, error)


def plain(report: Report) -> Report:
    """A report as JSON and events have it: Python's own numbers, without its image."""
    metrics = {name: float(value) for name, value in report.metrics.items()}
    return replace(report, metrics=metrics, preview=None)


def topic(lane: str) -> str:
    """The name of a lane's stream of events."""
    return f"studio-{lane}"
