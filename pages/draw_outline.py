"""Outline: one draws a face, and an avatar is painted after every stroke."""

import streamlit as st

from pages import parts
from pages.outline import easel, under_the_hood
from pages.outline.easel import TASK
from studio.outline.settings import OutlineSettings

left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Outline", anchor=False)
    st.caption("Draw a face, as well or as badly as you like. After every stroke an avatar is painted.")
    settings = parts.form(OutlineSettings, skip=("network",))
    parts.saved_settings(TASK, settings)
with right:
    stage = parts.stage(left)
with stage:
    job = parts.show_job(TASK, settings)
    if job is None and settings is not None:
        easel.show(settings)
parts.recent(TASK)
under_the_hood.explain(settings)
