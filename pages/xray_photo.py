"""X-ray: the feature maps of a photo, by layer, channel and filter."""

import streamlit as st

from pages import parts
from pages.dream import channel_sheet
from pages.form import mask_choice
from pages.xray import branches, filter_view, input_form, layers, map_view, under_the_hood
from pages.xray.input_form import TASK

left, right = st.columns([5, 11], gap="large")
with left:
    st.title("X-ray", anchor=False)
    st.caption(
        "What a pretrained classifier responds to in your photo. Each filter outputs a feature map, bright "
        "where it responds."
    )
    photo = parts.choose_image("content", "Photo", parts.list_photos())
    mask = mask_choice.ask(photo.get_file, "Ranks channels by how much more they respond in this part")
    settings = input_form.ask(mask)
    inputs = {"content": [photo.get_file()], "mask": list(mask.files)}
with right:
    stage = parts.create_stage(left)
feature_map = None
with stage:
    job = parts.show_job(
        TASK, (settings, photo.title, mask), {channel_sheet.TASK: None, filter_view.TASK: None}
    )
    if job is None and settings is not None:
        feature_map = map_view.show(settings, inputs)
    if feature_map is not None and settings is not None:
        layers.show(feature_map.figures["layers"], settings.layer_name)
        filter_view.show(settings, feature_map.figures["channel"], photo.get_file())
        branches.show(settings, feature_map)
parts.show_recent(TASK)
under_the_hood.explain(settings, feature_map)
