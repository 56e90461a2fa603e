"""The card of a network that colours, made from its figures alone."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from studio.colour.settings import TrainColourSettings
from studio.core import amounts
from studio.core.models import cards


def write(name: str, settings: TrainColourSettings, figures: Mapping[str, Any], command: str) -> str:
    """The card in Markdown.

    Args:
        name: of the photos that it practised on.
        settings: of the training.
        figures: as `studio.colour.learn.task.train` gives them.
        command: that trains it.
    """
    seen = figures["steps"] * settings.batch
    rows = [
        ("mean distance of a* and b* from the photo's", f"{figures['error']:.2f}"),
        ("the same at no vividness, where it is least", f"{figures['pale_error']:.2f}"),
        ("the same of plain grey", f"{figures['grey_error']:.2f}"),
        ("the first over that of grey", f"{figures['error'] / figures['grey_error']:.3f}"),
        ("the second over that of grey", f"{figures['pale_error'] / figures['grey_error']:.3f}"),
    ]
    return cards.write(
        f"Colours photos like {name}",
        f"Data: {name}, {figures['photos']:,} photos of {settings.photo_size} px; "
        f"{figures['held_out']:,} photos were held out.",
        f"A network of {figures['parameters']:,} parameters that sees lightness, and colours that a person "
        "dabs on, and gives odds of colours at a quarter of the size. What it makes is a colouring, not the "
        f"true one. It was trained for {amounts.count(figures['steps'], 'step')} ({seen:,} parts of "
        f"{settings.window} px) in {amounts.duration(figures['seconds'])}. The weights are averaged ones.",
        figures,
        command,
        [
            f"Means over {figures['tested_photos']} held-out photos in grey, with nothing told.\n\n"
            f"{cards.table(rows)}"
        ],
    )
