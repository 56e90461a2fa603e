"""File uploads: handed over immediately, so that the widget is empty and holds no memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.elements.lib.mutable_popover_container import PopoverContainer
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.widgets import keys, words
from pages.widgets.owners import owner
from studio.core import amounts
from studio.core.errors import StudioError, invalid, short_name
from studio.engine import quotas

MOST_MB = 50  # default limit of a file
_LONGEST = 80  # characters of a file name
FAULT = "upload_fault"  # in the session: slot and error messages of the last failed upload
_MOST_SHOWN = 3  # error messages


@contextmanager
def popover(slot: str, label: str, icon: str) -> Iterator[PopoverContainer]:
    """Draws a popover for `ask`. It closes after an upload, and stays open to show an error.

    Yields the container, whose `open` says whether it is open.

    Args:
        slot: of `ask`.
        label, icon: of the button that opens it.
    """
    with st.popover(label, icon=icon, type="tertiary", key=_open(slot), on_change="rerun") as box:
        if box.open:
            show_fault(slot)
        yield box


def close(slot: str) -> None:
    """Closes the popover of a slot. Call it from a callback."""
    st.session_state[_open(slot)] = False


def ask(
    slot: str,
    label: str,
    take: Callable[[bytes, str], None],
    max_upload_size: int = MOST_MB,
    **options: Any,
) -> None:
    """Draws the upload widget, for one file or several.

    Args:
        slot: of the upload; `show_fault` shows the errors of this slot.
        label: of the widget.
        take: called with the bytes and name of each file, before the page is drawn; may raise `StudioError`.
        max_upload_size: in MiB.
        options: of `st.file_uploader`.
    """
    turn = st.session_state.setdefault(_turn(slot), 0)
    key = keys.part(slot, f"upload_{turn}")
    st.file_uploader(
        label,
        key=key,
        on_change=_take,
        args=(slot, turn, key, take, max_upload_size),
        max_upload_size=max_upload_size,
        **options,
    )


def take_photo(slot: str, label: str, take: Callable[[bytes, str], None]) -> None:
    """Draws the camera; its photo is handled like a file of `ask`."""
    turn = st.session_state.setdefault(_turn(slot), 0)
    key = keys.part(slot, f"camera_{turn}")
    st.camera_input(label, key=key, on_change=_take, args=(slot, turn, key, take))


def show_fault(slot: str) -> None:
    """Shows the errors of the last upload once, at most the first `_MOST_SHOWN`."""
    fault_slot, faults = st.session_state.get(FAULT, ("", ()))
    if fault_slot != slot:
        return
    del st.session_state[FAULT]
    for message in faults[:_MOST_SHOWN]:
        st.error(words.plain(message), icon=":material/error:")
    if len(faults) > _MOST_SHOWN:
        st.error(f"{len(faults) - _MOST_SHOWN:,} more files were refused.", icon=":material/error:")


def set_fault(slot: str, message: str) -> None:
    """Adds an error message for `show_fault`, and drops those of other slots.

    For callbacks, which cannot draw in the page.
    """
    fault_slot, faults = st.session_state.get(FAULT, ("", ()))
    st.session_state[FAULT] = (slot, [*(faults if fault_slot == slot else ()), message])


def _take(slot: str, turn: int, key: str, take: Callable[[bytes, str], None], most: int = MOST_MB) -> None:
    if turn != st.session_state.get(_turn(slot)):
        return  # a lagging browser sent the file again, which would replace a later one
    uploads = st.session_state.get(key) or []
    st.session_state[_turn(slot)] = turn + 1  # a new key empties the widget
    st.session_state.pop(FAULT, None)  # of an earlier upload
    for upload in uploads if isinstance(uploads, list) else [uploads]:
        try:
            _check_size(upload, most)
            data = upload.getvalue()
            quotas.check_disk_quota(owner(), len(data))
            take(data, short_name(upload.name, _LONGEST))
        except StudioError as error:
            set_fault(slot, str(error))
        finally:
            _free(upload)
    if _open(slot) in st.session_state:
        st.session_state[_open(slot)] = FAULT in st.session_state


def _free(upload: Any) -> None:
    """Removes a file from memory, where the server would keep it as long as the tab is open."""
    page = get_script_run_ctx(suppress_warning=True)
    if page is not None:
        files: Any = page.uploaded_file_mgr  # the server's manager, which can remove files
        files.remove_file(page.session_id, upload.file_id)


def _check_size(upload: Any, most: int) -> None:
    """Raises `InvalidInput` for a file over the limit: only the browser enforces the limit of each widget."""
    if upload.size > most << 20:
        name = short_name(upload.name, _LONGEST)
        step, received = "choose a smaller one", amounts.size(upload.size)
        raise invalid(name, expected=f"a file of at most {most} MB", received=received, next_step=step)


def _open(slot: str) -> str:
    return keys.part(slot, "add")


def _turn(slot: str) -> str:
    return keys.part(slot, "turn")
