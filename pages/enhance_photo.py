"""Enhance: a photo, or every frame of a video, made larger, sharper and cleaner."""

import streamlit as st

from pages import parts
from pages.enhance import closer_look, input_form, made, refill, under_the_hood
from pages.enhance.input_form import TASK
from pages.form import video_input
from studio.enhance.settings import EnhanceSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Enhance", anchor=False)
    st.caption("Upscales an image and sharpens it, and removes noise and JPEG artifacts.")
    wish = input_form.content()
    settings = parts.form(
        EnhanceSettings, skip=("network", "cleaner"), beside=lambda: input_form.beside(wish)
    )
    parts.saved_settings(TASK, settings, refill.put)
    at_once = settings is not None and wish.follows(settings)
    wanted = settings is not None and not at_once and parts.start_button(":material/photo_size_select_large:")
with right:
    stage = parts.stage(left)
with stage:
    if wanted and settings is not None:
        parts.start(*wish.job(settings))
    job = parts.show_job(TASK, (settings, wish.titles), {video_input.TASK: None})
    result = None
    if job is not None:
        result = made.of_job(job)
    elif at_once and settings is not None:
        note, file = wish.size_in_words(settings), wish.content.file
        result = made.of_live(parts.show_live(TASK, settings, wish.inputs, before=file, note=note))
    elif settings is not None:
        wish.before_start(settings)
    closer_look.show(result)
parts.recent(TASK)
under_the_hood.explain(result)
