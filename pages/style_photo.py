"""Style: a photo, or every frame of a video, in the look of paintings, and networks that learn such looks."""

from functools import partial
from typing import Any

import streamlit as st

from pages import parts
from pages.form import many_photos, mask_input, video_input
from pages.style import before_lesson, halves, input_form, lesson, refill, teaching, under_the_hood
from pages.style.input_form import TASK
from studio.style.settings import TransferSettings

INSTANT = ("adain",)

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Style", anchor=False)
    half = halves.choose()
    if half == "train":
        asked = lesson.ask()
    else:
        content = (
            video_input.choose()
            if video_input.ask_kind()
            else parts.image("content", "Content", parts.photos())
        )
        styles = parts.images("style", "Style", parts.styles(), most=4, blend="Blend several styles")
        brushed = input_form.brushed(content, styles)
        settings = parts.form(
            TransferSettings,
            extra={"style_weights": input_form.weights(styles)},
            more=mask_input.ask,
            reset=refill.set_weights,
        )
        mask_input.show_fault()
        wish = input_form.Wish(content, styles, brushed)
        settings = wish.at_home(settings) if settings else None
        parts.saved_settings(TASK, settings, refill.put)
        waits = bool(settings and not wish.follows(settings))
        wanted = waits and (parts.start_button(":material/brush:") or input_form.is_fine_asked())
        several = () if isinstance(content, video_input.Video) else many_photos.ask(settings is not None)
with right:
    stage = parts.stage(left)
if half == "train":
    with stage:
        lesson_job = teaching.show(asked)
        ready = teaching.is_of(lesson_job, asked) or before_lesson.show(asked)
    with left:
        if ready and parts.start_button(":material/school:", "Train"):
            with stage:
                teaching.start(asked)
    parts.recent(lesson.TASK)
    under_the_hood.explain_lesson(lesson_job)
else:
    with stage:
        if wanted and settings is not None:
            parts.start(*wish.job(settings))
        if several and settings is not None:
            parts.start_all(TASK, wish.each(settings, several))
        job = parts.show_job(TASK, (settings, wish.titles), {video_input.TASK: None})
    parts.recent(TASK)
    under_the_hood.explain(job if job and job.task == TASK else None, wish.watched(settings))
    if job is None and settings is not None:  # last, so that all else is there while it is made
        shown, note = wish.preview(settings)
        needs = () if shown.house else INSTANT
        ask = partial(wish.inputs, shown)
        more: dict[str, Any] = (
            {"own": input_form.finer} if wish.follows(settings) else {"whole": wish.whole(settings)}
        )
        with stage:
            parts.show_live(TASK, shown, ask, before=content.file, needs=needs, note=note, **more)
