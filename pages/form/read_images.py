"""Reading a data set, and looking it over: in the background, while a user changes settings."""

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

from pages.widgets import words
from studio.core import data, owners
from studio.core.data import ImageDataset
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File
from studio.engine.live_queue import Turns

AT_ONCE_SECONDS = 1.0  # what is read so soon is shown without a bar
LOOK_SECONDS = 0.3
_AT_ONCE = 2  # data sets that are read at a time, in this process; owners take turns
_TURN_SECONDS = 1.0  # after which another one may continue
_UNWATCHED_SECONDS = (
    120.0  # of no look by any tab, after which reading ends; a hidden tab looks once a minute
)
_turns = Turns(lambda: _AT_ONCE)
log = logging.getLogger("studio.pages")


@dataclass(frozen=True)
class Wish:
    """Which images are read, and how.

    Attributes:
        file: the kept data set.
        size: of their sides, in px.
        channels: 3, or 1 for gray.
        least: how many different ones there must be.
    """

    file: File
    size: int
    channels: int = 3
    least: int = 1


Look = Callable[[ImageDataset, Progress], Any]


@dataclass
class _Reading:
    """A data set that is being read, and what came of it.

    Attributes:
        is_abandoned: whether it ended because no tab watched it.
    """

    wish: Wish
    look: Look | None
    report: Report | None = None
    found: ImageDataset | None = None
    facts: Any = None
    problem: str = ""
    is_abandoned: bool = False

    def __post_init__(self) -> None:
        self._asker = owners.asker()  # whose thread it is, which has no page
        self._name = secrets.token_hex(8)
        self._turn, self._turn_began = ExitStack(), 0.0
        self.watch()
        self.thread = threading.Thread(target=self._read, name="reading", daemon=True)
        self.thread.start()

    def watch(self) -> None:
        """Notes that a tab looks at it."""
        self._watched = time.monotonic()

    def _is_unwatched(self) -> bool:
        return time.monotonic() - self._watched > _UNWATCHED_SECONDS

    def _pass_turn(self) -> bool:
        """Lets others read after a while; whether to stop then."""
        if time.monotonic() - self._turn_began > _TURN_SECONDS:
            self._turn.close()
            self._take_turn()
        return self._is_unwatched()

    def _take_turn(self) -> None:
        self._turn.enter_context(_turns.take(self._name, self._asker, self._is_unwatched))
        self._turn_began = time.monotonic()

    def _read(self) -> None:
        wish = self.wish
        try:
            progress = Progress(self._hear, self._pass_turn)
            with owners.asking(self._asker, makes=True), self._turn:
                self._take_turn()
                self.found = data.load_dataset(wish.file, wish.size, wish.channels, progress, wish.least)
                self.facts = self.look(self.found, progress) if self.look else None
        except Cancelled:
            self.is_abandoned = True
        except StudioError as error:
            self.problem, self.is_abandoned = str(error), self._is_unwatched()
        except Exception:
            log.exception("a data set could not be read")
            self.problem = "The images could not be read because of an error in the studio. Choose others."

    def _hear(self, report: Report) -> None:
        self.report = report


@st.cache_resource(max_entries=8, show_spinner=False, hash_funcs={Wish: repr})
def _reading(wish: Wish, looked: bool, _look: Look | None) -> _Reading:
    return _Reading(wish, _look)


def _watched(wish: Wish, look: Look | None) -> _Reading:
    """The reading of a data set, begun again if no tab watched it until its end."""
    if _reading(wish, look is not None, look).is_abandoned:
        _reading.clear(wish, look is not None, look)
    reading = _reading(wish, look is not None, look)
    reading.watch()
    return reading


def with_facts(wish: Wish, look: Look | None = None) -> tuple[ImageDataset, Any] | None:
    """The images of a data set, and what a look at them found.

    None while they are read, which is shown, or after saying what is wrong with them.

    Args:
        look: looks them over; always the same function for the same kind of wish. None: nothing does.
    """
    owners.check(wish.file.digest)  # others' may be in the memory, too
    reading = _watched(wish, look)
    reading.thread.join(AT_ONCE_SECONDS)
    if reading.thread.is_alive():
        _watch(wish, look)
        return None
    if reading.problem:
        st.error(words.plain(reading.problem), icon=":material/error:")
        _reading.clear(wish, look is not None, look)  # so that it is tried again once something changed
        return None
    assert reading.found is not None
    return reading.found, reading.facts


def if_available(wish: Wish, look: Look | None = None) -> ImageDataset | None:
    """The images of a data set; None, silently, while they are read and where they are gone."""
    if not owners.has(wish.file.digest):
        return None
    reading = _watched(wish, look)
    reading.thread.join(AT_ONCE_SECONDS)
    return reading.found


@st.fragment(run_every=LOOK_SECONDS)
def _watch(wish: Wish, look: Look | None) -> None:
    reading = _watched(wish, look)
    if not reading.thread.is_alive():
        st.rerun()
    report = reading.report
    if report is None or not report.total:
        st.progress(0.0, "Opening the images")
    else:
        st.progress(report.share, f"{report.text}: {report.step:,} of {report.total:,}")
