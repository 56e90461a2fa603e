"""Reports of a worker: sends those of jobs and streams to the server, and saves those of jobs."""

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

EVENTS_PER_SECOND = 10
STREAM_SECONDS = 0.08  # minimum between two reports of a stream; ten reports per second all pass
SAVED_PREVIEW_SECONDS = 3.0
log = logging.getLogger("studio.engine")


class EventSender:
    """Sends reports as events of a topic: all with an image, others at a limited rate.

    Args:
        id: of the job or request.
        topic: of the events.
        seconds: minimum time between two reports without an image.
        previews: whether to send images, as WebP.
    """

    def __init__(self, id: str, topic: str, seconds: float = STREAM_SECONDS, previews: bool = True):
        self._id, self._topic, self._seconds, self._previews = id, topic, seconds, previews
        self._next = 0.0
        self.preview: bytes | None = None  # the latest

    def __call__(self, report: Report) -> None:
        image = report.preview if self._previews else None
        preview = None if image is None else image_io.encode_preview(image)
        self.preview = preview or self.preview
        now = time.monotonic()
        if preview is not None or now >= self._next:
            self._next = now + self._seconds
            message = {"id": self._id, "report": asdict(to_plain(report)), "preview": preview}
            get_worker().log_event(self._topic, message)


class Reporter:
    """Sends reports of a job to the server as events, and saves history and preview in the job's folder.

    Events carry the preview (about 50 kB, twice per second).
    """

    def __init__(self, id: str, lane: str, folder: store.Folder):
        self._id, self._folder = id, folder
        self._events = EventSender(id, topic_of(lane), 1 / EVENTS_PER_SECOND)
        self._next_saved = 0.0
        self._next_step = self._points = 0
        self._point: Report | None = None  # the latest with metrics
        self.last: Report | None = None
        self._saved: bytes | None = None

    def __call__(self, report: Report) -> None:
        now = time.monotonic()
        self.last = to_plain(report)
        if report.metrics and self._count_if_due(report):
            with best_effort("the curve", self._id):
                self._folder.add_point(report)
        self._events(report)
        if now >= self._next_saved and self._events.preview is not self._saved:
            self.save_preview()
            self._next_saved = now + SAVED_PREVIEW_SECONDS

    def _count_if_due(self, report: Report) -> bool:
        """Counts a report as a point of the curve if it is due, and returns whether it is.

        A curve has about MAX_POINTS points per phase. In a phase of unknown length, the spacing doubles after
        every MAX_POINTS points.
        """
        previous, self._point = self._point, report
        if previous and (report.step < previous.step or _is_new_phase(report, previous)):
            self._next_step = self._points = 0  # a new phase
        fixed_stride = math.ceil(report.total / store.MAX_POINTS)
        doubling_count = self._points // store.MAX_POINTS
        stride = fixed_stride or 2**doubling_count
        # A search reports several measurements at one step.
        is_due = stride == 1 or report.step >= self._next_step or report.step == report.total
        if is_due:
            self._next_step, self._points = report.step + stride, self._points + 1
        return is_due

    def save_preview(self) -> None:
        """Saves the latest preview in the folder, so a killed job still shows it."""
        if self._events.preview is not self._saved:
            with best_effort("the preview", self._id):
                self._folder.write_preview(self._events.preview or b"")
                self._saved = self._events.preview


def _is_new_phase(report: Report, previous: Report) -> bool:
    """Returns whether the total changed at the same step, so a new phase began."""
    return report.step == previous.step and report.total != previous.total


@contextmanager
def best_effort(subject: str, id: str) -> Iterator[None]:
    """Logs and ignores a failure to save something optional, e.g. because the disk is full."""
    try:
        yield
    except (OSError, StudioError) as error:
        log.warning("%s of job %s could not be saved: %s", subject, id, error)


def to_plain(report: Report) -> Report:
    """Converts a report for JSON and events: Python numbers, without the image."""
    metrics = {name: float(value) for name, value in report.metrics.items()}
    return replace(report, metrics=metrics, preview=None)


def topic_of(lane: str) -> str:
    """Returns the name of the event topic of a lane."""
    return f"studio-{lane}"
