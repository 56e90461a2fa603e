"""Dream: runs DeepDream on a photo, or zooms into the dream as a video."""

import streamlit as st

from pages import parts
from pages.dream import channel_sheet, refill, targets, under_the_hood
from pages.dream.targets import TASK
from pages.form import many_photos, mask_choice
from studio.dream.settings import DreamSettings

GUIDE_HELP = "The dream moves toward the features of this image instead of maximizing activations"


def build_inputs():
    """Returns the input files of a run. Call it only when needed: it may have to create a sample."""
    guides = [guide.get_file()] if guide else []
    return {"content": [content.get_file()], "guide": guides, "mask": list(mask.files)}


left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Dream", anchor=False)
    content = parts.choose_image("content", "Content", parts.list_photos())
    objective = targets.ask()
    guide = parts.choose_optional_image("guide", "Guide image", parts.list_guides(), GUIDE_HELP, "Your guide")
    mask = mask_choice.ask(content.get_file)
    settings = parts.ask_settings(
        DreamSettings,
        skip=targets.SETTINGS_OUTSIDE_FORM,
        extra={**objective, "mask": mask.names},
        reset_more=targets.reset,
    )
    settings = targets.check_settings(settings, build_inputs())
    parts.show_saved_settings(TASK, settings, refill.fill_form)
    start_clicked = parts.show_start_button(
        ":material/bedtime:",
        is_ready=settings is not None,
        offers_variants=settings is not None and not settings.zoom,
    )
    more_photos = many_photos.ask(settings is not None)
with right:
    stage = parts.create_stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(TASK, settings, build_inputs())
    if parts.is_variants_clicked() and settings is not None:
        parts.start_variants(TASK, settings, build_inputs())
    if more_photos and settings is not None:
        parts.start_all(TASK, [(settings, {**build_inputs(), "content": [photo]}) for photo in more_photos])
    request = (settings, content.title, guide.title if guide else "", mask)
    job = parts.show_job(TASK, request, {channel_sheet.TASK: channel_sheet.draw_use_button})
    if job is None:
        targets.show_start(content.get_file(), settings)
parts.show_recent(TASK)
under_the_hood.explain(job)
