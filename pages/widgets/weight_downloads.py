"""Weights that the studio fetches once: which are here, and how large the others are."""

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

LOOK_SECONDS = 0.5
log = logging.getLogger("studio.pages")


def missing(names: Collection[str]) -> list[Status]:
    """The weights among `names` that would be fetched first."""
    return [found for found in map(pretrained.status, dict.fromkeys(names)) if not found.cached]


def sizes(found: Collection[Status]) -> str:
    """What a fetch takes, e.g. "AdaIN (30 MB)"."""
    return words.listed(
        [
            f"{one.title} ({amounts.size(one.download_bytes)})" if one.download_bytes else one.title
            for one in found
        ]
    )


def first_run(names: Collection[str], at_once: str = "") -> None:
    """What the first runs will fetch of these weights; nothing when all are here.

    Args:
        at_once: a sentence on what needs none of them.
    """
    absent = missing(names)
    if absent:
        st.info(
            f"{at_once}On first use, the studio downloads {sizes(absent)} and verifies the files. "
            "After that no internet connection is needed.",
            icon=":material/download:",
        )


def all_weights() -> None:
    """Every file of weights, whether it is here, and how to get it."""
    st.subheader("Weights", anchor=False)
    for name in pretrained.names():
        found = pretrained.status(name)
        with st.container(border=True, gap="xsmall"):
            if found.cached:
                st.markdown(
                    f":material/check_circle: **{found.title}**, here, {amounts.size(found.bytes)} on disk"
                )
            else:
                size = amounts.size(found.download_bytes) if found.download_bytes else "unknown size"
                st.markdown(f":material/cloud_download: **{found.title}**, not here yet, {size}")
            what = pretrained.entry(name).what
            st.caption(f"{what[:1].upper()}{what[1:]}")
            if not found.cached:
                offer(found)


def offer(absent: Status) -> None:
    """A button that fetches weights now, and the command that does the same, for whoever runs the studio."""
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
    """Weights that are being fetched in the background, for all tabs of this server.

    Attributes:
        problem: once it has ended, "" or one sentence on what went wrong.
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
        """Ends it; what has come so far is kept."""
        self._stopped.set()

    def ended(self, seconds: float = 0.0) -> bool:
        """Whether it has ended, after waiting for it so long at most."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


@st.cache_resource(show_spinner=False)
def _fetches() -> dict[str, Fetch]:
    return {}


def _begin(name: str) -> None:
    st.session_state.pop(_problem(name), None)
    if name not in _fetches():
        _fetches()[name] = Fetch(name)


@st.fragment(run_every=LOOK_SECONDS)
def _watch(absent: Status) -> None:
    under_way = _fetches().get(absent.name)
    if under_way is None or under_way.ended():
        if under_way is not None:
            st.session_state[_problem(absent.name)] = under_way.problem
            _fetches().pop(absent.name, None)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        spent = amounts.duration(max(1.0, time.monotonic() - under_way.began))
        st.markdown(f":material/downloading: Downloading and verifying {sizes([absent])}, {spent} so far")
        st.button("Stop", key=f"stop_{absent.name}", icon=":material/stop_circle:", on_click=under_way.stop)
