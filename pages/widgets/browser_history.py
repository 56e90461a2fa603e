"""Back and Forward of the browser: each page is one history entry, which keeps the state of its form.

Streamlit 1.67 needs help with that. It adds an entry for each value that a page takes over from another page,
it clears the entry of a page that the user leaves, on the way back it drops parameters that the other
page has under the same name, and it leaves out of the address what a callback set for another page.
"""

from __future__ import annotations

from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from pages.widgets import assets

# Parameters whose change adds a history entry: a job, one or two items, a document, a search by preference.
STEP_PARAMETERS = ("job", "item", "with", "page", "preference")


def is_back_or_forward() -> bool:
    """Returns whether the user came by Back or Forward, so only the address says what to show."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def handle_back_and_forward() -> None:
    """Makes Back and Forward restore the form. Call it from the frame, before the page is drawn."""
    assets.run_once("browser_history.js", parameters=STEP_PARAMETERS)
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not context.is_history_navigation:
        return
    parameters = parse_qs(context.query_string, keep_blank_values=True)
    dropped = {name: values for name, values in parameters.items() if name not in st.query_params}
    if dropped := {name: values for name, values in dropped.items() if not name.startswith("embed")}:
        st.query_params.update(dropped)
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()


def hand_over_values() -> None:
    """Lets the next page write the values that a callback set into its address. Call it before the switch.

    Streamlit does that only for values of an earlier run, and the run that draws the next page counts as the
    same. Without them in the address, a reload and Back would lose them.
    """
    context = get_script_run_ctx(suppress_warning=True)
    if context is not None:
        context.session_state.on_script_will_rerun(None)
