"""Train a generator on images, and watch its progress."""

import streamlit as st

from pages import parts
from pages.form import problems
from pages.generator import before_start, input_form, start_models, training, under_the_hood
from studio.core.tasks import Inputs

settings = None
inputs: Inputs = {}
is_ready = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Train a generator", anchor=False)
    source = input_form.ask_images()
    file = source.file if source else None
    kind = input_form.ask_kind()
    task = input_form.TASKS[kind]
    start_model = start_models.choose(task)
    if start_model is not None:
        settings = input_form.ask_settings(kind, source.sample if source else "", start_model)
        inputs = {"data": [file], **start_model.inputs} if file else {}
with right:
    stage = parts.create_stage(left)
with stage:
    job = training.find(file)
    if job is not None:
        training.show(job, file)
    if file is not None and settings is not None:
        is_shown = job is not None and training.is_trained_on(job, file)
        is_ready = is_shown or before_start.show(task, inputs, settings)
    elif job is None:
        problems.show_missing()
with left:
    label = before_start.make_start_label(file) if file is not None else "Train"
    start_clicked = parts.show_start_button(":material/draw:", label, is_ready)
if start_clicked and settings is not None:
    with stage:
        parts.start(task, settings, inputs)
parts.show_recent(*input_form.TASKS.values())
under_the_hood.explain(job.task if job is not None else task, job)
