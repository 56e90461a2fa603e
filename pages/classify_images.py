"""Classify: trains, evaluates, applies and exports image classifiers."""

import streamlit as st

from pages import parts
from pages.classify import audit, base_model, by_hand, classifiers, training, tryout, under_the_hood
from pages.form import data_set_input
from studio.classify.settings import TrainClassifierSettings

chosen = settings = shown = image = None
wanted = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Classify", anchor=False)
    half = classifiers.choose_half()
    if half == "train":
        chosen = data_set_input.choose({by_hand.TITLE: by_hand.choose})
        base = base_model.choose()
        settings = parts.form(TrainClassifierSettings, apart=("size",), skip=base.skip, extra=base.extra)
        parts.saved_settings(training.TASK, settings)
        if chosen is not None and settings is not None:
            wanted = parts.start_button(":material/school:", "Train")
    else:
        shown = classifiers.choose()
        image = tryout.choose(shown) if shown else None
with right:
    stage = parts.stage(left)
with stage:
    if half == "train":
        if wanted and chosen is not None and settings is not None:
            parts.start(training.TASK, settings, {"data": [chosen.file], **base.inputs})
        job = training.find(chosen)
        if job is not None:
            shown = training.show(job, chosen)
        elif chosen is not None:
            audit.before({"data": [chosen.file], **base.inputs}, settings)
        elif by_hand.wanted():
            by_hand.gather()
    elif shown is not None and image is not None:
        training.show_kept(shown, image)
parts.recent(training.TASK)
under_the_hood.explain(shown, chosen.file if chosen else None, settings.model_dump() if settings else {})
