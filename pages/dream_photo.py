"""Dream: runs DeepDream on a photo, or zooms into the dream as a video."""

import streamlit as st

from pages import parts
from pages.dream import before_start, channel_sheet, refill, targets, under_the_hood
from pages.form import many_photos
from studio.dream.settings import DreamSettings

TASK = "dream.ascend"
GUIDE = "The dream moves toward the features of this image instead of maximizing activations"


def inputs():
    """The files of a run. A sample may have to be drawn first, so this is asked for only when needed."""
    return {"content": [content.file()], "guide": [guide.file()] if guide else []}


left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Dream", anchor=False)
    content = parts.image("content", "Content", parts.photos())
    wish = targets.what_to_see()
    guide = parts.optional("guide", "Guide image", parts.guides(), GUIDE, "Your guide")
    settings = parts.form(DreamSettings, skip=targets.ASKED_HERE, extra=wish, reset=targets.reset)
    settings = targets.checked_settings(settings, guided=guide is not None)
    parts.saved_settings(TASK, settings, refill.put)
    wanted = settings is not None and parts.start_button(":material/bedtime:")
    several = many_photos.ask(settings is not None)
with right:
    stage = parts.stage(left)
with stage:
    if wanted and settings is not None:
        parts.start(TASK, settings, inputs())
    if several and settings is not None:
        parts.start_all(TASK, [(settings, {**inputs(), "content": [photo]}) for photo in several])
    asked = (settings, content.title, guide.title if guide else "")
    job = parts.show_job(TASK, asked, {channel_sheet.PAINT: channel_sheet.use_painted})
    if job is None:
        before_start.before_start(content.file(), settings)
parts.recent(TASK)
under_the_hood.explain(job)
