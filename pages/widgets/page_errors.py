"""Messages for errors on a page or in its address; the log has the traceback."""

from __future__ import annotations

import logging
from collections.abc import Sequence

import streamlit as st

from pages.widgets import words
from studio.core.errors import StudioError, make_printable

log = logging.getLogger("studio.pages")
_MAX_NAME = 60  # characters


def show_error(error: Exception) -> bool:
    """Shows an error that no page caught. Returns True, so Streamlit does not show it again."""
    if isinstance(error, StudioError):
        st.error(words.escape(str(error)), icon=":material/error:")
    else:
        log.error("a page failed", exc_info=error)
        sentence = "Something went wrong on this page. Your work is safe; reload the page."
        st.error(sentence, icon=":material/error:")
    return True


def show_not_found(kind: str, names: Sequence[str]) -> None:
    """Warns that nothing has the names in the address; draws nothing without names.

    Args:
        kind: kind of thing that the names stand for, e.g. "image".
        names: from the address.
    """
    if names:
        shown_names = ", ".join(make_printable(name, _MAX_NAME) for name in names)
        st.warning(words.escape(f"There is no {kind} called {shown_names}."), icon=":material/search_off:")
