"""Plays videos."""

from __future__ import annotations

import base64
from fractions import Fraction
from itertools import accumulate
from pathlib import PurePath

import streamlit as st

from pages.widgets import browser_images, keys, owners, words
from studio.core.imaging import image_io, video_decoder
from studio.core.tasks import File

MIMES = {".png": "image/png", ".mp4": "video/mp4", ".webp": "image/webp", ".gif": "image/gif"}
MAX_PLAYED_BYTES = 45 << 20  # bytes of a GIF or WebP: in base64 it must fit into one message to the page


def play(file: File, caption: str = "", *, key: str = "video") -> None:
    """Plays a stored video in a loop. The player of an MP4 begins without sound; other kinds have none.

    Args:
        file: the video.
        caption: below it.
        key: of the widgets.
    """
    ending = PurePath(file.name).suffix.lower()
    if ending == ".mp4":
        st.video(file.read(), format=MIMES[ending], loop=True, autoplay=True, muted=True)
        st.caption(words.escape(caption))
        return
    if st.toggle("Pause", key=keys.part(key, "pause"), help="Stops the animation to look at its frames"):
        _show_frames(file, caption, key)
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


@st.fragment
def _show_frames(file: File, caption: str, key: str) -> None:
    """Shows the frame at the time of a slider."""
    starts = _read_starts(file)
    number = 0
    if len(starts) > 1:
        number = st.select_slider(
            "Time",
            range(len(starts)),
            format_func=lambda n: f"{starts[n]:.2f} s",
            key=keys.part(key, "frame"),
        )
    image = _encode_frame(file, starts[number])
    browser_images.show_with_caption(image, width="stretch", caption=caption)


@owners.cached(max_entries=8, show_spinner=False)
def _read_starts(file: File) -> list[float]:
    """Returns the start of each frame of a video, in seconds."""
    durations = video_decoder.read_times(file.read(), file.name).durations
    return [float(start) for start in accumulate(durations[:-1], initial=Fraction(0))]


@owners.cached(max_entries=64, show_spinner=False)
def _encode_frame(file: File, seconds: float) -> bytes:
    """Returns the frame of a video at a time, as an image for the browser."""
    return image_io.encode_preview(
        video_decoder.decode_frame(file.read(), file.name, seconds), browser_images.MAX_SIDE
    )
