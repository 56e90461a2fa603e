"""A camera component that streams images: recorded while a button is held, or watched continuously.

Streamlit's own camera takes one image at a time. The browser sends a few images and waits until the page has
confirmed them before it sends more, so a slow server gets fewer images. A hidden tab sends nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from pages.widgets import assets, keys

MOST_AT_ONCE = 12  # images per message of the browser
MOST_PER_PRESS = 60  # images while the button is held once
LONGEST = 640  # px
EVERY_MS = {"record": 250, "watch": 500}
_MOST_TEXT = 1_500_000  # characters per image; about ten times what an image of LONGEST needs
_HEAD = "data:image/jpeg;base64,"

_mount = assets.component("studio_camera", __file__)


def record(key: str, take: Callable[[list[bytes]], None], room: int) -> None:
    """Shows the camera, which records images while its button is held.

    Args:
        key: of the component; each class has its own.
        take: called with JPEG files, before the page is drawn.
        room: most images that one press may record.
    """
    _show(key, take, "record", label="Hold to record", room=min(room, MOST_PER_PRESS))


def watch(key: str, classify: Callable[[list[bytes]], None], halt: str) -> None:
    """Shows the camera, which sends one image after the other until the user stops it.

    Args:
        key: of the component.
        classify: called with a list of one JPEG file, before the page is drawn.
        halt: the camera stops when this text changes.
    """
    _show(key, classify, "watch", label="Start", stop="Stop", halt=halt)


def _show(key: str, take: Callable[[list[bytes]], None], mode: str, **words: object) -> None:
    seen_key = keys.part(key, "seen")

    def on_change() -> None:
        payload = st.session_state[key].images
        burst = str(payload.get("burst", ""))[:60] if isinstance(payload, dict) else ""
        if burst and burst != st.session_state.get(seen_key):  # the browser repeats unanswered messages
            st.session_state[seen_key] = burst
            take(_images(payload.get("images")))

    data = {
        "mode": mode,
        "every": EVERY_MS[mode],
        "most": MOST_AT_ONCE if mode == "record" else 1,
        "longest": LONGEST,
        "seen": st.session_state.get(seen_key, ""),
        "alt": "Camera image",
        **words,
    }
    _mount(data=data, key=key, on_images_change=on_change)


def _images(values: object) -> list[bytes]:
    """Returns the image files among the data that a browser sent."""
    images = []
    for text in values[:MOST_AT_ONCE] if isinstance(values, list) else []:
        if isinstance(text, str) and text.startswith(_HEAD) and len(text) <= _MOST_TEXT:
            try:
                images.append(base64.b64decode(text.removeprefix(_HEAD), validate=True))
            except binascii.Error:
                continue
    return images
