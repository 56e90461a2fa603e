"""What a person sees when a page fails: a sentence, never a traceback; the log has the rest."""

from __future__ import annotations

import logging

import streamlit as st

from pages.widgets import words
from studio.core.errors import StudioError

log = logging.getLogger("studio.pages")


def tell(error: Exception) -> bool:
    """Shows an error that nothing else caught. Returns True: Streamlit need not show it again."""
    if isinstance(error, StudioError):
        st.error(words.plain(str(error)), icon=":material/error:")
    else:
        log.error("a page failed", exc_info=error)
        sentence = "This page met a fault of its own; what you made is safe. Reload the page."
        st.error(sentence, icon=":material/error:")
    return True
