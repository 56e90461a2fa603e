"""Inputs of a style training run: paintings, the network to start from, photos and steps."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import (
    forms,
    image_input,
    network_choice,
    samples,
    saved_settings,
    start_model,
    training_images,
)
from pages.form.samples import Sample
from pages.form.start_model import StartModel
from pages.form.training_images import Source
from pages.widgets import page_errors
from studio.core.data import sample_sets
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs
from studio.style.house import known_styles
from studio.style.house.settings import MIN_PHOTOS, TrainStyleSettings
from studio.style.settings import SHIPPED_NETWORK

TASK = known_styles.TASK
HALF_KEY = "work"  # key of the choice between the parts of the page
MAX_PAINTINGS = 8
PAINTINGS_KEY, START_MODEL_KEY = "paintings", "added_to"
_FIRST_SAMPLE = "Hubble"
STEPS = (50, 100, 200, 300, 500, 1000, 2000, 4000, 8000, 16_000)
STEPS_TO_ADD, STEPS_FOR_NEW = 200, 2000  # steps: to add styles to a network, and for a new network
_TESTS = 10  # validations during a training run
_SHIPPED_TITLE, _NEW_TITLE = "The studio's eight house styles", "Nothing: a new network"
# Settings of a sample: with few photos a larger share is held out.
_SAMPLE_SETTINGS: Mapping[str, Mapping[str, Any]] = {"photos": {"held_out": 0.1}}
_STEPS_KIND_KEY = "steps_of"  # of the session: "added" or "new", for which the steps were chosen


@dataclass(frozen=True)
class TrainingRequest:
    """A training run as the form asks for it.

    Attributes:
        paintings: one to eight.
        start_model: the network to start from.
        learned_styles: the names of its styles.
        source: the photos to train on; None while there are none.
        settings: of the training run; None if they are invalid.
    """

    paintings: Sequence[Sample]
    start_model: StartModel
    learned_styles: Sequence[str]
    source: Source | None
    settings: TrainStyleSettings | None

    @property
    def identity(self) -> object:
        """Identifies the request: equal for equal inputs."""
        photos = self.source.file.digest if self.source else None
        return photos, [painting.title for painting in self.paintings], self.start_model.name

    def build_inputs(self) -> Inputs:
        """Returns the input files of the run. Raises `StudioError` if the start model is gone or damaged."""
        data = [self.source.file] if self.source else []
        style = [painting.get_file() for painting in self.paintings]
        return {"data": data, "style": style, **self.start_model.inputs}


def ask() -> TrainingRequest:
    """Asks for paintings, the network to start from, photos and settings; all have defaults."""
    paintings = image_input.choose_images(
        PAINTINGS_KEY,
        "Paintings to train on, one to eight",
        list_style_samples(),
        MAX_PAINTINGS,
        "Your painting",
    )
    start, styles = _ask_start_model()
    source = training_images.choose(
        sample_sets.list_photo_collections(),
        MIN_PHOTOS,
        f"At least {MIN_PHOTOS} ordinary photos of all kinds; a thousand or more are far better.",
        "Photos to train on",
    )
    fixed_settings = {**start.fixed, **_SAMPLE_SETTINGS.get(source.sample if source else "", {})}
    settings = forms.ask_settings(
        TrainStyleSettings,
        skip=("steps", "test_every", "kept", *fixed_settings),
        unshared=("size",),
        extra=fixed_settings,
        ask_extra=lambda: _ask_length(start),
        seed_mode="kept",
    )
    saved_settings.show_saved_settings(TASK, settings, _adjust_steps)
    return TrainingRequest(paintings, start, styles, source, settings)


def list_style_samples() -> list[Sample]:
    """Returns the samples to learn a style from: a photo of galaxies, which the shipped network does not have
    yet, then the studio's paintings.
    """
    return [
        *(photo for photo in samples.list_photos() if photo.title == _FIRST_SAMPLE),
        *samples.list_paintings(),
    ]


def _ask_start_model() -> tuple[StartModel, Sequence[str]]:
    """Asks for the network to start from and shows what follows from the choice; also returns its styles."""
    new = StartModel(TASK, fixed={"only_new": False})
    titles = {SHIPPED_NETWORK: _SHIPPED_TITLE, "": _NEW_TITLE}
    name = start_model.ask_name(
        [*network_choice.list_networks(SHIPPED_NETWORK, TASK), ""],
        lambda name: titles.get(name, name),
        key=START_MODEL_KEY,
        help="Network to start from; adding a style to it takes minutes, training a new network takes an "
        "hour or more",
    )
    if not name:
        st.caption("A new network is trained from scratch, which takes an hour or more.")
        return new, ()
    try:
        preset = presets.find(name)
        settings, styles = known_styles.settings_of(preset), known_styles.styles_of(preset)
    except StudioError as error:
        page_errors.show_error(error)
        return new, ()
    st.caption("Its styles stay unchanged. Training saves a new network next to it.")
    shape = {setting: getattr(settings, setting) for setting in known_styles.SHAPE_SETTINGS}
    return StartModel(TASK, name, {"only_new": True, **shape}), styles


def _ask_length(start: StartModel) -> dict[str, int]:
    default_steps, steps_kind = (STEPS_TO_ADD, "added") if start.name else (STEPS_FOR_NEW, "new")
    if st.session_state.setdefault(_STEPS_KIND_KEY, steps_kind) != steps_kind:
        st.session_state[_STEPS_KIND_KEY], st.session_state["steps"] = steps_kind, default_steps
    steps = st.select_slider(
        "Training steps",
        STEPS,
        value=default_steps,
        key="steps",
        bind="query-params",
        help="More steps give better results but take longer; you can stop at any time and continue later",
    )
    return {"steps": steps, "test_every": -(-steps // _TESTS)}


def reset_steps() -> None:
    """Resets the number of steps to its default, because another form uses the same key."""
    st.session_state[_STEPS_KIND_KEY] = ""


def _adjust_steps(settings: Any) -> None:
    saved_settings.snap_to_nearest(STEPS, "steps")
    st.session_state[_STEPS_KIND_KEY] = "added" if settings.only_new else "new"
