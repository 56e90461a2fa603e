"""A black canvas to draw on with a white line: the brush that paints masks, without a photo below it."""

from __future__ import annotations

import io
import json
import struct
from contextlib import suppress

import numpy as np
import streamlit as st
from PIL import Image

from pages.form.brush_component import CSS, HTML, JS
from pages.form.painted_masks import as_text, of_text
from studio.core.errors import StudioError
from studio.core.pictures import images

SIDE = 280  # px
_LINE = ["Line"]
_BRUSH = 22  # px, about as wide as the lines of written digits
_DRAWN, _TURN = "drawing", "drawing_turn"

_mount = st.components.v2.component("studio_drawing", html=HTML, css=CSS, js=JS)


def canvas(label: str) -> np.ndarray:
    """Lets a person draw; a stroke is told as soon as it ends.

    Args:
        label: what screen readers call it.

    Returns:
        `(SIDE, SIDE, 3) uint8`, a white line on black; all black while nothing is drawn.
    """
    turn = f"drawing-{st.session_state.get(_TURN, 0)}"
    key = "drawing_canvas"
    kept = st.session_state.get(_DRAWN)
    told = _told(st.session_state.get(key, {}).get("painted"), turn)
    words = {
        "styles": _LINE,
        "picture": turn,
        "kept": {"styles": _LINE, "masks": [kept]} if kept and told is None else None,
        "alt": "",
        "label": f"{label}: arrow keys move the brush, Shift moves it further, space draws",
        "paint": "#fff",
        "brush": _BRUSH,
        "width": SIDE,
        "height": SIDE,
    }
    head = json.dumps(words).encode()
    data = struct.pack(">I", len(head)) + head + _ground()
    told = _told(_mount(data=data, key=key, on_painted_change=lambda: None).painted, turn)
    if told is not None:
        st.session_state[_DRAWN] = kept = told
    with suppress(StudioError):
        return of_text(kept) if kept else _black()
    return _black()


def is_new() -> bool:
    """Whether nothing was drawn or put here yet."""
    return _DRAWN not in st.session_state


def put(drawing: np.ndarray) -> None:
    """Puts a drawing in the place of what is there, `(H, W, 3) uint8`. Call it before the canvas is drawn."""
    large = images.resize(drawing, SIDE, SIDE)
    st.session_state[_DRAWN] = as_text(images.encode_png(large))
    st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1


def _told(painted: object, turn: str) -> str | None:
    """What a browser sent, if it is of this turn."""
    if not isinstance(painted, dict) or painted.get("picture") != turn:
        return None
    masks = painted.get("masks")
    return masks[0] if isinstance(masks, list) and masks and isinstance(masks[0], str) else None


def _black() -> np.ndarray:
    return np.zeros((SIDE, SIDE, 3), "uint8")


@st.cache_data(show_spinner=False)
def _ground() -> bytes:
    buffer = io.BytesIO()
    Image.fromarray(_black()).save(buffer, "WEBP")
    return buffer.getvalue()
