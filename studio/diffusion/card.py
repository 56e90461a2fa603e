"""The card of a trained diffusion model, written from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.metrics import comparison
from studio.core.models import cards
from studio.diffusion.settings import TrainDiffusionSettings


def compose(name: str, settings: TrainDiffusionSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: name of the data set.
        settings: settings of the training run.
        figures: as `studio.diffusion.task.train` returns them.
        command: command that repeats the training.
    """
    return cards.compose(
        f"Diffusion model of {name}",
        f"Data: {name}, {figures['images']:,} images at {settings.size} px; {figures['held_out']:,} of "
        "them were held out as the test split.",
        f"A U-Net of width {settings.width}, trained by flow matching: {figures['parameters']:,} parameters."
        f"{cards.describe_classes(figures)} {cards.describe_training(figures, settings.batch)} "
        "The weights are an EMA, from the test with the lowest validation loss. The images were generated in "
        f"{figures['sampling_steps']} steps, without guidance.",
        figures,
        command,
        [cards.format_table(comparison.make_card_rows(figures))],
    )
