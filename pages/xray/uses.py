"""Buttons that use a feature map elsewhere: as a mask for a style, or as the objective of a dream."""

from __future__ import annotations

import streamlit as st

from pages.form import blending, image_input, layer_terms, mask_brush, mask_input, paint, samples
from pages.jobs import live
from pages.jobs.navigation import request_page
from pages.xray.input_form import TASK
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs
from studio.xray.settings import XraySettings


def draw_buttons(settings: XraySettings, channel: int, inputs: Inputs) -> None:
    """Draws the buttons; each opens its page with the photo and the map selected."""
    mask = settings.model_copy(update={"show": "mask", "channel": channel, "field": False})
    st.button(
        "Use as style mask",
        key="to_style",
        icon=":material/brush:",
        help="Opens the Style page with this feature map as the mask: high activations get the style",
        on_click=_open_style,
        args=(mask, inputs),
    )
    st.button(
        "Dream of it",
        key="to_dream",
        icon=":material/bedtime:",
        help="Opens the Dream page, which changes the photo to maximize this channel's activation",
        on_click=_open_dream,
        args=(layer_terms.make_term(settings.layer_name, channel), inputs["content"][0]),
    )


def _open_style(settings: XraySettings, inputs: Inputs) -> None:
    result = live.make_result(TASK, settings, inputs, "xray_masks", 2)
    if result is None:
        return
    photo = inputs["content"][0]
    _use_photo(photo)
    small = image_io.fit(image_io.read(result.data), paint.MAX_SIDE)
    mask = mask_input.store_painted(image_io.encode_png(small), 1)
    first = samples.list_styles()[0].title
    styles = (st.session_state.get("style") or [first])[:1]
    st.session_state["what"] = "photo"
    blending.select("style", styles)
    if mask_brush.load_masks(photo.digest, styles, [mask]):
        st.session_state["brush"] = True
    else:
        mask_input.set_masks([mask])
    request_page("style_photo.py")


def _open_dream(term: str, photo: File) -> None:
    _use_photo(photo)
    st.session_state["see"], st.session_state["layers"] = "channels", term
    request_page("dream_photo.py")


def _use_photo(photo: File) -> None:
    image_input.add_and_select("content", photo, "Your photo", samples.find_title(photo))
