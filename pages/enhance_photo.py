"""Enhance: upscales, sharpens and denoises a photo or every frame of a video."""

import streamlit as st

from pages import parts
from pages.enhance import closer_look, enhanced_image, input_form, refill, under_the_hood
from pages.enhance.input_form import TASK
from pages.form import problems, video_input
from studio.enhance.settings import EnhanceSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Enhance", anchor=False)
    st.caption("Upscales an image and sharpens it, and removes noise and JPEG artifacts.")
    request = input_form.ask()
    settings = parts.ask_settings(
        EnhanceSettings,
        **input_form.choose_fields(),
        extra={"mask": request.mask.names},
        ask_extra=lambda: input_form.ask_networks(request),
    )
    parts.show_saved_settings(TASK, settings, refill.fill_form)
    is_ready = settings is not None and problems.check(*request.build_job(settings))
    is_live = is_ready and settings is not None and request.is_live(settings)
    start_clicked = not is_live and parts.show_start_button(
        ":material/photo_size_select_large:", is_ready=is_ready
    )
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(*request.build_job(settings))
    job = parts.show_job(TASK, (settings, request.identity), {video_input.TASK: None})
    result = None
    if job is not None:
        result = enhanced_image.from_job(job)
    elif not is_ready:
        problems.show_missing(request.content.get_file())
    elif is_live and settings is not None:
        note, file = request.describe_size(settings), request.content.get_file
        result = enhanced_image.from_live(
            parts.show_live(
                TASK, settings, request.build_inputs, before=file, note=note, needs=request.mask.needs
            )
        )
    elif settings is not None:
        request.show_start_preview(settings)
    enhanced_image.show_notes(result)
    closer_look.show(result)
parts.show_recent(TASK)
under_the_hood.explain(result)
