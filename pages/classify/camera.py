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
from studio.core.imaging import image_io

MAX_IMAGES_PER_MESSAGE = 12  # images per message of the browser
MAX_IMAGES_PER_PRESS = 60  # images while the button is held once
MAX_SIDE = 640  # px
INTERVAL_MS = {"record": 250, "watch": 500}
_MAX_TEXT_LENGTH = 1_500_000  # characters per image; about ten times what an image of MAX_SIDE needs
_HEAD = "data:image/jpeg;base64,"

_mount = assets.register_component("studio_camera", __file__)


def show_recorder(key: str, on_images: Callable[[list[bytes]], None], max_images: int) -> None:
    """Shows the camera, which records images while its button is held.

    Args:
        key: of the component; each class has its own.
        on_images: called with JPEG files, before the page is drawn.
        max_images: most images that one press may record.
    """
    _mount_camera(
        key, on_images, "record", label="Hold to record", room=min(max_images, MAX_IMAGES_PER_PRESS)
    )


def show_live(key: str, on_image: Callable[[list[bytes]], None], stop_token: str) -> None:
    """Shows the camera, which sends one image after the other until the user stops it.

    Args:
        key: of the component.
        on_image: called with a list of one JPEG file, before the page is drawn.
        stop_token: the camera stops when this text changes.
    """
    _mount_camera(key, on_image, "watch", label="Start", stop="Stop", halt=stop_token)


def _mount_camera(key: str, on_images: Callable[[list[bytes]], None], mode: str, **options: object) -> None:
    confirmed_key = keys.part(key, "seen")

    def on_change() -> None:
        payload = st.session_state[key].images
        burst = str(payload.get("burst", ""))[:60] if isinstance(payload, dict) else ""
        if burst and burst != st.session_state.get(confirmed_key):  # the browser repeats unanswered messages
            st.session_state[confirmed_key] = burst
            on_images(_decode_images(payload.get("images")))

    data = {
        "mode": mode,
        "every": INTERVAL_MS[mode],
        "most": MAX_IMAGES_PER_MESSAGE if mode == "record" else 1,
        "longest": MAX_SIDE,
        "confirmed": st.session_state.get(confirmed_key, ""),
        "alt": "Camera image",
        **options,
    }
    _mount(data=data, key=key, on_images_change=on_change)


def _decode_images(values: object) -> list[bytes]:
    """Returns the image files among the data that a browser sent, without those larger than MAX_SIDE."""
    images = []
    for text in values[:MAX_IMAGES_PER_MESSAGE] if isinstance(values, list) else []:
        if isinstance(text, str) and text.startswith(_HEAD) and len(text) <= _MAX_TEXT_LENGTH:
            try:
                data = base64.b64decode(text.removeprefix(_HEAD), validate=True)
            except binascii.Error:
                continue
            if max(image_io.try_read_size(data) or (0,)) <= MAX_SIDE:
                images.append(data)
    return images
