"""The card of a network of house styles, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from studio.core.models import cards
from studio.style.house.settings import TrainStyleSettings


def write(
    name: str, settings: TrainStyleSettings, styles: Sequence[str], figures: Mapping[str, Any], command: str
) -> str:
    """The card in Markdown.

    Args:
        name: of the photos that it practised on.
        settings: of the training.
        styles: that it knows.
        figures: as `studio.style.house.task.train` gives them.
        command: that trains it.
    """
    ended = f" {cards.ENDS[figures['ended']]}" if figures["ended"] else ""
    begun = f" It began with the weights of {figures['started_from']}." if figures["started_from"] else ""
    seen = figures["steps"] * settings.batch
    taught, kept = figures["taught"], [name for name in styles if name not in figures["taught"]]
    stayed = f" {', '.join(kept)} stayed as they were." if kept and settings.only_new else ""
    what = ", ".join(taught) if kept else "the styles"
    each = f" in each of {settings.parts**2} parts" if settings.parts > 1 else ""
    parts = [
        "# House styles",
        f"{', '.join(styles)}.",
        f"Data: {name}, {figures['photos']:,} photos at {settings.photo_size} px, {settings.size} px of them "
        f"at a time; {figures['held_out']:,} were held out to test on.\n\n" + cards.LICENCE,
        f"One network of {figures['parameters']:,} parameters for all styles. It was trained for "
        f"{figures['steps']:,} steps of {settings.batch} photos ({seen:,} paintings) in "
        f"{figures['seconds'] / 60:.0f} minutes. The weights are averaged ones.{begun}{stayed}{ended}\n\n"
        f"    {command}",
        *figures["notes"],
        cards.table(
            [
                (f"style loss{each}, held out, mean of {what}", f"{figures['held_out_style']:.4f}"),
                (f"content loss, held out, mean of {what}", f"{figures['held_out_content']:.4f}"),
            ]
        ),
    ]
    return "\n\n".join(parts) + "\n"
