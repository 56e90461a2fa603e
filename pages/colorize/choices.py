"""Alternative colorings of the same photo to choose from."""

from __future__ import annotations

import streamlit as st

from pages.colorize.input_form import TASK, Request
from pages.jobs import live
from pages.widgets import browser_images
from studio.colorize.settings import ColorizeSettings
from studio.core.imaging import image_io
from studio.core.tasks import File

MAX_SIDE = 320  # px of the longer side
COLORINGS_SHOWN = 3  # colorings at a time
_ROUND_KEY = "color_round"


def show(request: Request, settings: ColorizeSettings) -> None:
    """Draws the colorings, each with a button that selects it."""
    st.subheader("Three more to choose from", anchor=False)
    first_number = 1 + COLORINGS_SHOWN * st.session_state.get(_ROUND_KEY, 0)
    inputs = {**request.build_inputs(), "content": [_store_small_photo(request.content.get_file())]}
    for number, column in enumerate(st.columns(COLORINGS_SHOWN), start=first_number):
        with column:
            variant_settings = settings.model_copy(update={"variant": number})
            coloring = live.make_result(
                TASK, variant_settings, inputs, "colorings", max_results=4 * COLORINGS_SHOWN
            )
            if coloring is not None:
                browser_images.show_image(coloring.data, alt=f"Coloring {number}")
            is_chosen = settings.variant == number
            label = "Chosen" if is_chosen else "Use this one"
            st.button(
                label,
                key=f"take_{number}",
                width="stretch",
                disabled=is_chosen,
                on_click=_select_variant,
                args=(number,),
            )
    with st.container(horizontal=True):
        st.button("Three others", icon=":material/casino:", on_click=_show_next_round)
        if settings.variant:
            st.button(
                "Back to the most probable", icon=":material/undo:", on_click=_select_variant, args=(0,)
            )


def _select_variant(number: int) -> None:
    st.session_state["variant"] = number


def _show_next_round() -> None:
    st.session_state[_ROUND_KEY] = st.session_state.get(_ROUND_KEY, 0) + 1


@st.cache_data(max_entries=16, show_spinner=False)
def _encode_small_photo(digest: str) -> bytes:
    photo = image_io.read(File(digest, "image", "").path)
    return image_io.encode_png(image_io.fit(photo, min(MAX_SIDE, max(photo.shape[:2]))))


def _store_small_photo(photo: File) -> File:
    return File.store(_encode_small_photo(photo.digest), "image", photo.name)
