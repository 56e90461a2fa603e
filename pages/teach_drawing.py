"""Teach to draw: pictures become a model that draws others like them, while one watches."""

import streamlit as st

from pages import parts
from pages.drawing import before_start, beginning, training, under_the_hood, wish

source = settings = None
inputs = {}
ready = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Teach to draw", anchor=False)
    source = wish.source()
    kind = wish.kind()
    task = wish.TASKS[kind]
    begun = beginning.choose(task)
    if begun is not None:
        settings = wish.settings(kind, source.sample if source else "", begun)
        inputs = {"data": [source.file], **begun.inputs} if source else {}
with right:
    stage = parts.stage(left)
with stage:
    job = training.find(source and source.file)
    if job is not None:
        training.show(job, source and source.file)
    if inputs and settings is not None:
        shown = job is not None and training.learns_from(job, source.file)
        ready = shown or before_start.show(task, inputs, settings)
with left:
    if ready and parts.start_button(":material/draw:", before_start.button(source.file)):
        with stage:
            parts.start(task, settings, inputs)
parts.recent(*wish.TASKS.values())
under_the_hood.explain(job.task if job is not None else task, job)
