"""Reads and analyzes a data set in the background while the user changes settings."""

from __future__ import annotations

import logging
import secrets
import threading
import time
from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import problems
from studio.core import data, owners
from studio.core.data import ImageDataset
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine.turns import Turns

NO_BAR_SECONDS = 1.0  # a data set read this fast is shown without a progress bar
POLL_SECONDS = 0.3
_MAX_PARALLEL = 2  # data sets read at a time in this process; owners take turns
_TURN_SECONDS = 1.0  # then another owner may continue
_UNWATCHED_SECONDS = 120.0  # reading ends if no tab polls for so long; a hidden tab polls once a minute
_turns = Turns(lambda: _MAX_PARALLEL, "Many other data sets are being read. Try again in a moment.")
log = logging.getLogger("studio.pages")


@dataclass(frozen=True)
class ReadRequest:
    """A data set to read.

    Attributes:
        file: the stored data set.
        size: side of the images, in px.
        channels: 3, or 1 for gray.
        min_images: minimum number of different images.
    """

    file: File
    size: int
    channels: int = 3
    min_images: int = 1


Analyze = Callable[[ImageDataset, Progress], Any]


@dataclass
class _Reading:
    """A background thread that reads a data set, and its result.

    Attributes:
        request: the data set to read.
        analyze: computes the facts; None for no facts.
        report: last progress report.
        dataset: the images, once read.
        facts: result of `analyze`.
        problem: error message; "" if there is none.
        is_abandoned: whether reading ended because no tab watched it.
    """

    request: ReadRequest
    analyze: Analyze | None
    report: Report | None = None
    dataset: ImageDataset | None = None
    facts: Any = None
    problem: str = ""
    is_abandoned: bool = False

    def __post_init__(self) -> None:
        self._owner = owners.get_current()  # the thread has no page, so it needs its owner
        self._name = secrets.token_hex(8)
        self._turn, self._turn_start = ExitStack(), 0.0
        self.watch()
        self.thread = threading.Thread(target=self._read, name="reading", daemon=True)
        self.thread.start()

    def watch(self) -> None:
        """Notes that a tab is watching."""
        self._watch_time = time.monotonic()

    def _is_unwatched(self) -> bool:
        return time.monotonic() - self._watch_time > _UNWATCHED_SECONDS

    def _pass_turn(self) -> bool:
        """Gives the turn to the next owner after `_TURN_SECONDS`. Returns whether to stop reading."""
        if time.monotonic() - self._turn_start > _TURN_SECONDS:
            self._turn.close()
            self._take_turn()
        return self._is_unwatched()

    def _take_turn(self) -> None:
        self._turn.enter_context(_turns.take(self._name, self._owner, self._is_unwatched))
        self._turn_start = time.monotonic()

    def _read(self) -> None:
        request = self.request
        try:
            progress = Progress(self._set_report, self._pass_turn)
            with owners.acting_as(self._owner, makes_results=True), self._turn:
                self._take_turn()
                self.dataset = data.load_dataset(
                    request.file, request.size, request.channels, progress, request.min_images
                )
                self.facts = self.analyze(self.dataset, progress) if self.analyze else None
        except Cancelled:
            self.is_abandoned = True
        except StudioError as error:
            self.problem, self.is_abandoned = str(error), self._is_unwatched()
        except Exception:
            log.exception("a data set could not be read")
            self.problem = "The images could not be read because of an error in the studio. Choose others."

    def _set_report(self, report: Report) -> None:
        self.report = report


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={ReadRequest: repr})
def _start_reading(
    request: ReadRequest,
    has_analysis: bool,  # noqa: ARG001  # part of the cache key, as `_analyze` cannot be
    _analyze: Analyze | None,
) -> _Reading:
    return _Reading(request, _analyze)


def _watch_reading(request: ReadRequest, analyze: Analyze | None) -> _Reading:
    """Returns the reading of a data set, restarted if it was abandoned."""
    if _start_reading(request, analyze is not None, analyze).is_abandoned:
        _start_reading.clear(request, analyze is not None, analyze)
    reading = _start_reading(request, analyze is not None, analyze)
    reading.watch()
    return reading


def read(request: ReadRequest, analyze: Analyze | None = None) -> tuple[ImageDataset, Any] | None:
    """Returns the images of a data set and their facts.

    Returns None while they are read, with the progress shown, or after showing an error.

    Args:
        request: the data set to read.
        analyze: computes the facts; None for no facts. The cache ignores which function it is, so use one
            function per kind of request.
    """
    owners.require_ownership(request.file.digest)  # the cache also contains other users' data sets
    reading = _watch_reading(request, analyze)
    reading.thread.join(NO_BAR_SECONDS)
    if reading.thread.is_alive():
        problems.note("The images are still being read.")
        _show_progress(request, analyze)
        return None
    if reading.problem:
        problems.show(reading.problem)
        _start_reading.clear(request, analyze is not None, analyze)  # retry on the next run
        return None
    assert reading.dataset is not None
    return reading.dataset, reading.facts


def read_if_available(request: ReadRequest, analyze: Analyze | None = None) -> ImageDataset | None:
    """Returns the images of a data set; None, without a message, while they are read or if they are gone."""
    if not owners.owns(request.file.digest):
        return None
    reading = _watch_reading(request, analyze)
    reading.thread.join(NO_BAR_SECONDS)
    return reading.dataset


@st.fragment(run_every=POLL_SECONDS)
def _show_progress(request: ReadRequest, analyze: Analyze | None) -> None:
    reading = _watch_reading(request, analyze)
    if not reading.thread.is_alive():
        st.rerun()
    report = reading.report
    if report is None or not report.total:
        st.progress(0.0, "Opening the images")
    else:
        st.progress(report.share, f"{report.text}: {report.step:,} of {report.total:,}")
