"""The card of a network of house styles, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core import amounts
from studio.core.models import cards
from studio.style.house.settings import TrainStyleSettings


def write(
    name: str, settings: TrainStyleSettings, figures: Mapping[str, Any], command: str, styles: Sequence[str]
) -> str:
    """The card in Markdown.

    Args:
        name: of the photos that it trained on.
        settings: of the training.
        styles: that it knows.
        figures: as `studio.style.house.task.train` gives them.
        command: that trains it.
    """
    seen = figures["steps"] * settings.batch
    kept = [name for name in styles if name not in figures["taught"]]
    stayed = f" {', '.join(kept)} stayed as they were." if kept and settings.only_new else ""
    return cards.write(
        "House styles",
        f"Data: {name}, {figures['photos']:,} photos at {settings.photo_size} px, {settings.size} px of them "
        f"at a time; {figures['held_out']:,} were held out.",
        f"One network of {figures['parameters']:,} parameters for all styles. It was trained for "
        f"{amounts.count(figures['steps'], 'step')} of {settings.batch} photos ({seen:,} paintings) in "
        f"{amounts.duration(figures['seconds'])}. The weights are an EMA.{stayed}",
        figures,
        command,
        [_tests(settings, styles, figures)],
        intro=f"{', '.join(styles)}.",
    )


def _tests(settings: TrainStyleSettings, styles: Sequence[str], figures: Mapping[str, Any]) -> str:
    """What the network loses on photos that neither it nor a choice of its weights has seen."""
    tested = figures.get("tested_styles", figures["taught"])
    what = "every style" if len(tested) == len(styles) else ", ".join(tested)
    each = f" in each of {figures['tested_parts'] ** 2} parts" if figures["tested_parts"] > 1 else ""
    losses = {f"style loss{each}": "style", "content loss": "content"}
    losses[f"total at its strength of {settings.strength:g}"] = "total"
    rows = [
        (name, f"{figures[f'held_out_{loss}']:.4f} ± {figures[f'held_out_{loss}_error']:.4f}")
        for name, loss in losses.items()
    ]
    count = figures["tested_photos"]
    told = f"Means over {count} held-out photos, each painted in {what}; ± is the standard error over photos."
    return f"{told}\n\n{cards.table(rows)}"
