"""Reading a data set and looking it over: in the background, while a person changes settings."""

from __future__ import annotations

import logging
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st
from PIL import Image

from pages.widgets import words
from studio.classify.data import audit, duplicates
from studio.core import data, owners
from studio.core.data import Pictures
from studio.core.errors import StudioError
from studio.core.progress import Progress, Report
from studio.core.tasks import File

THUMBNAIL = 112  # px
AT_ONCE_SECONDS = 1.0  # what is read so soon is shown without a bar
LOOK_SECONDS = 0.3
log = logging.getLogger("studio.pages")


@dataclass
class _Reading:
    """A data set that is being read, and what came of it."""

    file: File
    size: int
    report: Report | None = None
    found: Pictures | None = None
    facts: dict[str, Any] | None = None
    problem: str = ""

    def __post_init__(self) -> None:
        self._asker = owners.asker()  # whose thread it is, which has no page
        self.thread = threading.Thread(target=self._read, name="reading", daemon=True)
        self.thread.start()

    def _read(self) -> None:
        try:
            progress = Progress(self._hear)
            with owners.asking(self._asker):
                self.found = data.pictures(self.file, self.size, 3, progress)
                self.facts = audit.facts(self.found, duplicates.find(self.found, progress))
        except StudioError as error:
            self.problem = str(error)
        except Exception:
            log.exception("a data set could not be read")
            self.problem = "The pictures could not be read, by a fault of the studio. Next: choose others."

    def _hear(self, report: Report) -> None:
        self.report = report


@st.cache_resource(max_entries=4, show_spinner=False)
def _reading(file: File, size: int) -> _Reading:
    return _Reading(file, size)


def with_facts(file: File, size: int) -> tuple[Pictures, dict[str, Any]] | None:
    """The pictures of a data set and what there is to say of it, as `audit.facts` has it.

    None while they are read, which is shown, or after saying what is wrong with them.

    Args:
        file: the kept data set.
        size: of their sides, in px.
    """
    owners.check(file.digest)  # others' may be in the memory, too
    reading = _reading(file, size)
    reading.thread.join(AT_ONCE_SECONDS)
    if reading.thread.is_alive():
        _watch(file, size)
        return None
    if reading.problem:
        st.error(words.plain(reading.problem), icon=":material/error:")
        _reading.clear(file, size)  # so that it is tried again once something changed
        return None
    return reading.found, reading.facts


def if_available(file: File, size: int) -> Pictures | None:
    """The pictures of a data set; None, silently, while they are read and where they are gone."""
    if not owners.has(file.digest):
        return None
    reading = _reading(file, size)
    reading.thread.join(AT_ONCE_SECONDS)
    return reading.found


@st.fragment(run_every=LOOK_SECONDS)
def _watch(file: File, size: int) -> None:
    reading = _reading(file, size)
    if not reading.thread.is_alive():
        st.rerun()
    report = reading.report
    if report is None or not report.total:
        st.progress(0.0, "Opening the pictures")
    else:
        share = min(report.step / report.total, 1.0)
        st.progress(share, f"{report.text}: {report.step:,} of {report.total:,}")


def thumbnails(found: Pictures, names: Sequence[str]) -> list[np.ndarray | None]:
    """Pictures of a data set by their names, each `(THUMBNAIL, THUMBNAIL, 3) uint8`; None for unknown."""
    places = {name: place for place, name in enumerate(found.names)}
    return [small(found.images[places[name]]) if name in places else None for name in names]


def small(picture: np.ndarray) -> np.ndarray:
    """`(h, w, 3) uint8` -> `(THUMBNAIL, THUMBNAIL, 3) uint8`."""
    return np.asarray(Image.fromarray(picture).resize((THUMBNAIL, THUMBNAIL), Image.Resampling.BILINEAR))
