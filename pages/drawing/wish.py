"""What is to be taught: the kind of model, how long it learns, and the rest of its settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.drawing.beginning import Beginning
from pages.form import forms, learning_pictures, saved_settings
from pages.form.learning_pictures import Source
from pages.widgets import weight_downloads
from studio.core.data import sample_sets
from studio.core.generators.least_pictures import LEAST_PICTURES
from studio.dcgan.settings import TrainDcganSettings
from studio.vae.settings import TrainVaeSettings

KINDS = {"dcgan": "GAN, sharp", "vae": "VAE, redraws photos"}
TASKS = {"dcgan": "dcgan.train", "vae": "vae.train"}
GeneratorSettings = TrainDcganSettings | TrainVaeSettings
_SETTINGS_OF: dict[str, type[GeneratorSettings]] = {"dcgan": TrainDcganSettings, "vae": TrainVaeSettings}
STEPS = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)
USUAL = 2000
MEASURED = 500  # pictures
_TESTS, _DEAR_TESTS = 10, 6  # of a training; those by a network that knows photos take a minute each
# A second judge as it is at its best: `faces-dcgan` learnt on with it, in such batches.
JUDGED: Mapping[str, Any] = {"perceptual_judge": 1.0, "batch": 32}
EYES = ("vgg16",)  # what it looks through
# What is so of a sample, so that nobody has to know it.
_GIVEN: Mapping[str, Mapping[str, Any]] = {"digits": {"colors": "gray", "flip": False}}
_ABOUT = {
    "dcgan": "One network draws, another tells drawn from real pictures, and each learns from the other. "
    "Its pictures are sharp; it needs many to learn from, and patience.",
    "vae": "One network writes a picture down in a few numbers, another draws it again. Its pictures are "
    "softer and soon there, and it redraws photos of yours.",
}
_MEASURES = {
    "dcgan": "By a network that knows photos (KID and FID), some minutes more; the best of its tests is kept",
    "vae": "By a network that knows photos (KID and FID), when it has learnt; some minutes more",
}


def kind() -> str:
    """Lets a person choose how a model learns to draw; gives "dcgan" or "vae"."""
    chosen = forms.one_of("Kind", KINDS, key="kind")
    st.caption(_ABOUT[chosen])
    return chosen


def source() -> Source | None:
    """Asks for the pictures to learn from; None while there are none."""
    return learning_pictures.choose(
        sample_sets.collections(),
        LEAST_PICTURES,
        f"At least {LEAST_PICTURES} pictures of one kind; a thousand and more, cut alike, are far better.",
        named=True,
    )


def settings(kind: str, sample: str, begun: Beginning) -> GeneratorSettings | None:
    """Asks for the settings of a training; None after showing what is wrong with them.

    A second judge of a GAN is in sight, and proposed where nothing has to be fetched for it.

    Args:
        sample: the sample set to learn from, which decides some of them; "" for others.
        begun: what it begins with, which decides some, too.
    """
    given = {**_GIVEN.get(sample, {}), **begun.shape}
    judged = kind == "dcgan"
    at_hand = judged and not weight_downloads.missing(EYES)
    proposed = {**(JUDGED if at_hand else {}), **begun.proposed}
    found = forms.form(
        _SETTINGS_OF[kind],
        skip=("steps", "test_every", "scored", *given),
        apart=("size",),
        fold=("width",),
        unfold=("perceptual_judge",) if judged else (),
        proposed={name: value for name, value in proposed.items() if name not in given},
        extra=given,
        beside=partial(_length, kind),
    )
    saved_settings.saved_settings(TASKS[kind], found, put)
    return found


def put(settings: Any) -> None:
    """Puts what the page asks for beside its form where it finds it. Call it from a callback."""
    saved_settings.nearest(STEPS, "steps")
    st.session_state["measured"] = settings.scored > 0


def _length(kind: str) -> dict[str, int]:
    steps = st.select_slider(
        "How long it learns (steps)",
        STEPS,
        value=USUAL,
        key="steps",
        bind="query-params",
        help="Longer is better; it can be stopped at any time, and goes on from there",
    )
    measured = st.toggle(
        "Measure how real they look",
        key="measured",
        bind="query-params",
        help=_MEASURES[kind],
    )
    tests = _DEAR_TESTS if measured and kind == "dcgan" else _TESTS
    return {"steps": steps, "test_every": -(-steps // tests), "scored": MEASURED if measured else 0}
