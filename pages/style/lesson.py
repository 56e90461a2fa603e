"""What a network of house styles is trained on: paintings, what it begins with, photos, and how long."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import streamlit as st

from pages.form import forms, image_input, learning_images, network_choice, samples, saved_settings
from pages.form.learning_images import Source
from pages.form.samples import Sample
from pages.widgets import words
from studio.core.data import sample_sets
from studio.core.errors import StudioError
from studio.core.models import presets
from studio.core.tasks import Inputs
from studio.run import input_files
from studio.style.house import known_styles
from studio.style.house.settings import LEAST_PHOTOS, TrainStyleSettings
from studio.style.settings import SHIPPED

TASK = known_styles.TASK
HALF = "work"  # the key of the choice between the halves of the page
MOST = 8
SLOT, BEGIN = "paintings", "added_to"
_FIRST = "Hubble"
STEPS = (50, 100, 200, 300, 500, 1000, 2000, 4000, 8000, 16_000)
ADDED, NEW = 200, 2000  # steps: for a style that is added, and for a network that knows nothing
_TESTS = 10  # of a training
_SHIPPED_TITLE, _NOTHING = "The studio's eight house styles", "Nothing: a new network"
# What follows from a sample: of few photos more are kept to look at.
_GIVEN: Mapping[str, Mapping[str, Any]] = {"photos": {"held_out": 0.1}}
_OF = "steps_of"  # of the session: what the number of steps was chosen for


@dataclass(frozen=True)
class Beginning:
    """What a training begins with.

    Attributes:
        network: its name; "" for none.
        known: the styles that it knows.
        given: settings that follow from it.
    """

    network: str
    known: tuple[str, ...]
    given: dict[str, Any]

    def inputs(self) -> Inputs:
        """The input that holds the network. Raises `StudioError` if it is no longer there or not whole."""
        return input_files.to_start_from(TASK, self.network)


_NEW = Beginning("", (), {"only_new": False})


@dataclass(frozen=True)
class Lesson:
    """What is asked for.

    Attributes:
        paintings: one to eight.
        beginning: what is added to.
        source: the photos to train on; None while there are none.
        settings: of the training; None where something is wrong with them.
    """

    paintings: Sequence[Sample]
    beginning: Beginning
    source: Source | None
    settings: TrainStyleSettings | None

    @property
    def asked(self) -> object:
        """What tells one wish from another."""
        photos = self.source.file.digest if self.source else None
        return photos, [painting.title for painting in self.paintings], self.beginning.network

    def inputs(self) -> Inputs:
        """The files of the training. Raises `StudioError` as `Beginning.inputs`."""
        data = [self.source.file] if self.source else []
        style = [painting.file() for painting in self.paintings]
        return {"data": data, "style": style, **self.beginning.inputs()}


def ask() -> Lesson:
    """Asks for all of it; all but own photos is chosen already."""
    paintings = image_input.images(
        SLOT, "Paintings to train on, one to eight", offered(), MOST, "Your painting"
    )
    begun = _beginning()
    source = learning_images.choose(
        sample_sets.practice(),
        LEAST_PHOTOS,
        f"At least {LEAST_PHOTOS} ordinary photos of all kinds; a thousand or more are far better.",
        "Photos to train on",
    )
    given = {**begun.given, **_GIVEN.get(source.sample if source else "", {})}
    settings = forms.form(
        TrainStyleSettings,
        skip=("steps", "test_every", "kept", *given),
        apart=("size",),
        extra=given,
        beside=lambda: _length(begun),
    )
    saved_settings.saved_settings(TASK, settings, _put)
    return Lesson(paintings, begun, source, settings)


def offered() -> list[Sample]:
    """What a style can be learned from: a photo of galaxies, which the studio's network does not know yet,
    then the studio's paintings."""
    return [*(photo for photo in samples.photos() if photo.title == _FIRST), *samples.paintings()]


def _beginning() -> Beginning:
    """Lets a user choose a network to add to, and says what that means."""
    names = [*network_choice.networks(SHIPPED, TASK), ""]
    forms.choosing(BEGIN, names)
    titles = {SHIPPED: _SHIPPED_TITLE, "": _NOTHING}
    name = st.selectbox(
        "Start from",
        names,
        format_func=lambda name: titles.get(name, name),
        key=BEGIN,
        bind="query-params",
        help="Adding a style to a trained network takes minutes; a new network takes an hour or more",
    )
    if not name:
        st.caption("A new network is trained from scratch, which takes an hour or more.")
        return _NEW
    try:
        preset = presets.find(name)
        settings, known = known_styles.settings_of(preset), known_styles.styles_of(preset)
    except StudioError as error:
        st.error(words.plain(str(error)), icon=":material/error:")
        return _NEW
    st.caption("Its styles stay unchanged. Training saves a new network next to it.")
    shape = {setting: getattr(settings, setting) for setting in known_styles.SHAPE}
    return Beginning(name, known, {"only_new": True, **shape})


def _length(begun: Beginning) -> dict[str, int]:
    usual, of = (ADDED, "added") if begun.network else (NEW, "new")
    if st.session_state.setdefault(_OF, of) != of:
        st.session_state[_OF], st.session_state["steps"] = of, usual
    steps = st.select_slider(
        "Training steps",
        STEPS,
        value=usual,
        key="steps",
        bind="query-params",
        help="More steps give better results; you can stop at any time and continue from there",
    )
    return {"steps": steps, "test_every": -(-steps // _TESTS)}


def begin_again() -> None:
    """Has the number of steps begin with the usual one, whatever another form left under its name."""
    st.session_state[_OF] = ""


def _put(settings: Any) -> None:
    saved_settings.nearest(STEPS, "steps")
    st.session_state[_OF] = "added" if settings.only_new else "new"
