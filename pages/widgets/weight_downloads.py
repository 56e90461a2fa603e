"""Pretrained weights: which are installed, and downloads of the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import LOCAL, owner
from studio.core import amounts
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.pretrained import Status

POLL_SECONDS = 0.5
log = logging.getLogger("studio.pages")


def missing(names: Collection[str]) -> list[Status]:
    """Returns the status of the weights among `names` that are not installed."""
    return [status for status in map(pretrained.status, dict.fromkeys(names)) if not status.cached]


def sizes(weights: Collection[Status]) -> str:
    """Returns titles and sizes of weights, e.g. "AdaIN (30 MB)"."""
    return words.join(
        [
            f"{status.title} ({amounts.size(status.download_bytes)})"
            if status.download_bytes
            else status.title
            for status in weights
        ]
    )


def first_run(names: Collection[str], at_once: str = "") -> None:
    """Shows which weights the first run will download; nothing when all are installed.

    Args:
        names: of the weights that the page needs.
        at_once: a sentence on what works without them.
    """
    absent = missing(names)
    if absent:
        st.info(
            f"{at_once}On first use, the studio downloads {sizes(absent)} and verifies the files. "
            "After that no internet connection is needed.",
            icon=":material/download:",
        )


def all_weights() -> None:
    """Shows all weights, whether they are installed, and how to download them."""
    st.subheader("Weights", anchor=False)
    for name in pretrained.names():
        weights = pretrained.status(name)
        with st.container(border=True, gap="xsmall"):
            if weights.cached:
                size = amounts.size(weights.bytes)
                st.markdown(f":material/check_circle: **{weights.title}**, here, {size} on disk")
            else:
                size = amounts.size(weights.download_bytes) if weights.download_bytes else "unknown size"
                st.markdown(f":material/cloud_download: **{weights.title}**, not here yet, {size}")
            note = pretrained.entry(name).what
            st.caption(f"{note[:1].upper()}{note[1:]}")
            if not weights.cached:
                offer(weights)


def offer(absent: Status) -> None:
    """Draws the button and the command that download weights; visitors of a server get a note instead."""
    if owner() != LOCAL:
        st.caption("Downloaded when a job first needs it, or by the administrator of this studio.")
        return
    st.caption("Downloaded when first needed. To download it now, use the button or this command:")
    st.code(f"studio weights pull {absent.name}", language="shell")
    if absent.name in _fetches():
        _watch(absent)
        return
    if problem := st.session_state.get(_problem(absent.name)):
        st.error(words.plain(problem), icon=":material/error:")
    label, key = "Download now", f"fetch_{absent.name}"
    st.button(label, key=key, icon=":material/download:", on_click=_begin, args=(absent.name,))


def _problem(name: str) -> str:
    return f"fetch_{name}_problem"


class Fetch:
    """A download of weights in the background, shared by all tabs of this server.

    Attributes:
        name: of the weights.
        problem: after the download, "" or a sentence on what went wrong.
        began: monotonic time at its start, in s.
    """

    def __init__(self, name: str):
        self.name, self.problem, self.began = name, "", time.monotonic()
        self._stopped = threading.Event()
        self._thread = threading.Thread(target=self._fetch, name="fetching", daemon=True)
        self._thread.start()

    def _fetch(self) -> None:
        try:
            pretrained.fetch(self.name, Progress(cancelled=self._stopped.is_set))
        except Cancelled:
            self.problem = "Stopped. Start the download again to continue it."
        except StudioError as error:
            self.problem = str(error)
        except Exception:
            log.exception("weights could not be fetched")
            self.problem = "The download failed because of an error in the studio. Use the command."

    def stop(self) -> None:
        """Stops the download; it can be continued later."""
        self._stopped.set()

    def is_finished(self, seconds: float = 0.0) -> bool:
        """Returns whether the download has ended, after waiting at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


@st.cache_resource(show_spinner=False)
def _fetches() -> dict[str, Fetch]:
    return {}


def _begin(name: str) -> None:
    st.session_state.pop(_problem(name), None)
    if name not in _fetches():
        _fetches()[name] = Fetch(name)


@st.fragment(run_every=POLL_SECONDS)
def _watch(absent: Status) -> None:
    fetch = _fetches().get(absent.name)
    if fetch is None or fetch.is_finished():
        if fetch is not None:
            st.session_state[_problem(absent.name)] = fetch.problem
            _fetches().pop(absent.name, None)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        spent = amounts.duration(max(1.0, time.monotonic() - fetch.began))
        st.markdown(f":material/downloading: Downloading and verifying {sizes([absent])}, {spent} so far")
        st.button("Stop", key=f"stop_{absent.name}", icon=":material/stop_circle:", on_click=fetch.stop)
