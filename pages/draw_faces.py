"""Faces: a wall of new ones, each to be changed, morphed and varied; digits and whatever models one has."""

import streamlit as st

from pages import parts
from pages.parts import asking, drawers, latent_maps, studies
from studio.faces.settings import FacesSettings

TASK = studies.TASK

known = drawers.known()
settings, photo, wanted, wall, preset = None, None, False, None, ""
left, right = st.columns([5, 9], gap="large")
with left:
    st.title("Faces", anchor=False)
    if known:
        preset = drawers.choose(known)
        asking.follow(preset)
        photo, crop = asking.photo_for(preset) if drawers.reads(preset) else (None, {})
        more = {}
        settings = parts.form(
            FacesSettings,
            skip=asking.ASKED_HERE,
            extra={"preset": preset, **crop},
            beside=lambda: {"seed": asking.seed(), **asking.film()},
            more=lambda: more.update(asking.of_the_wall()),
            reset=lambda: asking.reset(preset),
        )
        settings = asking.understood(settings and settings.model_copy(update=more))
        wanted = bool(settings and settings.walk) and parts.start_button(":material/movie:", "Make the film")
    else:
        drawers.none_yet()
with right:
    stage = parts.stage(left)
with stage:
    if settings is not None:
        inputs = {"photo": [photo.file()]} if photo else {}
        if wanted:
            parts.start(TASK, studies.moved(settings), inputs)
        if parts.show_job(TASK, (settings, photo.title if photo else "")) is None:
            wall = studies.show(settings.model_copy(update={"walk": 0}), inputs)
parts.recent(TASK)
latent_maps.explain(preset, wall, settings.face if settings else 0)
