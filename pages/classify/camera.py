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

MAX_IMAGES_PER_MESSAGE = 12  # images per message of the browser
MAX_IMAGES_PER_PRESS = 60  # images while the button is held once
MAX_SIDE = 640  # px
INTERVAL_MS = {"record": 250, "watch": 500}
_MAX_TEXT_LENGTH = 1_500_000  # characters per image; about ten times what an image of LONGEST needs
_HEAD = "data:image/jpeg;base64,"

_mount = assets.component("studio_camera", __file__)


def show_recorder(key: str, take: Callable[[list[bytes]], None], room: int) -> None:
    """Shows the camera, which records images while its button is held.

    Args:
        key: of the component; each class has its own.
        take: called with JPEG files, before the page is drawn.
        room: most images that one press may record.
    """
    _mount_camera(key, take, "record", label="Hold to record", room=min(room, MAX_IMAGES_PER_PRESS))


def show_live(key: str, classify: Callable[[list[bytes]], None], halt: str) -> None:
    """Shows the camera, which sends one image after the other until the user stops it.

    Args:
        key: of the component.
        classify: called with a list of one JPEG file, before the page is drawn.
        halt: the camera stops when this text changes.
    """
    _mount_camera(key, classify, "watch", label="Start", stop="Stop", halt=halt)


def _mount_camera(key: str, take: Callable[[list[bytes]], None], mode: str, **words: object) -> None:
    seen_key = keys.part(key, "seen")

    def on_change() -> None:
        payload = st.session_state[key].images
        burst = str(payload.get("burst", ""))[:60] if isinstance(payload, dict) else ""
        if burst and burst != st.session_state.get(seen_key):  # the browser repeats unanswered messages
            st.session_state[seen_key] = burst
            take(_decode_images(payload.get("images")))

    data = {
        "mode": mode,
        "every": INTERVAL_MS[mode],
        "most": MAX_IMAGES_PER_MESSAGE if mode == "record" else 1,
        "longest": MAX_SIDE,
        "seen": st.session_state.get(seen_key, ""),
        "alt": "Camera image",
        **words,
    }
    _mount(data=data, key=key, on_images_change=on_change)


def _decode_images(values: object) -> list[bytes]:
    """Returns the image files among the data that a browser sent."""
    images = []
    for text in values[:MAX_IMAGES_PER_MESSAGE] if isinstance(values, list) else []:
        if isinstance(text, str) and text.startswith(_HEAD) and len(text) <= _MAX_TEXT_LENGTH:
            try:
                images.append(base64.b64decode(text.removeprefix(_HEAD), validate=True))
            except binascii.Error:
                continue
    return images
