"""The card of a network that enlarges, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.models import cards
from studio.enhance.settings import SCALES, TrainEnhanceSettings


def write(name: str, settings: TrainEnhanceSettings, figures: Mapping[str, Any], command: str) -> str:
    """The card in Markdown.

    Args:
        name: of the photos that it practised on.
        settings: of the training.
        figures: as `studio.enhance.learn.task.train` gives them.
        command: that trains it.
    """
    ended = f" {cards.ENDS[figures['ended']]}" if figures["ended"] else ""
    begun = cards.begun(figures)
    seen = figures["steps"] * settings.batch * len(SCALES)
    drawn = f", and {settings.drawings:,} pictures that the studio draws itself" if settings.drawings else ""
    rows = [
        (
            f"PSNR at {scale} times, dB",
            f"{figures[f'psnr_x{scale}']:.2f} (bicubic {figures[f'bicubic_x{scale}']:.2f})",
        )
        for scale in SCALES
    ]
    parts = [
        f"# Enlarges pictures like {name}",
        f"Data: {name}, {figures['photos']:,} photos of {settings.photo_size} px{drawn}; "
        f"{figures['held_out']:,} photos were held out.\n\n" + cards.LICENCE,
        f"One network of {figures['parameters']:,} parameters for 2, 3 and 4 times, which sees lightness "
        f"alone. It was trained for {figures['steps']:,} steps ({seen:,} windows of {settings.window} px) in "
        f"{figures['seconds'] / 60:.0f} minutes. The weights are averaged ones.{begun}{ended}\n\n"
        f"    {command}",
        *figures["notes"],
        f"Means over {figures['tested_photos']} held-out photos, shrunk and enlarged again, lightness "
        f"alone.\n\n{cards.table(rows)}",
    ]
    return "\n\n".join(parts) + "\n"
