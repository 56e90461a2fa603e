"""Sketch: after every stroke a network turns the drawing into an avatar, or into what a user's own network
was trained on.
"""

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
    caption = st.empty()
    network = networks.choose()
    is_of_pairs = networks.is_of_pairs(network)
    caption.caption(networks.describe_input(network) if is_of_pairs else _ABOUT)
    if is_of_pairs:
        default = "draw" if networks.takes_lines(network) else "photo"
        sources = {"draw": "A drawing", "photo": "A photo"}
        if (
            forms.ask_choice("Input", sources, key=networks.INPUT_KEY, default=default, hide_label=True)
            == "photo"
        ):
            photo = parts.choose_image("content", "Photo", parts.list_photos())
    kind: type[SketchSettings] | type[TranslateSettings] = (
        TranslateSettings if is_of_pairs else SketchSettings
    )
    settings = parts.ask_settings(
        kind,
        skip=("network",),
        extra={"network": network.name},
        unshared=("side",),
        seed_mode="live",
    )
    parts.show_saved_settings(TRANSLATE if is_of_pairs else TASK, settings)
with right:
    stage = parts.create_stage(left)
with stage:
    job = parts.show_job(TASK, (settings, photo and photo.title), {TRANSLATE: None})
    if job is None and settings is not None:
        if photo is None:
            easel.show(settings)
        else:
            easel.show_result(settings, photo.get_file())
parts.show_recent(TASK, TRANSLATE)
under_the_hood.explain(settings)
