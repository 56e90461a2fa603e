"""Text: continue a text with a language model, train one, or compare two on a text."""

import streamlit as st

from pages import parts
from pages.form import problems
from pages.text import (
    authorship,
    evidence,
    halves,
    language_models,
    own_texts,
    start_models,
    training,
    under_the_hood,
    writing,
)
from studio.text.settings import TrainTextSettings

model_names = language_models.list_names()
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Text", anchor=False)
    mode = halves.choose(model_names)
    if mode == "write":
        writing_settings = writing.ask(model_names)
        start_clicked = parts.show_start_button(":material/edit:", "Write", writing_settings is not None)
    elif mode == "who":
        request = authorship.ask(model_names)
    else:
        file = own_texts.choose()
        start_model = start_models.choose(model_names)
        settings = parts.ask_settings(
            TrainTextSettings,
            skip=("units", *start_model.fixed),
            extra=start_model.fixed,
            ask_extra=None if start_model.fixed else halves.ask_units,
            seed_mode="kept",
        )
        parts.show_saved_settings(training.TASK, settings, halves.fill_form)
        is_ready = file is not None and settings is not None
        start_clicked = parts.show_start_button(":material/model_training:", "Train", is_ready)
with right:
    stage = parts.create_stage(left)
text = likelihoods = None
with stage:
    if mode == "write":
        text = writing.show(writing_settings, start_clicked)
    elif mode == "who":
        likelihoods = authorship.show(request)
    else:
        if start_clicked and file is not None and settings is not None:
            parts.start(training.TASK, settings, {"text": [file], **start_model.inputs})
        if training.show(file) is None:
            if file is not None:
                own_texts.show(file, settings)
            else:
                problems.show_missing()
parts.show_recent({"write": writing.TASK, "who": authorship.TASK, "own": training.TASK}[mode])
if mode == "who":
    evidence.explain(likelihoods)
else:
    under_the_hood.explain(
        text,
        writing_settings if mode == "write" else start_models.make_reader_settings(start_model, model_names),
    )
