"""The model card of a trained DCGAN, written from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.metrics import comparison
from studio.core.models import cards
from studio.dcgan.settings import TrainDcganSettings


def compose(name: str, settings: TrainDcganSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: name of the data set.
        settings: settings of the training run.
        figures: as `studio.dcgan.task.train` returns them.
        command: command that repeats the training.
    """
    rollbacks = (
        f" Training rolled back to an earlier checkpoint {figures['rollbacks']} times."
        if figures["rollbacks"]
        else ""
    )
    selected_by = "lowest KID to held-out images" if "training_kid" in figures else "lowest KID"
    return cards.compose(
        f"DCGAN of {name}",
        f"Data: {name}, {figures['images']:,} images at {settings.size} px; {figures['held_out']:,} of "
        "them were held out as the test split.",
        f"A DCGAN of width {settings.width}: {figures['parameters']:,} parameters in the generator."
        f"{_describe_options(settings, figures)} "
        f"{cards.describe_training(figures, settings.batch)} "
        f"The weights are an EMA, from the test with the {selected_by}.{rollbacks}",
        figures,
        command,
        [cards.format_table(comparison.make_card_rows(figures))],
    )


def _describe_options(settings: TrainDcganSettings, figures: Mapping[str, Any]) -> str:
    """Returns a sentence for each option that a plain DCGAN lacks, each with a leading space."""
    text = cards.describe_classes(figures)
    if settings.blocks:
        text += f" Residual blocks at each resolution: {settings.blocks}."
    if settings.bilateral:
        text += f" A bilateral filter of {settings.bilateral:g} levels smooths flat areas."
    if settings.palette:
        text += f" An image is mixed of {settings.palette} colors."
    if settings.loss == "relativistic":
        text += " Relativistic loss with gradient penalties R1 and R2."
    if settings.adaptive_augmentation:
        text += " Adaptive discriminator augmentation (ADA)."
    return text + cards.describe_vgg16_discriminator(figures, settings.vgg16_discriminator > 0)
