"""Writes the card of a network of house styles from its figures."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.style.house.settings import TrainStyleSettings


def compose(
    name: str, settings: TrainStyleSettings, figures: Mapping[str, Any], command: str, styles: Sequence[str]
) -> str:
    """Returns the card in Markdown.

    Args:
        name: of the training photos.
        settings: of the training run.
        figures: those that `studio.style.house.task.train` returns.
        command: that trains the network.
        styles: names of its styles.
    """
    images = figures["steps"] * settings.batch
    unchanged_styles = [name for name in styles if name not in figures["trained_styles"]]
    frozen_note = ""
    if unchanged_styles and settings.only_new:
        frozen_note = f" {', '.join(unchanged_styles)} stayed as they were."
    return cards.compose(
        "House styles",
        f"Data: {name}, {figures['photos']:,} photos at {settings.photo_size} px, {settings.size} px of them "
        f"at a time; {figures['held_out']:,} were held out.",
        f"One network of {figures['parameters']:,} parameters for all styles. It was trained for "
        f"{amounts.format_count(figures['steps'], 'step')} of {settings.batch} photos "
        f"({images:,} paintings) in "
        f"{amounts.format_duration(figures['seconds'])}. The weights are an EMA.{frozen_note}",
        figures,
        command,
        [_format_test_losses(settings, styles, figures)],
        intro=f"{', '.join(styles)}.",
    )


def _format_test_losses(
    settings: TrainStyleSettings, styles: Sequence[str], figures: Mapping[str, Any]
) -> str:
    """Returns a table of the losses on photos used neither for training nor for choosing weights."""
    tested_styles = figures.get("tested_styles", figures["trained_styles"])
    tested_names = "every style" if len(tested_styles) == len(styles) else ", ".join(tested_styles)
    region_text = f" in each of {figures['tested_parts'] ** 2} parts" if figures["tested_parts"] > 1 else ""
    losses = {f"style loss{region_text}": "style", "content loss": "content"}
    losses[f"total at its strength of {settings.strength:g}"] = "total"
    rows = [
        (name, f"{figures[f'held_out_{loss}']:.4f} ± {figures[f'held_out_{loss}_error']:.4f}")
        for name, loss in losses.items()
    ]
    count = figures["tested_photos"]
    note = (
        f"Means over {count} held-out photos, each painted in {tested_names}; "
        "± is the standard error over photos."
    )
    return f"{note}\n\n{cards.format_table(rows)}"
