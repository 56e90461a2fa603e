"""The card of a trained DCGAN, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.metrics import comparison
from studio.core.models import cards
from studio.dcgan.settings import TrainDcganSettings


def write(name: str, settings: TrainDcganSettings, figures: Mapping[str, Any], command: str) -> str:
    """The card in Markdown.

    Args:
        name: of the data set.
        settings: of the training.
        figures: as `studio.dcgan.task.train` gives them.
        command: that trains it.
    """
    back = (
        f" Training rolled back to an earlier checkpoint {figures['rollbacks']} times."
        if figures["rollbacks"]
        else ""
    )
    richer = _richer(settings, figures)
    by = "with the lowest KID to held-out images" if "training_kid" in figures else "with the lowest KID"
    return cards.write(
        f"DCGAN of {name}",
        f"Data: {name}, {figures['images']:,} images at {settings.size} px; {figures['held_out']:,} of "
        "them were held out as the test split.",
        f"A DCGAN of width {settings.width}: {figures['parameters']:,} parameters in the generator.{richer} "
        f"{cards.trained(figures, settings.batch)} The weights are an EMA, from the test {by}.{back}",
        figures,
        command,
        [cards.table(comparison.rows(figures))],
    )


def _richer(settings: TrainDcganSettings, figures: Mapping[str, Any]) -> str:
    """The additions to a plain DCGAN, as sentences."""
    told = ""
    if settings.blocks:
        told += f" Residual blocks at each resolution: {settings.blocks}."
    if settings.bilateral:
        told += f" A bilateral filter of {settings.bilateral:g} levels smooths flat areas."
    if settings.palette:
        told += f" An image is mixed of {settings.palette} colors."
    if settings.loss == "relativistic":
        told += " Relativistic loss with gradient penalties R1 and R2."
    if settings.adaptive_augmentation:
        told += " Adaptive discriminator augmentation (ADA)."
    return told + cards.vgg16_discriminator(figures, settings.vgg16_discriminator > 0)
