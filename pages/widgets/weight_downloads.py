"""Pretrained weights: which are installed, and downloads of the others."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Collection

import streamlit as st

from pages.widgets import words
from pages.widgets.owners import LOCAL, get_owner
from studio.core import amounts
from studio.core.errors import Cancelled, StudioError
from studio.core.progress import Progress
from studio.core.weights import pretrained
from studio.core.weights.pretrained import Status

POLL_SECONDS = 0.5
log = logging.getLogger("studio.pages")


def list_missing(names: Collection[str]) -> list[Status]:
    """Returns the networks among `names` whose weights are not installed."""
    return [network for network in map(pretrained.get_status, dict.fromkeys(names)) if not network.cached]


def describe_sizes(statuses: Collection[Status]) -> str:
    """Returns titles and sizes of weights, e.g. "AdaIN (30 MB)"."""
    return words.join(
        [
            f"{network.title} ({amounts.format_bytes(network.download_bytes)})"
            if network.download_bytes
            else network.title
            for network in statuses
        ]
    )


def announce_downloads(names: Collection[str], note: str = "") -> None:
    """Shows which weights the first run will download; nothing when all are installed.

    Args:
        names: of the weights that the page needs.
        note: a sentence on what works without them.
    """
    absent = list_missing(names)
    if absent:
        st.info(
            f"{note}On first use, the studio downloads {describe_sizes(absent)} and verifies the files. "
            "After that no internet connection is needed.",
            icon=":material/download:",
        )


def show_all() -> None:
    """Shows all weights, whether they are installed, and how to download them."""
    st.subheader("Weights", anchor=False)
    for name in pretrained.list_names():
        network = pretrained.get_status(name)
        with st.container(border=True, gap="xsmall"):
            if network.cached:
                size = amounts.format_bytes(network.bytes)
                st.markdown(f":material/check_circle: **{network.title}**, here, {size} on disk")
            else:
                size = (
                    amounts.format_bytes(network.download_bytes) if network.download_bytes else "unknown size"
                )
                st.markdown(f":material/cloud_download: **{network.title}**, not here yet, {size}")
            note = pretrained.get_entry(name).what
            st.caption(f"{note[:1].upper()}{note[1:]}")
            if not network.cached:
                offer_download([network])


def offer_download(networks: Collection[Status]) -> None:
    """Draws one button and the commands that download weights; visitors of a server get a note."""
    if get_owner() != LOCAL:
        st.caption("Downloaded when a job first needs them, or by the administrator of this studio.")
        return
    names = [network.name for network in networks]
    st.caption("Downloaded when first needed. To download them now, use the button, or in a terminal:")
    st.code("\n".join(f"studio weights pull {name}" for name in names), language="shell")
    idle_names = [name for name in names if name not in _get_running_downloads()]
    for network in networks:
        if network.name not in idle_names:
            _show_progress(network)
        elif problem := st.session_state.get(_problem_key(network.name)):
            st.error(words.escape(problem), icon=":material/error:")
    if idle_names:
        key = f"fetch_{'_'.join(idle_names)}"
        st.button(
            "Download now", key=key, icon=":material/download:", on_click=_start_downloads, args=(idle_names,)
        )


def _problem_key(name: str) -> str:
    return f"fetch_{name}_problem"


class Download:
    """A download of weights in the background, shared by all tabs of this server.

    Attributes:
        name: of the weights.
        problem: after the download, "" or a sentence on what went wrong.
        start_time: by the monotonic clock, in seconds.
    """

    def __init__(self, name: str):
        self.name, self.problem, self.start_time = name, "", time.monotonic()
        self._stop_event = threading.Event()
        self._thread = threading.Thread(target=self._run, name="fetching", daemon=True)
        self._thread.start()

    def _run(self) -> None:
        try:
            pretrained.pull_in_child(self.name, Progress(cancelled=self._stop_event.is_set))
        except Cancelled:
            self.problem = "Stopped. Start the download again to continue it."
        except StudioError as error:
            self.problem = str(error)
        except Exception:
            log.exception("weights could not be fetched")
            self.problem = "The download failed because of an error in the studio. Use the command."

    def stop(self) -> None:
        """Stops the download; it can be continued later."""
        self._stop_event.set()

    def is_finished(self, seconds: float = 0.0) -> bool:
        """Returns whether the download has ended, after waiting at most `seconds`."""
        self._thread.join(seconds)
        return not self._thread.is_alive()


@st.cache_resource(show_spinner=False)
def _get_running_downloads() -> dict[str, Download]:
    return {}


def _start_downloads(names: Collection[str]) -> None:
    for name in names:
        st.session_state.pop(_problem_key(name), None)
        if name not in _get_running_downloads():
            _get_running_downloads()[name] = Download(name)


@st.fragment(run_every=POLL_SECONDS)
def _show_progress(network: Status) -> None:
    download = _get_running_downloads().get(network.name)
    if download is None or download.is_finished():
        if download is not None:
            st.session_state[_problem_key(network.name)] = download.problem
            _get_running_downloads().pop(network.name, None)
        st.rerun()
    with st.container(horizontal=True, vertical_alignment="center"):
        duration = amounts.format_duration(max(1.0, time.monotonic() - download.start_time))
        st.markdown(
            f":material/downloading: Downloading and verifying {describe_sizes([network])}, {duration} so far"
        )
        st.button("Stop", key=f"stop_{network.name}", icon=":material/stop_circle:", on_click=download.stop)
