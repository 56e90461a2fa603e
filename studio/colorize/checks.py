"""Checks the settings and inputs of colorizing; importing this loads no Keras."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from contextlib import suppress
from functools import partial

from studio.colorize import color_hints, models, tint
from studio.colorize.settings import ColorizeSettings
from studio.core.errors import InvalidInput, invalid
from studio.core.imaging import image_io
from studio.core.masks import task_masks
from studio.core.models.lru import get_or_make
from studio.core.tasks import File

# Kind and size by SHA-256, because pages check often.
_PHOTO_FACTS: dict[str, tuple[tint.Kind, int, int] | None] = {}
_MAX_CACHED = 64


def check(settings: ColorizeSettings, inputs: Mapping[str, Sequence[File]]) -> None:
    """Raises `InvalidInput` unless the network fits, the photo is gray or `recolor` is on, and color hints
    fit the photo."""
    models.find_network(settings, inputs)
    task_masks.check(settings, inputs)
    for file in inputs["content"]:
        data = file.read()  # even if cached: the file may be deleted or private
        photo = get_or_make(
            _PHOTO_FACTS, file.digest, partial(_read_kind_and_size, data, file.name), _MAX_CACHED
        )
        if photo is None:
            continue
        kind, height, width = photo
        if not settings.recolor and kind == "colored":
            raise invalid(
                "photo",
                expected="a gray photo, or one in shades of a single tint",
                received="a color photo",
                next_step="turn on recolor to treat it as gray",
            )
        for layer in inputs.get("color_hints", ()):
            color_hints.check(image_io.read_transparent(layer.read(), layer.name), height, width)


def _read_kind_and_size(data: bytes, name: str) -> tuple[tint.Kind, int, int] | None:
    """Returns the kind, height and width of a photo; None if it cannot be read, which the task reports."""
    with suppress(InvalidInput):
        photo = image_io.read(data, name)
        height, width = photo.shape[:2]
        return tint.kind_of(photo), height, width
    return None
