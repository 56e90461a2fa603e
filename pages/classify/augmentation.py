"""A batch as the network gets it: training images, for fine-tuning each with random augmentations."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

import streamlit as st

from pages.jobs import live
from pages.widgets import browser_images, words
from studio import engine
from studio.classify.settings import PREPROCESSING, AugmentSettings, TrainClassifierSettings
from studio.core.tasks import Inputs
from studio.imported.preprocessing import LABELS, Preprocessing

TASK = "classify.augment"
_HELP = (
    "Shows some of your images as the network gets them: cropped and resized, and with *Fine-tune* changed "
    "at random in each epoch"
)
_OFF = {"flip": "off"}  # without fine-tuning, no image is changed


def show(settings: TrainClassifierSettings, inputs: Inputs) -> None:
    """Shows a grid of training images on request; nothing with an imported model.

    Args:
        settings: of the training job.
        inputs: of the training job.
    """
    if inputs.get("model") or not st.toggle("Preview a batch", key="augmentation_preview", help=_HELP):
        return
    if engine.connect().status() != "ready":
        live.show_warm_up()
        return
    shared_names = AugmentSettings.model_fields.keys() & TrainClassifierSettings.model_fields.keys()
    values = {name: getattr(settings, name) for name in shared_names}
    if not settings.finetune:
        values = {name: values[name] for name in ("size", "seed")} | _OFF
    with st.spinner("Preparing images ..."):
        result = live.make_result(TASK, AugmentSettings.parse(values), {"data": inputs["data"]}, "augmented")
    if result is not None:
        browser_images.show_image(result.data, caption=describe(settings, result.figures))


def describe(settings: TrainClassifierSettings, figures: Mapping[str, Any]) -> str:
    """Returns a caption of the grid: its classes, the augmentation, and what the network computes first."""
    labels = ", ".join(figures["labels"])
    if figures["augmented"]:
        flip = "mirrored at random" if figures["flip"] else "not mirrored"
        text = f"Each row: an original, then five augmentations. Images are {flip}. Row by row: {labels}."
    else:
        text = f"Row by row, from the left: {labels}."
    name = words.choice_label(settings.backbone)
    preprocessing = LABELS[cast(Preprocessing, PREPROCESSING[settings.backbone])]
    return f"{text} {name} takes {settings.size} × {settings.size} px. Preprocessing: {preprocessing}."
