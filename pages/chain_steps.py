"""Chain: repeats all steps that made a result with another photo, or with many."""

import streamlit as st

from pages import parts
from pages.chain import input_form, under_the_hood
from pages.chain.input_form import TASK
from pages.form import many_photos, problems
from studio.chain.settings import ChainSettings

settings = ChainSettings()
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Chain", anchor=False)
    st.caption(
        "Repeats all steps that made a result, such as restoring and then style transfer, with another photo."
    )
    request = input_form.ask()
    is_ready = problems.check(TASK, settings, request.build_inputs())
    start_clicked = parts.show_start_button(":material/link:", is_ready=is_ready)
    more_photos = many_photos.ask(is_ready)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked:
        parts.start(TASK, settings, request.build_inputs())
    if more_photos:
        parts.start_all(TASK, [(settings, request.build_inputs(photo)) for photo in more_photos])
    job = parts.show_job(TASK, (settings, request.identity))
    if job is None and not is_ready:
        problems.show_missing(request.content.get_file())
    elif job is None:
        request.show_start_preview(settings)
parts.show_recent(TASK)
under_the_hood.explain(request.like.get_file())
