"""Writes the card of a network for colorizing from its figures."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.colorize.settings import NO_BACKBONE, TrainColorizeSettings
from studio.core.models import cards
from studio.core.weights import prepare


def compose(name: str, settings: TrainColorizeSettings, figures: Mapping[str, Any], command: str) -> str:
    """Returns the card in Markdown.

    Args:
        name: of the training photos.
        settings: of the training run.
        figures: those that `studio.colorize.learn.task.train` returns.
        command: that trains the network.
    """
    crops = figures["steps"] * settings.batch
    rows = [
        ("mean distance of a* and b* from the photo's", f"{figures['error']:.2f}"),
        ("at vividness 0, where the distance is smallest", f"{figures['pale_error']:.2f}"),
        ("of the gray photo", f"{figures['gray_error']:.2f}"),
        ("the first, relative to gray", f"{figures['error'] / figures['gray_error']:.3f}"),
        ("the second, relative to gray", f"{figures['pale_error'] / figures['gray_error']:.3f}"),
    ]
    return cards.compose(
        f"Colorization, trained on {name}",
        f"Data: {name}, {figures['photos']:,} photos of {settings.photo_size} px; "
        f"{figures['held_out']:,} photos were held out.",
        f"{_describe_network(settings, figures['parameters'])} Its inputs are lightness and color "
        "hints; its output is a probability distribution over colors at a quarter of the size. The result "
        "is one plausible coloring, not the true one. "
        f"{cards.describe_photo_training(figures, crops, settings.window)}",
        figures,
        command,
        [
            f"Means over {figures['tested_photos']} held-out photos in gray, without color hints.\n\n"
            f"{cards.format_table(rows)}"
        ],
    )


def _describe_network(settings: TrainColorizeSettings, parameters: int) -> str:
    if settings.backbone == NO_BACKBONE:
        return f"A network of {parameters:,} parameters, trained from scratch."
    weights = prepare.get_entry(settings.backbone)
    return (
        f"A decoder of {parameters:,} parameters, trained on frozen features of the gray photo from "
        f"{weights.title}, whose weights are not in this model: they are downloaded on first use. Their "
        f"license: {weights.license}."
    )
