"""Plays videos."""

from __future__ import annotations

import base64
from pathlib import PurePath

import streamlit as st

from pages.widgets import browser_images, words
from studio.core.tasks import File

MIMES = {".png": "image/png", ".mp4": "video/mp4", ".webp": "image/webp", ".gif": "image/gif"}
MAX_PLAYED_BYTES = 45 << 20  # bytes of a GIF or WebP: in base64 it must fit into one message to the page


def play(file: File, caption: str = "") -> None:
    """Plays a stored video in a loop, without sound."""
    ending = PurePath(file.name).suffix.lower()
    if ending == ".mp4":
        st.video(file.read(), format=MIMES[ending], loop=True, autoplay=True, muted=True)
        st.caption(words.escape(caption))
        return
    data = file.read()
    if len(data) > MAX_PLAYED_BYTES:
        browser_images.show_with_caption(data, width="stretch", caption=caption)
        st.caption(
            ":material/info: This is the first frame. The video is too large to play here: download it."
        )
        return
    # `st.image` would turn bytes into a still image, but passes a data URL through.
    address = f"data:{MIMES[ending]};base64,{base64.b64encode(data).decode()}"
    browser_images.show_with_caption(address, width="stretch", caption=caption)
