"""Dream: runs DeepDream on a photo, or zooms into the dream as a video."""

import streamlit as st

from pages import parts
from pages.dream import before_start, channel_sheet, refill, targets, under_the_hood
from pages.form import many_photos
from studio.dream.settings import DreamSettings

TASK = "dream.ascend"
GUIDE = "The dream moves toward the features of this image instead of maximizing activations"


def inputs():
    """Returns the input files of a run. Call it only when needed: it may have to create a sample."""
    return {"content": [content.file()], "guide": [guide.file()] if guide else []}


left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Dream", anchor=False)
    content = parts.image("content", "Content", parts.photos())
    objective = targets.ask()
    guide = parts.optional("guide", "Guide image", parts.guides(), GUIDE, "Your guide")
    settings = parts.form(DreamSettings, skip=targets.ASKED_HERE, extra=objective, reset=targets.reset)
    settings = targets.checked_settings(settings, has_guide=guide is not None)
    parts.saved_settings(TASK, settings, refill.put)
    start_clicked = settings is not None and parts.start_button(":material/bedtime:")
    more_photos = many_photos.ask(settings is not None)
with right:
    stage = parts.stage(left)
with stage:
    if start_clicked and settings is not None:
        parts.start(TASK, settings, inputs())
    if more_photos and settings is not None:
        parts.start_all(TASK, [(settings, {**inputs(), "content": [photo]}) for photo in more_photos])
    request = (settings, content.title, guide.title if guide else "")
    job = parts.show_job(TASK, request, {channel_sheet.PAINT: channel_sheet.use_button})
    if job is None:
        before_start.show(content.file(), settings)
parts.recent(TASK)
under_the_hood.explain(job)
