"""Writes the card of a network that detects damage from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.core.models import cards
from studio.restore.settings import TrainRestoreSettings


def compose(name: str, settings: TrainRestoreSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: of the training photos.
        settings: of the training run.
        figures: those that `studio.restore.learn.task.train` returns.
        command: that trains the network.
    """
    crops = figures["steps"] * settings.batch
    rows = [
        ("precision: share of the marked pixels that are damaged", f"{figures['precision']:.3f}"),
        ("recall: share of the damaged pixels that are marked", f"{figures['recall']:.3f}"),
        ("F1, their harmonic mean", f"{figures['f1']:.3f}"),
    ]
    return cards.compose(
        f"Damage detection, trained on {name}",
        f"Data: {name}, {figures['photos']:,} photos of {settings.photo_size} px; "
        f"{figures['held_out']:,} photos were held out. Scratches, hairs and dust were drawn on the photos, "
        "so it is known where they are.",
        f"A network of {figures['parameters']:,} parameters. Its input is a photo; its output is the "
        "probability that each pixel is damaged. It takes thin light or dark lines of the scene, such as "
        "wires, for scratches. " + cards.describe_photo_training(figures, crops, settings.window),
        figures,
        command,
        [
            f"On {figures['tested_photos']} held-out photos with drawn damage, at a probability of one "
            f"half.\n\n{cards.format_table(rows)}"
        ],
    )
