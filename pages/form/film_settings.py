"""Films: asked for, and shown whatever their kind of file."""

from __future__ import annotations

import base64
from pathlib import PurePath
from typing import Any

import streamlit as st

from pages.form import forms
from pages.widgets import browser_pictures, words
from studio.core.tasks import File
from studio.dream.settings import DreamSettings

MIMES = {".png": "image/png", ".mp4": "video/mp4", ".webp": "image/webp", ".gif": "image/gif"}
MOST_PLAYED = 45 << 20  # bytes of a GIF or WebP; in base64 it has to fit into one message to the page
FRAMES = 60  # four seconds: enough to see where it goes
ASKED_HERE = ("zoom", "zoom_scale", "zoom_turn", "zoom_steps", "fps", "film")


def zoom_film() -> dict[str, Any]:
    """A switch and, when it is on, the settings of a zoom film; gives the values that it asked for."""
    on = st.toggle(
        "Zoom film",
        key="zoom_film",
        bind="query-params",
        help="A film that zooms into the dream without end, instead of one picture",
    )
    if not on:
        return {"zoom": 0}
    most = DreamSettings.described()["zoom"].most or 0
    with st.container(border=True):
        frames = st.slider("Frames", 2, int(most), FRAMES, key="zoom", bind="query-params")
        return {"zoom": frames} | forms.fields(DreamSettings, ASKED_HERE[1:])


def reset() -> None:
    """Puts the film away, and its settings back. Call it from a callback."""
    st.session_state["zoom_film"], st.session_state["zoom"] = False, FRAMES
    forms.defaults(DreamSettings, ASKED_HERE[1:])


def play(file: File, caption: str = "") -> None:
    """Shows a kept film, over and over, without sound."""
    ending = PurePath(file.name).suffix.lower()
    if ending == ".mp4":
        st.video(file.read(), format=MIMES[ending], loop=True, autoplay=True, muted=True)
        st.caption(words.plain(caption))
        return
    data = file.read()
    if len(data) > MOST_PLAYED:
        browser_pictures.captioned(data, width="stretch", caption=caption)
        st.caption(":material/info: This is its first frame: it is too large to play here. Download it.")
        return
    # Bytes would be made a still picture here; an address is taken as it is.
    address = f"data:{MIMES[ending]};base64,{base64.b64encode(data).decode()}"
    browser_pictures.captioned(address, width="stretch", caption=caption)
