"""Messages for errors on a page or in its address; the log has the traceback."""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence

import streamlit as st

from pages.widgets import words
from studio.core.errors import StudioError, make_printable

log = logging.getLogger("studio.pages")
ERRORS_KEY = "page_errors"  # in the session: slot and messages of the last failed callback or upload
_MAX_NAME = 60  # characters
_MAX_SHOWN = 3  # error messages


def show_error(error: Exception) -> bool:
    """Shows an error that no page caught. Returns True, so Streamlit does not show it again."""
    if isinstance(error, StudioError):
        st.error(words.escape(str(error)), icon=":material/error:")
    else:
        log.error("a page failed", exc_info=error)
        sentence = "Something went wrong on this page. Your work is safe; reload the page."
        st.error(sentence, icon=":material/error:")
    return True


def attempt(slot: str, action: Callable[[], object]) -> bool:
    """Calls `action`. Returns False if it failed, with an error that `show_errors` will show.

    For callbacks, which cannot draw in the page.
    """
    try:
        action()
    except StudioError as error:
        add_error(slot, str(error))
        return False
    return True


def add_error(slot: str, message: str) -> None:
    """Adds an error message for `show_errors`, and drops those of other slots."""
    errors_slot, messages = st.session_state.get(ERRORS_KEY, ("", ()))
    st.session_state[ERRORS_KEY] = (slot, [*(messages if errors_slot == slot else ()), message])


def show_errors(slot: str) -> None:
    """Shows the errors of a slot once, at most the first `_MAX_SHOWN`."""
    errors_slot, messages = st.session_state.get(ERRORS_KEY, ("", ()))
    if errors_slot != slot:
        return
    del st.session_state[ERRORS_KEY]
    for message in messages[:_MAX_SHOWN]:
        st.error(words.escape(message), icon=":material/error:")
    if len(messages) > _MAX_SHOWN:
        st.error(f"{len(messages) - _MAX_SHOWN:,} more files were refused.", icon=":material/error:")


def show_not_found(kind: str, names: Sequence[str]) -> None:
    """Warns that nothing has the names in the address; draws nothing without names.

    Args:
        kind: kind of thing that the names stand for, e.g. "image".
        names: from the address.
    """
    if names:
        shown_names = ", ".join(make_printable(name, _MAX_NAME) for name in names)
        st.warning(words.escape(f"There is no {kind} called {shown_names}."), icon=":material/search_off:")
