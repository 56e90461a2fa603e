"""Dream: a photo in which a network's own ideas come to light, or a film that zooms into them."""

import streamlit as st

from pages import parts
from pages.parts import films, first_dreams, octave_climb, sheets, wishes
from studio.dream.settings import DreamSettings

TASK = "dream.ascend"
GUIDE = "The dream takes up the parts of this picture instead of what the network likes best"


def inputs():
    """The files of a run. A sample may have to be drawn first, so this is asked for only when needed."""
    return {"content": [content.file()], "guide": [guide.file()] if guide else []}


def reset():
    """What the page asks for beside its form."""
    wishes.reset()
    films.reset()


left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Dream", anchor=False)
    content = parts.picture("content", "Content", parts.photos())
    wish = wishes.what_to_see()
    guide = parts.optional("guide", "Guide picture", parts.guides(), GUIDE, "Your guide")
    asked_here = (*wishes.ASKED_HERE, *films.ASKED_HERE)
    settings = parts.form(DreamSettings, skip=asked_here, extra=wish, beside=films.zoom_film, reset=reset)
    settings = wishes.understood(settings, guided=guide is not None)
    wanted = settings is not None and parts.start_button(":material/bedtime:")
with right:
    stage = parts.stage(left)
with stage:
    if wanted:
        parts.start(TASK, settings, inputs())
    asked = (settings, content.title, guide.title if guide else "")
    job = parts.show_job(TASK, asked, {sheets.PAINT: sheets.use_painted})
    if job is None:
        first_dreams.before_start(content.file(), settings)
parts.recent(TASK)
octave_climb.explain(job)
