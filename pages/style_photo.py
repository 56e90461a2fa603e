"""Style: transfers the style of paintings to a photo or video, and trains networks on new styles."""

from functools import partial
from typing import Any

import streamlit as st

from pages import parts
from pages.form import many_photos, mask_input, problems, video_input
from pages.style import halves, input_form, live_camera, refill, training, training_form, under_the_hood
from pages.style.input_form import TASK
from studio.style.settings import MAX_STYLES, TransferSettings

left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Style", anchor=False)
    half = halves.choose()
    kind = video_input.ask_kind(live_camera.KIND) if half == "paint" else ""
    if half == "train":
        training_request = training_form.ask()
    elif kind in live_camera.KIND:
        camera_style = live_camera.choose_style()
    else:
        content = (
            video_input.choose(TASK)
            if kind == "video"
            else parts.choose_image("content", "Content", parts.list_photos(), offer_video=video_input.offer)
        )
        styles = parts.choose_images(
            "style", "Style", parts.list_styles(), max_images=MAX_STYLES, blend_label="Blend several styles"
        )
        request = input_form.ask_request(content, styles)
        settings = parts.ask_settings(
            TransferSettings,
            extra={
                "style_weights": input_form.draw_weight_sliders(styles),
                "mask": request.selections,
            },
            show_more=lambda: mask_input.ask(len(styles)),
            reset_more=refill.set_weights,
        )
        mask_input.show_errors()
        settings = request.with_house_styles(settings) if settings else None
        parts.show_saved_settings(TASK, settings, refill.fill_form)
        is_ready = settings is not None and request.check(settings)
        is_live = is_ready and settings is not None and request.is_live(settings)
        start_clicked = not is_live and (
            parts.show_start_button(
                ":material/brush:",
                is_ready=is_ready,
                offers_variants=settings is not None and request.has_variants(settings),
            )
            or input_form.pop_fine_request()
        )
        more_photos = () if isinstance(content, video_input.Video) else many_photos.ask(is_ready)
with right:
    stage = parts.create_stage(left)
if half == "train":
    training.show_half(training_request, left, stage)
elif kind in live_camera.KIND:
    with stage:
        live_camera.show(camera_style)
    parts.show_recent(TASK)
    under_the_hood.explain(None)
else:
    with stage:
        if start_clicked and settings is not None:
            parts.start(*request.build_job(settings))
        if parts.is_variants_clicked() and settings is not None:
            parts.start_variants(*request.build_draft(settings))
        if more_photos and settings is not None:
            parts.start_all(TASK, request.build_jobs(settings, more_photos))
        job = parts.show_job(TASK, (settings, request.identity), {video_input.TASK: None})
    parts.show_recent(TASK)
    under_the_hood.explain(job if job and job.task == TASK else None, request.make_draft_starter(settings))
    if job is None and not is_ready:
        with stage:
            problems.show_missing(content.get_file())
    elif job is None and settings is not None:  # Last, because it takes time and the rest should show first.
        preview_settings, note = request.make_preview(settings)
        build_inputs = partial(request.build_inputs, preview_settings)
        options: dict[str, Any] = (
            {"show_buttons": input_form.draw_fine_button}
            if is_live
            else {"full_size": request.make_full_size(settings)}
        )
        with stage:
            parts.show_live(
                TASK,
                preview_settings,
                build_inputs,
                before=content.get_file,
                needs=input_form.list_needs(preview_settings),
                note=note,
                **options,
            )
