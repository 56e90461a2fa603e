"""Whether what is asked of colouring can be made; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress

import numpy as np

from studio.colour import dabs, models, tint
from studio.colour.settings import ColourSettings
from studio.core.errors import InvalidInput, invalid
from studio.core.pictures import images
from studio.core.tasks import File


def check(settings: ColourSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless the network is one that colours, the photo is grey or shall be coloured
    anew, and the dabs fit it."""
    models.network_of(settings, inputs)
    for file in inputs["content"]:
        photo = _read(file)
        if photo is None:
            continue
        if not settings.recolour and tint.kind_of(photo) == "coloured":
            raise invalid(
                "photo",
                expected="a grey one, or one in shades of a single tint",
                received="one in colour",
                next_step="choose recolour to colour it anew as if it were grey",
            )
        for layer in inputs.get("dabs", ()):
            dabs.check(images.read_transparent(layer.read(), layer.name), *photo.shape[:2])


def _read(file: File) -> np.ndarray | None:
    """The photo; None of what is no picture, which says so where it is read: a film has none yet."""
    with suppress(InvalidInput):
        return images.read(file.read(), file.name)
    return None
