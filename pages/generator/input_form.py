"""The form of a training run: images, kind of generator, training steps and other settings."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

import streamlit as st

from pages.form import forms, saved_settings, training_images
from pages.form.start_model import StartModel
from pages.form.training_images import Source
from pages.widgets import weight_downloads
from studio.core.data import sample_sets
from studio.core.generators import MIN_IMAGES
from studio.dcgan.settings import TrainDcganSettings
from studio.diffusion.settings import TrainDiffusionSettings
from studio.vae.settings import TrainVaeSettings

KINDS = {"dcgan": "DCGAN", "vae": "VAE", "diffusion": "Diffusion"}
TASKS = {kind: f"{kind}.train" for kind in KINDS}
GeneratorSettings = TrainDcganSettings | TrainVaeSettings | TrainDiffusionSettings
_SETTINGS_OF: dict[str, type[GeneratorSettings]] = {
    "dcgan": TrainDcganSettings,
    "vae": TrainVaeSettings,
    "diffusion": TrainDiffusionSettings,
}
STEPS = (250, 500, 1000, 2000, 4000, 8000, 16_000, 32_000, 64_000)
DEFAULT_STEPS = 2000
SCORED_IMAGES = 500  # for FID and KID
_TESTS, _TESTS_WITH_KID = 10, 6  # of a training run; those by a network that knows photos take a minute each
# Proposed with a VGG16-feature discriminator: `faces-dcgan` was fine-tuned so.
VGG16_SETTINGS: Mapping[str, Any] = {"vgg16_discriminator": 1.0, "batch": 32}
VGG16 = ("vgg16",)  # weights of the VGG16-feature discriminator
# Settings that fit a sample set.
_SAMPLE_SETTINGS: Mapping[str, Mapping[str, Any]] = {"digits": {"colors": "gray", "flip": False}}
_ABOUT = {
    "dcgan": "A generator creates images and a discriminator tells them from real ones; each learns "
    "from the other. The results are sharp, but training needs many images and patience.",
    "vae": "An encoder turns an image into a latent vector, and a decoder reconstructs the image. "
    "The results are softer, but training is quick, and the model can reconstruct your photos.",
    "diffusion": "A network learns to turn noise into an image, step by step. The results are sharp and "
    "varied, and you can choose among the classes of your images, but training needs the most steps.",
}
_SCORE_AFTER_TRAINING = (
    "Measures the distance between generated and real images after training, which takes minutes"
)
_SCORE_HELP = {
    "dcgan": (
        "Measures the distance between generated and real images at each evaluation and keeps the best "
        "weights; training takes minutes longer"
    ),
    "vae": _SCORE_AFTER_TRAINING,
    "diffusion": _SCORE_AFTER_TRAINING,
}


def ask_kind() -> str:
    """Lets the user select the kind of generator. Returns its name among `KINDS`."""
    selected = forms.ask_choice("Model type", KINDS, key="kind")
    st.caption(_ABOUT[selected])
    return selected


def ask_images() -> Source | None:
    """Asks for the training images. Returns None while there are none."""
    return training_images.choose(
        sample_sets.list_generator_collections(),
        MIN_IMAGES,
        f"At least {MIN_IMAGES} images of one subject; a thousand or more, cropped alike, are better.",
        by_name=True,
    )


def ask_settings(kind: str, sample: str, start_model: StartModel) -> GeneratorSettings | None:
    """Asks for the settings of a training run. Returns None after showing an error.

    For a GAN, the VGG16-feature discriminator is in sight, and proposed if its weights are downloaded.

    Args:
        kind: name among `KINDS`.
        sample: name of the sample set, which fixes some settings; "" for other images.
        start_model: start of the training, which fixes or proposes some settings.
    """
    fixed_settings = {**_SAMPLE_SETTINGS.get(sample, {}), **start_model.fixed}
    is_gan = kind == "dcgan"
    is_downloaded = is_gan and not weight_downloads.list_missing(VGG16)
    proposed = {**(VGG16_SETTINGS if is_downloaded else {}), **start_model.proposed}
    form_settings = forms.ask_settings(
        _SETTINGS_OF[kind],
        skip=("steps", "test_every", "scored", *fixed_settings),
        unshared=("size",),
        fold=("width",),
        unfold=("vgg16_discriminator",) if is_gan else (),
        initial_values={name: value for name, value in proposed.items() if name not in fixed_settings},
        extra=fixed_settings,
        ask_extra=partial(_ask_length, kind),
        seed_mode="kept",
    )
    saved_settings.show_saved_settings(TASKS[kind], form_settings, fill_form)
    return form_settings


def fill_form(settings: Any) -> None:
    """Sets the inputs next to the form from settings. Call it from a callback."""
    saved_settings.snap_to_nearest(STEPS, "steps")
    st.session_state["measured"] = settings.scored > 0


def _ask_length(kind: str) -> dict[str, int]:
    steps = st.select_slider(
        "Training steps",
        STEPS,
        value=DEFAULT_STEPS,
        key="steps",
        bind="query-params",
        help="More steps give better images but take longer; you can stop at any time and continue later",
    )
    is_scored = st.toggle(
        "FID and KID",
        key="measured",
        bind="query-params",
        help=_SCORE_HELP[kind],
    )
    tests = _TESTS_WITH_KID if is_scored and kind == "dcgan" else _TESTS
    return {"steps": steps, "test_every": -(-steps // tests), "scored": SCORED_IMAGES if is_scored else 0}
