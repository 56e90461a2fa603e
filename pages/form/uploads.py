"""Files from a user's device: handed over at once, so that the widget is empty and holds no memory."""

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

MOST_MB = 50  # of a file, where a page does not take larger ones
_LONGEST = 80  # characters of a name
FAULT = "upload_fault"  # in the session: of the last upload that failed, its slot and why
_MOST_TOLD = 3  # files of which it is said what was wrong with them


@contextmanager
def popover(slot: str, label: str, icon: str) -> Iterator[PopoverContainer]:
    """What `ask` may be drawn in. It closes once it has a file, and stays open to say what was wrong.

    What it gives knows whether it is `open`.

    Args:
        slot: that of `ask`.
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
    """Draws the widget that takes a file, or several one by one.

    Args:
        slot: what it is for; `show_fault` says what was wrong with the last one.
        take: given its bytes and its name, before anything is drawn; may raise `StudioError`.
        max_upload_size: MB that it may have, a million bytes and some each, as the widget says.
        options: others of `st.file_uploader`.
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


def snap(slot: str, label: str, take: Callable[[bytes, str], None]) -> None:
    """Draws the camera; its photo is handled as a file that `ask` takes."""
    turn = st.session_state.setdefault(_turn(slot), 0)
    key = keys.part(slot, f"camera_{turn}")
    st.camera_input(label, key=key, on_change=_take, args=(slot, turn, key, take))


def show_fault(slot: str) -> None:
    """Says what was wrong with the last files, once; of very many, with the first few."""
    whose, faults = st.session_state.get(FAULT, ("", ()))
    if whose != slot:
        return
    del st.session_state[FAULT]
    for told in faults[:_MOST_TOLD]:
        st.error(words.plain(told), icon=":material/error:")
    if len(faults) > _MOST_TOLD:
        st.error(f"{len(faults) - _MOST_TOLD:,} more files were refused.", icon=":material/error:")


def set_fault(slot: str, told: str) -> None:
    """Leaves a sentence for `show_fault`, in the place of those about other uploads.

    For callbacks, which cannot draw where it belongs.
    """
    whose, faults = st.session_state.get(FAULT, ("", ()))
    st.session_state[FAULT] = (slot, [*(faults if whose == slot else ()), told])


def _take(slot: str, turn: int, key: str, take: Callable[[bytes, str], None], most: int = MOST_MB) -> None:
    if turn != st.session_state.get(_turn(slot)):
        return  # a browser that lags behind sends a file once more; it would come back in a later one's place
    found = st.session_state.get(key) or []
    st.session_state[_turn(slot)] = turn + 1  # under a new key the widget is empty
    st.session_state.pop(FAULT, None)  # of an earlier upload
    for upload in found if isinstance(found, list) else [found]:
        try:
            _check_size(upload, most)
            data = upload.getvalue()
            quotas.check_room(owner(), len(data))
            take(data, short_name(upload.name, _LONGEST))
        except StudioError as error:
            set_fault(slot, str(error))
        finally:
            _free(upload)
    if _open(slot) in st.session_state:
        st.session_state[_open(slot)] = FAULT in st.session_state


def _free(upload: Any) -> None:
    """Removes a file from memory, where the server would otherwise keep it as long as its tab is open."""
    page = get_script_run_ctx(suppress_warning=True)
    if page is not None:
        files: Any = page.uploaded_file_mgr  # that of a server, which also removes them
        files.remove_file(page.session_id, upload.file_id)


def _check_size(upload: Any, most: int) -> None:
    """The browser refuses what is larger; the server takes what the largest of all widgets does."""
    if upload.size > most << 20:
        name = short_name(upload.name, _LONGEST)
        step, received = "choose a smaller one", amounts.size(upload.size)
        raise invalid(name, expected=f"a file of at most {most} MB", received=received, next_step=step)


def _open(slot: str) -> str:
    return keys.part(slot, "add")


def _turn(slot: str) -> str:
    return keys.part(slot, "turn")
