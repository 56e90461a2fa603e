"""Exports the image of a result in another format, quality or size."""

from __future__ import annotations

from studio.core import recipes
from studio.core.errors import InvalidInput
from studio.core.imaging import exif, image_io

FORMATS = {".png": "PNG", ".jpg": "JPEG", ".webp": "WebP", ".tif": "TIFF"}  # of exports, by their ending
LOSSY = (".jpg", ".jpeg", ".jfif", ".webp")  # endings of the formats that have a quality


def convert(data: bytes, suffix: str, *, quality: int = image_io.DEFAULT_QUALITY, longest: int = 0) -> bytes:
    """Converts the PNG of a result. TIFF and PNG keep 16 bits and transparency, and PNG keeps the recipe.

    The recipe is not changed, so it makes the image in its original size.

    Args:
        data: the PNG.
        suffix: as for `image_io.encode_as`, or ".png".
        quality: of JPEG and WebP, 1 to 100; higher is larger and closer to the PNG.
        longest: longer side of the export in px; 0 keeps the size.

    Raises:
        InvalidInput: if the data is not an image.
    """
    if suffix == ".png" and not longest:
        return data
    image = image_io.read(data) if suffix in LOSSY else image_io.read_deep(data)
    if longest:
        image = image_io.fit(image, longest)
    if suffix == ".png":
        return image_io.encode_png(image, _read_recipe(data), exif.read(data))
    return image_io.encode_as(image, suffix, exif.read(data), quality)


def _read_recipe(data: bytes) -> recipes.Recipe | None:
    try:
        return recipes.read(data)
    except InvalidInput:
        return None
