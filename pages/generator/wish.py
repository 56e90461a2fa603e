"""What to train: the kind of model, the training steps, and the other settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.form import forms, learning_images, saved_settings
from pages.form.learning_images import Source
from pages.generator.beginning import Beginning
from pages.widgets import weight_downloads
from studio.core.data import sample_sets
from studio.core.generators.least_images import LEAST_IMAGES
from studio.dcgan.settings import TrainDcganSettings
from studio.vae.settings import TrainVaeSettings

KINDS = {"dcgan": "GAN, sharp", "vae": "VAE, redraws photos"}
TASKS = {"dcgan": "dcgan.train", "vae": "vae.train"}
GeneratorSettings = TrainDcganSettings | TrainVaeSettings
_SETTINGS_OF: dict[str, type[GeneratorSettings]] = {"dcgan": TrainDcganSettings, "vae": TrainVaeSettings}
STEPS = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)
USUAL = 2000
MEASURED = 500  # images
_TESTS, _DEAR_TESTS = 10, 6  # of a training run; those by a network that knows photos take a minute each
# Proposed with a VGG16-feature discriminator: `faces-dcgan` was fine-tuned so.
JUDGED: Mapping[str, Any] = {"vgg16_discriminator": 1.0, "batch": 32}
EYES = ("vgg16",)  # what it looks through
# What is so of a sample, so that nobody has to know it.
_GIVEN: Mapping[str, Mapping[str, Any]] = {"digits": {"colors": "gray", "flip": False}}
_ABOUT = {
    "dcgan": "A generator creates images and a discriminator tells them from real ones; each learns "
    "from the other. The results are sharp, but training needs many images and patience.",
    "vae": "An encoder turns an image into a latent vector, and a decoder reconstructs the image. "
    "The results are softer, but training is quick, and the model can reconstruct your photos.",
}
_MEASURES = {
    "dcgan": "Measures the distance to real images at each test; keeps the best weights. Adds minutes.",
    "vae": "Measures the distance to real images after training. Adds minutes.",
}


def kind() -> str:
    """Lets a user choose the kind of generator; gives "dcgan" or "vae"."""
    chosen = forms.one_of("Kind", KINDS, key="kind")
    st.caption(_ABOUT[chosen])
    return chosen


def source() -> Source | None:
    """Asks for the images to learn from; None while there are none."""
    return learning_images.choose(
        sample_sets.collections(),
        LEAST_IMAGES,
        f"At least {LEAST_IMAGES} images of one subject; a thousand or more, cropped alike, are better.",
        named=True,
    )


def settings(kind: str, sample: str, begun: Beginning) -> GeneratorSettings | None:
    """Asks for the settings of a training run; None after showing an error.

    For a GAN, the VGG16-feature discriminator is visible, and proposed if nothing has to be fetched for it.

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
        unfold=("vgg16_discriminator",) if judged else (),
        proposed={name: value for name, value in proposed.items() if name not in given},
        extra=given,
        beside=partial(_length, kind),
    )
    saved_settings.saved_settings(TASKS[kind], found, put)
    return found


def put(settings: Any) -> None:
    """Sets the inputs next to the form from settings. Call it from a callback."""
    saved_settings.nearest(STEPS, "steps")
    st.session_state["measured"] = settings.scored > 0


def _length(kind: str) -> dict[str, int]:
    steps = st.select_slider(
        "Training steps",
        STEPS,
        value=USUAL,
        key="steps",
        bind="query-params",
        help="More steps give better images. You can stop at any time and continue later.",
    )
    measured = st.toggle(
        "FID and KID",
        key="measured",
        bind="query-params",
        help=_MEASURES[kind],
    )
    tests = _DEAR_TESTS if measured and kind == "dcgan" else _TESTS
    return {"steps": steps, "test_every": -(-steps // tests), "scored": MEASURED if measured else 0}
