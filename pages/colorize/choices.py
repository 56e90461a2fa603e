"""Three other colorings of the same photo, to choose from: there is never just one answer."""

from __future__ import annotations

import streamlit as st

from pages.colorize.input_form import TASK, Wish
from pages.jobs import live
from pages.widgets import browser_images
from studio.colorize.settings import ColorizeSettings
from studio.core.imaging import image_io
from studio.core.tasks import File

LONGEST = 320  # px of a small one
COUNT = 3
_ROUND = "color_round"


def show(wish: Wish, settings: ColorizeSettings) -> None:
    """Draws them, each with a button that takes it."""
    st.subheader("Three more to choose from", anchor=False)
    first = 1 + COUNT * st.session_state.get(_ROUND, 0)
    inputs = {**wish.inputs(), "content": [_small(wish.content.file())]}
    for number, column in enumerate(st.columns(COUNT), start=first):
        with column:
            other = settings.model_copy(update={"variant": number})
            made = live.live_result(TASK, other, inputs, "colorings", most=4 * COUNT)
            if made is not None:
                browser_images.image(made.data, alt=f"Coloring {number}")
            chosen = settings.variant == number
            label = "Chosen" if chosen else "Use this one"
            st.button(
                label, key=f"take_{number}", width="stretch", disabled=chosen, on_click=_take, args=(number,)
            )
    with st.container(horizontal=True):
        st.button("Three others", icon=":material/casino:", on_click=_roll)
        if settings.variant:
            st.button("Back to the most probable", icon=":material/undo:", on_click=_take, args=(0,))


def _take(number: int) -> None:
    st.session_state["variant"] = number


def _roll() -> None:
    st.session_state[_ROUND] = st.session_state.get(_ROUND, 0) + 1


@st.cache_data(max_entries=16, show_spinner=False)
def _small_png(digest: str) -> bytes:
    photo = image_io.read(File(digest, "image", "").path)
    return image_io.encode_png(image_io.fit(photo, min(LONGEST, max(photo.shape[:2]))))


def _small(photo: File) -> File:
    return File.keep(_small_png(photo.digest), "image", photo.name)
