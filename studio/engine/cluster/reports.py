"""What a worker tells while it works: reports of jobs and streams, on their way to the server and to disk."""

from __future__ import annotations

import logging
import math
import time
from collections.abc import Iterator
from contextlib import contextmanager

from distributed import get_worker

from studio.core.errors import StudioError
from studio.core.pictures import images
from studio.core.progress import Report
from studio.engine.jobs import store

EVENTS_A_SECOND = 10
STREAM_SECONDS = 0.08  # least between two reports of a stream; tasks that report ten a second lose none
SAVED_PREVIEW_SECONDS = 3.0
log = logging.getLogger("studio.engine")


class Reporter:
    """Passes reports of a job on: to the server as events, to the job's folder as history and picture.

    Events carry the preview (about 50 kB, twice a second); plain steps are thinned to EVENTS_A_SECOND.
    """

    def __init__(self, id: str, lane: str, folder: store.Folder):
        self._id, self._lane, self._folder = id, lane, folder
        self._next_event = self._next_saved = 0.0
        self._next_step = self._points = 0
        self._point: Report | None = None  # the latest that had figures
        self.last: Report | None = None
        self._unsaved: bytes | None = None

    def __call__(self, report: Report) -> None:
        now = time.monotonic()
        self.last = report
        if report.metrics and self._is_due(report):
            with spared("the curve", self._id):
                self._folder.add_point(report)
        preview = None if report.preview is None else images.encode_preview(report.preview)
        if preview is not None or now >= self._next_event:
            self._next_event = now + 1 / EVENTS_A_SECOND
            message = {"id": self._id, "report": store.pack_report(report), "preview": preview}
            get_worker().log_event(topic(self._lane), message)
        self._unsaved = preview or self._unsaved
        if self._unsaved and now >= self._next_saved:
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
        """Puts the latest picture into the folder, so that a killed job still shows it."""
        if self._unsaved:
            with spared("the picture", self._id):
                self._folder.show(self._unsaved)
                self._unsaved = None


def _is_other(report: Report, before: Report) -> bool:
    """Whether the same step was told of another number of steps."""
    return report.step == before.step and report.total != before.total


@contextmanager
def spared(what: str, id: str) -> Iterator[None]:
    """Lets a run go on without something that only shows how it goes, as when the disk is full."""
    try:
        yield
    except (OSError, StudioError) as error:
        log.warning("%s of job %s could not be saved: %s", what, id, error)


class Streamer:
    """Passes what is reported on as events of a topic: the first at once, then thinned.

    Args:
        previews: whether pictures go along; drivers, which show none, do without.
    """

    def __init__(self, id: str, topic: str, previews: bool = False):
        self._id, self._topic, self._next, self._previews = id, topic, 0.0, previews

    def __call__(self, report: Report) -> None:
        now = time.monotonic()
        if now >= self._next:
            self._next = now + STREAM_SECONDS
            shown = report.preview if self._previews else None
            preview = None if shown is None else images.encode_preview(shown)
            message = {"id": self._id, "report": store.pack_report(report), "preview": preview}
            get_worker().log_event(self._topic, message)


def topic(lane: str) -> str:
    """The name of a lane's stream of events."""
    return f"studio-{lane}"
