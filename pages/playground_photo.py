"""Playground: a tiny network learns a photo while you watch and change its settings."""

import streamlit as st

from pages import parts
from pages.playground import input_form, learning, lessons, under_the_hood
from pages.playground.input_form import TASK
from studio.playground.settings import PlaygroundSettings

left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Playground", anchor=False)
    st.caption("Watch a tiny network memorize your photo. Change a setting and training restarts.")
    content = parts.choose_image("content", "Photo", parts.list_photos())
    settings = parts.ask_settings(PlaygroundSettings)
    parts.show_saved_settings(TASK, settings)
    inputs = {"content": [content.get_file()]}
    is_live = settings is not None and input_form.is_live(settings, inputs)
    start_clicked = not is_live and parts.show_start_button(":material/grain:", is_ready=settings is not None)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(TASK, settings, inputs)
    lessons.draw_buttons()
    lessons.explain(settings)
    job = parts.show_job(TASK, (settings, content.title))
    if job is None and settings is not None:
        if is_live:
            learning.show(settings, inputs)
        else:
            input_form.show_start_preview(inputs["content"][0], settings)
parts.show_recent(TASK)
under_the_hood.explain(settings, job)
