"""Train a generator on images, and watch its progress."""

import streamlit as st

from pages import parts
from pages.generator import before_start, beginning, training, under_the_hood, wish
from studio.core.tasks import Inputs

settings = None
inputs: Inputs = {}
ready = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Train a generator", anchor=False)
    source = wish.source()
    file = source.file if source else None
    kind = wish.kind()
    task = wish.TASKS[kind]
    begun = beginning.choose(task)
    if begun is not None:
        settings = wish.settings(kind, source.sample if source else "", begun)
        inputs = {"data": [file], **begun.inputs} if file else {}
with right:
    stage = parts.stage(left)
with stage:
    job = training.find(file)
    if job is not None:
        training.show(job, file)
    if file is not None and settings is not None:
        shown = job is not None and training.learns_from(job, file)
        ready = shown or before_start.show(task, inputs, settings)
with left:
    if (
        ready
        and file is not None
        and settings is not None
        and parts.start_button(":material/draw:", before_start.button(file))
    ):
        with stage:
            parts.start(task, settings, inputs)
parts.recent(*wish.TASKS.values())
under_the_hood.explain(job.task if job is not None else task, job)
