"""Text: continue a text with a language model, train one, or compare two on a text."""

import streamlit as st

from pages import parts
from pages.text import (
    authorship,
    beginning,
    evidence,
    halves,
    language_models,
    own_texts,
    training,
    under_the_hood,
    writing,
)
from studio.text.settings import TrainTextSettings

known = language_models.names()
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Text", anchor=False)
    way = halves.choose(known)
    if way == "write":
        writes = writing.ask(known)
        wanted = writes is not None and parts.start_button(":material/edit:", "Write")
    elif way == "who":
        asked = authorship.ask(known)
    else:
        file = own_texts.choose()
        begun = beginning.choose(known)
        settings = parts.form(
            TrainTextSettings,
            skip=("units", *begun.shape),
            extra=begun.shape,
            beside=None if begun.shape else halves.memory,
        )
        parts.saved_settings(training.TASK, settings, halves.put)
        wanted = (
            file is not None
            and settings is not None
            and parts.start_button(":material/model_training:", "Train")
        )
with right:
    stage = parts.stage(left)
text = told = None
with stage:
    if way == "write":
        text = writing.show(writes, wanted)
    elif way == "who":
        told = authorship.show(asked)
    else:
        if wanted and file is not None and settings is not None:
            parts.start(training.TASK, settings, {"text": [file], **begun.inputs()})
        if training.show(file) is None and file is not None:
            own_texts.show(file, settings)
parts.recent({"write": writing.TASK, "who": authorship.TASK, "own": training.TASK}[way])
if way == "who":
    evidence.explain(told)
else:
    under_the_hood.explain(text, writes if way == "write" else begun.reader(known))
