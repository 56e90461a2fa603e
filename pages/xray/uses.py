"""Buttons that use a feature map elsewhere: as a mask for a style, or as the objective of a dream."""

from __future__ import annotations

import streamlit as st

from pages.form import blending, image_input, layer_terms, mask_input, painted_masks, samples
from pages.jobs import live
from pages.jobs.navigation import leave_for
from pages.xray.input_form import TASK
from studio.core.imaging import image_io
from studio.core.tasks import File, Inputs
from studio.xray.settings import LookSettings


def buttons(settings: LookSettings, channel: int, inputs: Inputs) -> None:
    """Draws the buttons; each opens its page with the photo and the map selected."""
    mask = settings.model_copy(update={"show": "mask", "channel": channel, "field": False})
    st.button(
        "Mask for a style",
        key="to_style",
        icon=":material/brush:",
        help="Opens Style with this map as the mask",
        on_click=_to_style,
        args=(mask, inputs),
    )
    st.button(
        "Dream of it",
        key="to_dream",
        icon=":material/bedtime:",
        help="Opens Dream, which maximizes this channel on the photo",
        on_click=_to_dream,
        args=(layer_terms.term(settings.layer_name, channel), inputs["content"][0]),
    )


def _to_style(settings: LookSettings, inputs: Inputs) -> None:
    result = live.live_result(TASK, settings, inputs, "xray_masks", 2)
    if result is None:
        return
    photo = inputs["content"][0]
    _use_photo(photo)
    small = image_io.fit(image_io.read(result.data), painted_masks.LONGEST)
    mask = mask_input.of_brush(image_io.encode_png(small), 1)
    first = samples.styles()[0].title
    styles = (st.session_state.get("style") or [first])[:1]
    st.session_state["what"] = "photo"
    blending.choose("style", styles)
    if painted_masks.put(photo.digest, styles, [mask]):
        st.session_state["brush"] = True
    else:
        mask_input.put([mask])
    leave_for("style_photo.py")


def _to_dream(term: str, photo: File) -> None:
    _use_photo(photo)
    st.session_state["see"], st.session_state["layers"] = "channels", term
    leave_for("dream_photo.py")


def _use_photo(photo: File) -> None:
    title = samples.titles().get(samples.command_name(photo).removeprefix("sample:"), "")
    image_input.use("content", photo, "Your photo", title)
