"""Whether what is asked of coloring can be made; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from studio.colorize import color_hints, models, tint
from studio.colorize.settings import ColorizeSettings
from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.models.recently_used import get_or_make
from studio.core.tasks import File

_LOOKED: dict[str, tuple[tint.Kind, int, int] | None] = {}  # by the digest of the photo: a page asks often
_MOST = 64


def check(settings: ColorizeSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless the network is one that colors, the photo is gray or shall be colored
    again, and the color hints fit it."""
    models.network_of(settings, inputs)
    for file in inputs["content"]:
        data = file.read()  # first, for it may be nobody's or somebody else's now
        looked = get_or_make(_LOOKED, file.digest, partial(_look, data, file.name), _MOST)
        if looked is None:
            continue
        kind, height, width = looked
        if not settings.recolor and kind == "colored":
            raise invalid(
                "photo",
                expected="a gray photo, or one in shades of a single tint",
                received="a color photo",
                next_step="turn on recolor to treat it as gray",
            )
        for layer in inputs.get("color_hints", ()):
            color_hints.check(image_io.read_transparent(layer.read(), layer.name), height, width)


def _look(data: bytes, name: str) -> tuple[tint.Kind, int, int] | None:
    """What a photo is, and its size; None of what is no image, which says so where it is read: a video has
    none yet."""
    with suppress(InvalidInput):
        photo = image_io.read(data, name)
        height, width = photo.shape[:2]
        return tint.kind_of(photo), height, width
    return None
