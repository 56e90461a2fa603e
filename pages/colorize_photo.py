"""Colorize: plausible colors for a gray photo, or for every frame of a gray video."""

import streamlit as st

from pages import parts
from pages.colorize import choices, input_form, refill, under_the_hood
from pages.colorize.input_form import TASK
from pages.form import problems, video_input
from studio.colorize.settings import ColorizeSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Colorize", anchor=False)
    st.caption("Adds colors to a gray photo. The colors are plausible; the true ones are lost.")
    request = input_form.ask()
    settings = parts.ask_settings(
        ColorizeSettings,
        skip=("network",),
        extra={"mask": request.mask.names},
        ask_extra=input_form.ask_network,
    )
    parts.show_saved_settings(TASK, settings, refill.fill_form)
    is_ready = settings is not None and problems.check(*request.build_job(settings))
    is_live = is_ready and settings is not None and request.is_live(settings)
    start_clicked = not is_live and parts.show_start_button(":material/format_color_fill:", is_ready=is_ready)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(*request.build_job(settings))
    job = parts.show_job(TASK, (settings, request.identity), {video_input.TASK: None})
    figures = None
    if job is not None:
        figures = job.result.figures if job.task == TASK and job.result else None
        # Offer the other colorings also beside a kept one: some users keep several.
        is_of_form = figures is not None and job.inputs.get("content") == [request.content.get_file()]
        if is_of_form and is_live and settings is not None:
            choices.show(request, settings)
    elif not is_ready:
        problems.show_missing(request.content.get_file())
    elif is_live and settings is not None:
        live = parts.show_live(
            TASK,
            settings,
            request.build_inputs,
            before=request.content.get_file,
            note=input_form.NOTE,
            needs=request.list_needs(settings),
        )
        figures = live.figures if live else None
        if live:
            choices.show(request, settings)
    elif settings is not None:
        request.show_start_preview(settings)
parts.show_recent(TASK)
under_the_hood.explain(figures)
