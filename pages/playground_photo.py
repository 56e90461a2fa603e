"""Playground: a tiny network learns a photo or separates points, while you watch and change its settings."""

import streamlit as st

from pages import parts
from pages.playground import halves, input_form, learning, lessons, photo, points, under_the_hood

left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Playground", anchor=False)
    half = halves.choose()
    request = points.ask() if half == "points" else photo.ask()
    task, settings, inputs = request.view.task, request.settings, request.inputs
    parts.show_saved_settings(task, settings)
    is_ready = settings is not None and inputs is not None
    start_clicked = not request.is_live and parts.show_start_button(":material/grain:", is_ready=is_ready)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None and inputs is not None:
        parts.start(task, settings, inputs)
    lessons.draw_buttons(request.kind)
    lessons.explain(settings)
    job = parts.show_job(task, request.identity)
    if job is None and settings is not None:
        if inputs is None:
            points.show_missing()
        elif request.is_live:
            learning.show(request.view, settings, inputs)
        else:
            input_form.show_start_preview(task, inputs, settings)
parts.show_recent(task)
under_the_hood.explain(settings, job)
