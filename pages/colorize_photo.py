"""Color: a gray photo, or every frame of a gray video, in colors that it may have had."""

import streamlit as st

from pages import parts
from pages.colorize import choices, input_form, refill, under_the_hood
from pages.colorize.input_form import TASK
from pages.form import video_input
from studio.colorize.settings import ColorizeSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Colorize", anchor=False)
    st.caption("Adds colors to a gray photo. The colors are plausible; the true ones are lost.")
    wish = input_form.wish()
    settings = parts.form(ColorizeSettings, skip=("network",), beside=input_form.network)
    parts.saved_settings(TASK, settings, refill.put)
    problem = wish.problem(settings) if settings is not None else ""
    at_once = settings is not None and not problem and wish.follows(settings)
    wanted = (
        settings is not None
        and not problem
        and not at_once
        and parts.start_button(":material/format_color_fill:")
    )
with right:
    stage = parts.stage(left)
with stage:
    if wanted and settings is not None:
        parts.start(*wish.job(settings))
    job = parts.show_job(TASK, (settings, wish.titles), {video_input.TASK: None})
    figures = None
    if job is not None:
        figures = job.result.figures if job.task == TASK and job.result else None
    elif problem:
        input_form.show_problem(wish, problem)
    elif at_once and settings is not None:
        live = parts.show_live(TASK, settings, wish.inputs, before=wish.content.file, note=input_form.NOTE)
        figures = live.figures if live else None
        if live:
            choices.show(wish, settings)
    elif settings is not None:
        wish.before_start(settings)
parts.recent(TASK)
under_the_hood.explain(figures)
