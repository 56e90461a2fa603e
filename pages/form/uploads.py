"""File uploads: the page gets each file at once, and the widget is emptied to free its memory."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import streamlit as st
from streamlit.elements.lib.mutable_popover_container import PopoverContainer
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.widgets import keys, page_errors
from pages.widgets.owners import get_owner
from studio.core import amounts
from studio.core.errors import StudioError, invalid, shorten_name
from studio.engine import quotas

MAX_MB = 50  # default limit of a file
_MAX_NAME = 80  # characters of a file name


@contextmanager
def show_popover(slot: str, label: str, icon: str) -> Iterator[PopoverContainer]:
    """Draws a popover for `ask`. It closes after an upload, and stays open to show an error.

    Yields the container, whose `open` says whether it is open.

    Args:
        slot: of `ask`.
        label, icon: of the button that opens it.
    """
    with st.popover(label, icon=icon, type="tertiary", key=_popover_key(slot), on_change="rerun") as box:
        if box.open:
            page_errors.show_errors(slot)
        yield box


def ask(
    slot: str,
    label: str,
    handle: Callable[[bytes, str], None],
    max_upload_size: int = MAX_MB,
    name: str = "upload",
    **options: Any,
) -> None:
    """Draws the upload widget, for one file or several.

    Args:
        slot: of the upload; `page_errors.show_errors` shows the errors of this slot.
        label: of the widget.
        handle: callback with the bytes and name of each file; may raise `StudioError`.
        max_upload_size: in MiB.
        name: of the widget, unique in its slot.
        options: of `st.file_uploader`.
    """
    version = get_version(slot)
    key = keys.part(keys.part(slot, name), version)
    st.file_uploader(
        label,
        key=key,
        on_change=_handle_uploads,
        args=(slot, version, key, handle, max_upload_size),
        max_upload_size=max_upload_size,
        **options,
    )


def accept_dropped(slot: str, handle: Callable[[bytes, str], None], **options: Any) -> None:
    """Draws the upload widget of files that are dropped or pasted anywhere on the page, if `ask` is folded.

    The style sheet hides it, except for a file that it uploads or refuses as too large.
    """
    with st.container(key=keys.part("dropped", slot)):
        ask(slot, "Dropped or pasted", handle, name="drop", **options)


def ask_photo(slot: str, label: str, handle: Callable[[bytes, str], None]) -> None:
    """Draws the camera; its photo is handled like a file of `ask`."""
    version = get_version(slot)
    key = keys.part(slot, f"camera_{version}")
    st.camera_input(label, key=key, on_change=_handle_uploads, args=(slot, version, key, handle))


def get_version(slot: str) -> int:
    """Returns the number of uploads so far in a slot; in a callback of `ask`, with the current one."""
    return st.session_state.get(_version_key(slot), 0)


def _handle_uploads(
    slot: str, version: int, key: str, handle: Callable[[bytes, str], None], max_mb: int = MAX_MB
) -> None:
    if version != get_version(slot):
        return  # a lagging browser sent the file again, which would replace a later one
    uploads = st.session_state.get(key) or []
    has_popover = _popover_key(slot) in st.session_state
    st.session_state[_version_key(slot)] = version + 1  # a new key empties the widget and closes the popover
    st.session_state.pop(page_errors.ERRORS_KEY, None)  # of an earlier upload
    for upload in uploads if isinstance(uploads, list) else [uploads]:
        try:
            _check_size(upload, max_mb)
            data = upload.getvalue()
            quotas.check_disk_quota(get_owner(), len(data))
            handle(data, shorten_name(upload.name, _MAX_NAME))
        except StudioError as error:
            page_errors.add_error(slot, str(error))
        finally:
            _free_memory(upload)
    if has_popover and page_errors.ERRORS_KEY in st.session_state:
        st.session_state[_popover_key(slot)] = True


def _free_memory(upload: Any) -> None:
    """Removes a file from memory, where the server would keep it as long as the tab is open."""
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        files: Any = context.uploaded_file_mgr  # the server's manager, which can remove files
        files.remove_file(context.session_id, upload.file_id)


def _check_size(upload: Any, max_mb: int) -> None:
    """Raises `InvalidInput` for a file over the limit: only the browser enforces the limit of each widget."""
    if upload.size > max_mb << 20:
        name = shorten_name(upload.name, _MAX_NAME)
        step, received = "choose a smaller one", amounts.format_bytes(upload.size)
        raise invalid(name, expected=f"a file of at most {max_mb} MB", received=received, next_step=step)


def _popover_key(slot: str) -> str:
    """Returns the key of the popover of a slot, a new one after each upload.

    With the same key, the browser would open it again: it reports its own state of a popover that was closed
    by the server and moved on the page by the new image.
    """
    return keys.part(keys.part(slot, "add"), get_version(slot))


def _version_key(slot: str) -> str:
    return keys.part(slot, "version")
