"""The preview of the data augmentation: training images, each with random augmentations."""

from __future__ import annotations

import streamlit as st

from pages.jobs import live
from pages.widgets import browser_images
from studio import engine
from studio.classify.settings import AugmentSettings, TrainClassifierSettings
from studio.core.tasks import Inputs

TASK = "classify.augment"
_HELP = "Shows some of your images as fine-tuning sees them, with new random changes in each epoch"


def show(settings: TrainClassifierSettings, inputs: Inputs) -> None:
    """Shows a grid of augmented training images on request; nothing without fine-tuning.

    Args:
        settings: of the training job.
        inputs: of the training job.
    """
    if not settings.finetune or not st.toggle("Preview augmentation", key="augmentation_preview", help=_HELP):
        return
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return
    shared_names = AugmentSettings.model_fields.keys() & TrainClassifierSettings.model_fields.keys()
    preview_settings = AugmentSettings.parse({name: getattr(settings, name) for name in shared_names})
    with st.spinner("Augmenting images ..."):
        result = live.make_result(TASK, preview_settings, {"data": inputs["data"]}, "augmented")
    if result is not None:
        flip = "mirrored at random" if result.figures["flip"] else "not mirrored"
        caption = f"Each row: an original, then five augmentations. Images are {flip}."
        browser_images.show_image(result.data, caption=caption)
