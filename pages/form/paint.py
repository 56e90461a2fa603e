"""Paint of the brush, as the browser sends it and as the session and the address keep it.

It is a dict of "image", which names the image that it belongs to, "styles", their names, and "masks", a data
URL per style.
"""

from __future__ import annotations

import base64
import binascii
from contextlib import suppress
from typing import Any

import numpy as np

from pages.widgets import browser_images
from studio.core.errors import StudioError
from studio.core.imaging import image_io

MAX_SIDE = 384  # px of a mask; scaled up, its edges are soft like those of a brush
MAX_BYTES = 400_000  # of a mask as a data URL
Paint = dict[str, Any]


def parse(value: object, image: str) -> Paint | None:
    """Returns paint if it has one mask per style for this image, else None. It does not decode the masks."""
    if not isinstance(value, dict) or value.get("image") != image:
        return None
    styles, masks = value.get("styles"), value.get("masks")
    if not isinstance(styles, list) or not isinstance(masks, list) or len(styles) != len(masks):
        return None
    is_text = all(isinstance(text, str) for text in (*styles, *masks))
    return {"image": image, "styles": styles, "masks": masks} if is_text else None


def encode_again(paint: Paint | None) -> Paint | None:
    """Returns stored paint with masks encoded here, so the browser never gets untrusted data."""
    with suppress(StudioError):
        return paint and {**paint, "masks": [to_data_url(from_data_url(mask)) for mask in paint["masks"]]}
    return None


def fit(height: int, width: int) -> tuple[int, int]:
    """Returns height and width of the masks for an image."""
    scale = MAX_SIDE / max(height, width)
    return max(1, round(height * scale)), max(1, round(width * scale))


def to_data_url(mask: np.ndarray) -> str:
    """Returns a mask, `(H, W, 3) uint8`, as the data URL of a PNG."""
    return browser_images.to_data_url(image_io.encode_png(mask), "png")


def from_data_url(text: str) -> np.ndarray:
    """Decodes a data URL to `(H, W, 3) uint8`; black if it is invalid, or exceeds MAX_BYTES or MAX_SIDE.

    Raises:
        InvalidInput: if the data are not an image.
    """
    black = np.zeros((8, 8, 3), "uint8")
    if len(text) > MAX_BYTES:
        return black
    try:
        data = base64.b64decode(text.partition(",")[2], validate=True)
    except binascii.Error:
        return black
    # Check the size first: a mask of 90 KB can have 67 million pixels, which take a gigabyte.
    return black if max(image_io.read_size(data)) > MAX_SIDE else image_io.read_mask(data)
