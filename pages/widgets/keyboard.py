"""Keys of all pages, and the dialog that lists them."""

from __future__ import annotations

import streamlit as st

from pages.widgets import assets, keys

START = "Ctrl+Enter"  # Streamlit takes Cmd for it on a Mac
_LIST_KEY = "list_keys"
# For each key, the widget key of the button that it presses, or of a container whose first button it presses.
_BUTTONS = {
    "Enter": "start",
    "ArrowLeft": "item_Newer",
    "ArrowRight": "item_Older",
    "?": _LIST_KEY,
}
_LINES = """
| Key | What it does |
|---|---|
| Ctrl+Enter or ⌘+Enter | Starts what the form asks for |
| Enter, outside fields and buttons | Starts, too |
| Esc | Closes a dialog or a menu |
| ← and → | Show the newer or older item of the gallery |
| Arrows and Space on a canvas | Move the brush and paint; with Shift it moves further |
| Arrows, Space, 0 and 1 on the plane of Playground | Move, add a point, and select its class |
| Ctrl+Z or ⌘+Z | Undoes a stroke on a canvas |
| Shift+Ctrl+Z or Shift+⌘+Z | Redoes it |
| Ctrl+V or ⌘+V | Pastes an image as the first image of the page |
| Tab and Space | Reach and press every control |
| ← and → in a row of choices | Move between the choices; Space or Enter selects one |
| ? | Lists these keys |
"""


def listen() -> None:
    """Makes the keys work, and draws the button that lists them. Call it once for each page."""
    assets.run_once("keyboard.js", buttons=list_buttons())
    if st.button("Keys", icon=":material/keyboard:", type="tertiary", key=_LIST_KEY, help="Also: press ?"):
        _show_list()


def list_buttons() -> dict[str, str]:
    """Returns the CSS class of the button that each key presses, or of its container."""
    return {key: keys.css_class(name) for key, name in _BUTTONS.items()}


@st.dialog("Keys", icon=":material/keyboard:")
def _show_list() -> None:
    st.markdown(_LINES)
