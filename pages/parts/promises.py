"""Before a first dream: the chosen picture, what Start will make of it, and about how long that takes."""

from __future__ import annotations

import streamlit as st

from pages.parts import downloads, shown, wishes, words
from studio.core.tasks import File
from studio.dream import estimate
from studio.dream.settings import DreamSettings


def before_start(content: File, settings: DreamSettings | None) -> None:
    """Shows the picture large, with one line below it."""
    st.image(shown.of_file(content.digest), width="stretch", caption="Your picture, before the dream")
    if settings is not None:
        st.markdown(_line(content, settings))
        downloads.first_run([wishes.network(settings)])


def _line(content: File, settings: DreamSettings) -> str:
    what = "lets the network dream into it"
    if settings.zoom:
        length = words.duration(max(settings.zoom / settings.fps, 1))
        what = f"makes a film of {settings.zoom} frames, {length} long"
    return f"**Start** {what}{_time(content, settings)}."


def _time(content: File, settings: DreamSettings) -> str:
    width, height = shown.size(content.read())
    return f", which takes {words.about(estimate.seconds(settings, height, width))} here"
