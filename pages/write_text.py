"""Text: a voice that writes on from a beginning, and one's own text to learn a voice from."""

import streamlit as st

from pages import parts
from pages.text import halves, own_texts, training, under_the_hood, voices, writing
from studio.text.settings import TrainTextSettings

known = voices.names()
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Text", anchor=False)
    way = halves.choose(known)
    if way == "write":
        settings = writing.ask(known)
        wanted = settings is not None and parts.start_button(":material/edit:", "Write")
    else:
        file = own_texts.choose()
        settings = parts.form(TrainTextSettings, skip=("units",), beside=halves.memory)
        wanted = (
            file is not None
            and settings is not None
            and parts.start_button(":material/model_training:", "Train")
        )
with right:
    stage = parts.stage(left)
text = None
with stage:
    if way == "write":
        text = writing.show(settings, wanted)
    else:
        if wanted:
            parts.start(training.TASK, settings, {"text": [file]})
        if training.show(file) is None and file is not None:
            own_texts.show(file, settings)
parts.recent(writing.TASK if way == "write" else training.TASK)
under_the_hood.explain(text, settings if way == "write" else None)
