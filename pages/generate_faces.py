"""Faces: a grid of new faces to edit, morph and vary; also digits and the user's own models."""

import streamlit as st

from pages import parts
from pages.faces import grid_view, input_form, models, under_the_hood
from pages.form import forms
from pages.widgets import share_button
from studio.faces.settings import DEFAULT_FRAMES, FacesSettings

TASK = grid_view.TASK

generators = models.list_generators()
settings, photo, start_clicked, grid, preset = None, None, False, None, ""
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Faces", anchor=False)
    if generators:
        preset = models.choose(generators)
        share_button.show(preset, key="share")
        input_form.reset_for_other_model(preset)
        photo, crop = input_form.ask_photo(preset) if models.encodes_photos(preset) else (None, {})
        grid_settings: dict[str, int] = {}
        settings = parts.ask_settings(
            FacesSettings,
            skip=input_form.list_skipped(preset),
            unfold=input_form.list_shown(preset),
            extra={"preset": preset, **crop},
            ask_extra=lambda: input_form.ask_class_and_seed(preset),
            initial_values={"interpolate": DEFAULT_FRAMES},
            show_more=lambda: grid_settings.update(input_form.ask_grid()),
            reset_more=lambda: input_form.reset(preset),
        )
        settings = input_form.check_settings(settings and settings.model_copy(update=grid_settings))
        parts.show_saved_settings(TASK, settings, input_form.fill_form)
        start_clicked = forms.is_video_on("interpolate") and parts.show_start_button(
            ":material/movie:", "Make the video", is_ready=settings is not None
        )
    else:
        models.show_how_to_train()
with right:
    stage = parts.create_stage(left)
with stage:
    if settings is not None:
        inputs = {"photo": [photo.get_file()]} if photo else {}
        if start_clicked and settings.interpolate:
            parts.start(TASK, grid_view.with_changes(settings), inputs)
        if parts.show_job(TASK, (settings, photo.title if photo else "")) is None:
            grid = grid_view.show(settings.model_copy(update={"interpolate": 0}), inputs)
parts.show_recent(TASK)
under_the_hood.explain(preset, grid, settings)
