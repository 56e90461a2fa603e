"""The camera as a stream of images: recorded while a button is held, or looked at again and again.

Our own because Streamlit's takes one image at a time. The browser sends a few images, and the next ones
only after the page has told that it has those: so a slow server gets fewer, and none that nobody waits for.
While its tab is hidden it sends nothing.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Callable

import streamlit as st

from pages.widgets import assets, keys

MOST_AT_ONCE = 12  # images that the browser sends together
MOST_HELD = 60  # that one press of the button takes
LONGEST = 640  # px
EVERY_MS = {"record": 250, "watch": 500}
_MOST_TEXT = 1_500_000  # characters of an image; one of LONGEST has a tenth of that
_HEAD = "data:image/jpeg;base64,"

_mount = assets.component("studio_camera", __file__)


def record(key: str, take: Callable[[list[bytes]], None], room: int) -> None:
    """Shows the camera, which takes images one after the other while its button is held.

    Args:
        key: of the component; each class has its own.
        take: given JPEG files, before anything is drawn.
        room: how many images one press may take.
    """
    _show(key, take, "record", label="Hold to record", room=min(room, MOST_HELD))


def watch(key: str, look: Callable[[list[bytes]], None], halt: str) -> None:
    """Shows the camera, of which an image is looked at, and then the next, until a user stops it.

    Args:
        key: of the component.
        look: given a JPEG file, before anything is drawn.
        halt: another text than before stops it.
    """
    _show(key, look, "watch", label="Start", stop="Stop", halt=halt)


def _show(key: str, take: Callable[[list[bytes]], None], mode: str, **words: object) -> None:
    seen = keys.part(key, "seen")

    def came() -> None:
        sent = st.session_state[key].images
        burst = str(sent.get("burst", ""))[:60] if isinstance(sent, dict) else ""
        if burst and burst != st.session_state.get(seen):  # a browser that waits in vain sends once more
            st.session_state[seen] = burst
            take(_images(sent.get("images")))

    data = {
        "mode": mode,
        "every": EVERY_MS[mode],
        "most": MOST_AT_ONCE if mode == "record" else 1,
        "longest": LONGEST,
        "seen": st.session_state.get(seen, ""),
        "alt": "Camera image",
        **words,
    }
    _mount(data=data, key=key, on_images_change=came)


def _images(told: object) -> list[bytes]:
    """Returns the image files among the data that a browser sent."""
    found = []
    for text in told[:MOST_AT_ONCE] if isinstance(told, list) else []:
        if isinstance(text, str) and text.startswith(_HEAD) and len(text) <= _MOST_TEXT:
            try:
                found.append(base64.b64decode(text.removeprefix(_HEAD), validate=True))
            except binascii.Error:
                continue
    return found
