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
        f" It went back to its last good weights {figures['rollbacks']} times."
        if figures["rollbacks"]
        else ""
    )
    richer = _richer(settings, figures)
    by = "whose KID to held-out images was smallest" if "training_kid" in figures else "that came closest"
    return cards.write(
        f"Draws like {name}",
        f"Data: {name}, {figures['pictures']:,} pictures at {settings.size} px; {figures['held_out']:,} of "
        "them were held out to test on.",
        f"A DCGAN of width {settings.width}: {figures['parameters']:,} parameters draw.{richer} "
        f"{cards.trained(figures, settings.batch)} The weights are averaged ones, of the test {by}.{back}",
        figures,
        command,
        [cards.table(comparison.rows(figures))],
    )


def _richer(settings: TrainDcganSettings, figures: Mapping[str, Any]) -> str:
    """What it has besides a plain DCGAN, as sentences."""
    told = ""
    if settings.blocks:
        told += f" Residual blocks refine each size: {settings.blocks} each."
    if settings.bilateral:
        told += f" A bilateral filter of {settings.bilateral:g} levels evens out its planes."
    if settings.palette:
        told += f" A picture is mixed of {settings.palette} colours."
    if settings.loss == "relativistic":
        told += " The judge compared real with drawn pictures, held flat at both."
    if settings.adaptive_augmentation:
        told += " The more its judge had learnt by heart, the more pictures it saw changed (adaptive"
        told += " discriminator augmentation)."
    return told + cards.second_judge(figures, settings.perceptual_judge > 0)
