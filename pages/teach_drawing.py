"""Teach to draw: pictures become a model that draws others like them, while one watches."""

import streamlit as st

from pages import parts
from pages.drawing import before_start, training, wish

source = settings = None
ready = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Teach to draw", anchor=False)
    source = wish.source()
    kind = wish.kind()
    settings = wish.settings(kind, source.sample if source else "")
task = wish.TASKS[kind]
with right:
    stage = parts.stage(left)
with stage:
    job = training.find(source and source.file)
    if job is not None:
        training.show(job, source and source.file)
    if source is not None and settings is not None:
        shown = job is not None and training.learns_from(job, source.file)
        ready = shown or before_start.show(task, source.file, settings)
with left:
    if ready and parts.start_button(":material/draw:", "Teach"):
        with stage:
            parts.start(task, settings, {"data": [source.file]})
parts.recent(*wish.TASKS.values())
