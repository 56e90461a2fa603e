"""X-ray: the feature maps of a photo, by layer, channel and filter."""

import streamlit as st

from pages import parts
from pages.dream import channel_sheet
from pages.xray import branches, filter_view, input_form, layer_strip, map_view, under_the_hood
from pages.xray.input_form import TASK

left, right = st.columns([5, 11], gap="large")
with left:
    st.title("X-ray", anchor=False)
    st.caption(
        "What a pretrained classifier responds to in your photo. Each filter outputs a feature map, bright "
        "where it responds."
    )
    photo = parts.image("content", "Photo", parts.photos())
    settings = input_form.ask()
    inputs = {"content": [photo.file()]}
with right:
    stage = parts.stage(left)
found = None
with stage:
    job = parts.show_job(TASK, (settings, photo.title), {channel_sheet.PAINT: None, "xray.filter": None})
    if job is None and settings is not None:
        found = map_view.show(settings, inputs)
    if found is not None and settings is not None:
        layer_strip.show(found.figures["layers"], settings.seen)
        filter_view.show(settings, found.figures["channel"], inputs)
        branches.show(settings, found)
parts.recent(TASK)
under_the_hood.explain(settings, found)
