"""Back and Forward of the browser: each page is one entry of its history, which keeps the form as it was.

Streamlit 1.67 needs help with that. It makes an entry of each value that a page takes over from another one,
it empties the entry of a page that is left, and on the way back it drops what the page just left has under
the same name.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.widgets import assets

# Parameters whose new value is an entry of its own: a job, one or two items, a document, a search by
# preference.
STEPS = ("job", "item", "with", "page", "eye")


def is_back_or_forward() -> bool:
    """Whether the user came here by Back or Forward, so that the address alone says what is shown."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def follow() -> None:
    """Makes Back and Forward bring the form back. Call it from the frame, before the page is drawn."""
    assets.run(__file__, "browser_history.js", steps=STEPS)
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not context.is_history_navigation:
        return
    told = parse_qs(context.query_string, keep_blank_values=True)
    dropped = {name: values for name, values in told.items() if name not in st.query_params}
    if dropped := {name: values for name, values in dropped.items() if not name.startswith("embed")}:
        st.query_params.update(dropped)
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()
