"""Teach: pictures in classes become a classifier, which is measured, tried, and taken along."""

import streamlit as st

from pages import parts
from pages.parts import audits, classifiers, feature_maps, halves, picture_sets, teaching, tryouts
from studio.classify.settings import TrainClassifierSettings

chosen = settings = shown = picture = None
wanted = False
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Teach", anchor=False)
    half = halves.choose()
    if half == "teach":
        chosen = picture_sets.choose()
        settings = parts.form(TrainClassifierSettings, apart=("size",))
        if chosen is not None and settings is not None:
            wanted = parts.start_button(":material/school:", "Teach")
    else:
        shown = classifiers.choose()
        picture = shown and tryouts.choose(shown)
with right:
    stage = parts.stage(left)
with stage:
    if half == "teach":
        if wanted:
            parts.start(teaching.TASK, settings, {"data": [chosen.file]})
        job = teaching.find(chosen)
        if job is not None:
            shown = teaching.show(job, chosen)
        elif chosen is not None:
            audits.before(chosen.file, settings)
    elif shown is not None:
        teaching.kept(shown, picture)
parts.recent(teaching.TASK)
feature_maps.explain(shown)
