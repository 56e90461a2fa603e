"""Sketch: one draws, and after every stroke an avatar is painted, or what a network of one's own makes."""

import streamlit as st

from pages import parts
from pages.form import forms
from pages.sketch import easel, networks, under_the_hood
from pages.sketch.easel import TASK, TRANSLATE
from studio.sketch.settings import SketchSettings, TranslateSettings

_ABOUT = "Draw a face, as well or as badly as you like. The avatar is updated after every stroke."

photo = None
left, right = st.columns([4, 10], gap="large")
with left:
    st.title("Sketch", anchor=False)
    told = st.empty()
    network = networks.choose()
    pairs = networks.of_pairs(network)
    told.caption(networks.hint(network) if pairs else _ABOUT)
    if pairs:
        drawn = "draw" if networks.takes_lines(network) else "photo"
        given = {"draw": "A drawing", "photo": "A photo"}
        if forms.one_of("Input", given, key="given", default=drawn, hidden=True) == "photo":
            photo = parts.image("content", "Photo", parts.photos())
    kind: type[SketchSettings] | type[TranslateSettings] = TranslateSettings if pairs else SketchSettings
    settings = parts.form(
        kind,
        skip=("network",),
        extra={"network": network.name},
        apart=("side",),
    )
    parts.saved_settings(TRANSLATE if pairs else TASK, settings)
with right:
    stage = parts.stage(left)
with stage:
    job = parts.show_job(TASK, (settings, photo and photo.title), {TRANSLATE: None})
    if job is None and settings is not None:
        if photo is None:
            easel.show(settings)
        else:
            easel.answer(settings, photo.file())
parts.recent(TASK, TRANSLATE)
under_the_hood.explain(settings)
