"""The live camera of the style page: the browser paints the camera's images in a house style.

It shows the page that `studio share` writes, so the images never leave the device.
"""

from __future__ import annotations

from operator import attrgetter
from urllib.parse import urlencode

import streamlit as st

from pages.form import samples, tiles
from pages.form.samples import Sample
from pages.widgets import media_files, page_errors, weight_downloads
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.models.presets import Preset
from studio.core.share import child, runtime

KIND = {"camera": "Live camera"}
_KIND_KEY = "what"  # of the choice between a photo, a video and the camera
_STYLE_KEY, _FRAME_KEY = "camera_style", "camera_frame"
_HEIGHT = 660  # px: shows all buttons at phone width


def choose_style() -> Sample:
    """Lets the user choose a house style, the first that was chosen for a photo at first. Returns it."""
    styles = {sample.title: sample for sample in samples.list_styles() if sample.network}
    photo_styles = st.session_state.get("style") or []
    title = tiles.show(
        "House style",
        list(styles),
        [sample.thumbnail for sample in styles.values()],
        default=next((title for title in photo_styles if title in styles), next(iter(styles))),
        required=True,
        key=_STYLE_KEY,
        bind="query-params",
    )
    return styles[title]


def show(style: Sample) -> None:
    """Shows the camera with the style. Another style of the same network does not stop it."""
    weight_downloads.announce_downloads([runtime.NAME])
    try:
        page = _build_page(presets.find(style.network))
    except StudioError as error:
        page_errors.show_error(error)
        return
    if address := media_files.serve(page, "text/html", _FRAME_KEY):
        fragment = urlencode({"style": style.painting})
        st.iframe(f"{address}#{fragment}", height=_HEIGHT, alt="Live camera")
    st.caption("The images of the camera stay on this device.")


def close() -> None:
    """Returns to the photo, to show a result. Call it before the choice is drawn."""
    if st.session_state.get(_KIND_KEY) in KIND:
        st.session_state[_KIND_KEY] = "photo"


@st.cache_data(
    max_entries=4,
    hash_funcs={Preset: attrgetter("key")},
    show_spinner="Preparing the camera. The first time this may take a minute ...",
)
def _build_page(preset: Preset) -> bytes:
    """Returns the page that shares a network."""
    return child.build(preset)
