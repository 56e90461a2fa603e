"""Restore: fills scratches and dust in an old photo, cleans, colorizes and enlarges it."""

import streamlit as st

from pages import parts
from pages.form import problems
from pages.restore import input_form, under_the_hood
from pages.restore.input_form import TASK
from studio.restore.settings import RestoreSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Restore", anchor=False)
    st.caption(
        "Finds scratches and dust in an old photo and fills them, removes noise, adds colors if the photo is "
        "gray or sepia, and enlarges it."
    )
    photo = input_form.ask_photo()
    settings = parts.ask_settings(RestoreSettings)
    parts.show_saved_settings(TASK, settings)
    request = input_form.ask_corrections(photo, settings)
    is_ready = settings is not None and problems.check(TASK, settings, request.build_inputs())
    start_clicked = parts.show_start_button(":material/healing:", is_ready=is_ready)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(TASK, settings, request.build_inputs())
    job = parts.show_job(TASK, (settings, request.identity))
    if job is None and not is_ready:
        problems.show_missing(photo.get_file())
    elif job is None and settings is not None:
        request.show_start_preview(settings)
parts.show_recent(TASK)
under_the_hood.explain(job)
