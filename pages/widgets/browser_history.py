"""Back and Forward of the browser: each page is one entry of its history, which keeps the form as it was.

Streamlit 1.67 needs help with that. It makes an entry of each value that a page takes over from another one,
it empties the entry of a page that is left, and on the way back it drops what the page just left has under
the same name.
"""

from __future__ import annotations

import json
from urllib.parse import parse_qs

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

# Parameters whose new value is an entry of its own: a job, one or two items, a document, a search by eye.
STEPS = ("job", "item", "with", "page", "eye")
_SCRIPT = """
<script>
(() => {
  if (window.studioHistory) return;
  window.studioHistory = true;
  const push = history.pushState.bind(history), replace = history.replaceState.bind(history);
  const steps = (url) => STEPS.map((name) => url.searchParams.getAll(name).join()).join(";");
  let settled = location.href;  // when the page last stood still
  let left = location.href;  // the same, with what the user has changed since
  let arriving = true;  // the page is not complete yet, so nothing in it is a step
  const settle = () => { settled = left = location.href; };
  history.replaceState = (state, title, url) => {  // a widget was changed
    replace(state, title, url);
    left = location.href;
  };
  history.pushState = (state, title, url) => {
    const now = new URL(location.href), next = new URL(url, location.href);
    const stays = next.pathname === now.pathname;
    if (stays && (arriving || steps(next) === steps(now))) return replace(state, title, url);
    replace(history.state, "", stays ? settled : left);
    push(state, title, url);
    settle();
    arriving = !stays;
  };
  window.addEventListener("popstate", () => { settle(); arriving = true; });
  for (const input of ["pointerdown", "keydown"]) addEventListener(input, () => { arriving = false; }, true);
  new MutationObserver(() => {
    if (document.querySelector("[data-testid=stApp]")?.dataset.testScriptState !== "notRunning") return;
    settle();
    arriving = false;
  }).observe(document.body, { subtree: true, attributes: true, attributeFilter: ["data-test-script-state"] });
})();
</script>
"""


def is_back_or_forward() -> bool:
    """Whether the user came here by Back or Forward, so that the address alone says what is shown."""
    context = get_script_run_ctx(suppress_warning=True)
    return context is not None and context.is_history_navigation


def follow() -> None:
    """Makes Back and Forward bring the form back. Call it from the frame, before the page is drawn."""
    st.html(_SCRIPT.replace("STEPS", json.dumps(STEPS)), unsafe_allow_javascript=True)
    context = get_script_run_ctx(suppress_warning=True)
    if context is None or not context.is_history_navigation:
        return
    told = parse_qs(context.query_string, keep_blank_values=True)
    dropped = {name: values for name, values in told.items() if name not in st.query_params}
    if dropped := {name: values for name, values in dropped.items() if not name.startswith("embed")}:
        st.query_params.update(dropped)
        with context.session_state.query_params() as params:
            params.set_initial_query_params_from_current()
