"""A brush that paints where in a photo each style goes.

Streamlit has no such widget. After each stroke the browser sends the mask of each style as a small PNG.
`input_store` keeps the masks, because a hidden brush forgets them. Style names can come from users, so they
are set as text, never as markup.
"""

from __future__ import annotations

import base64
import binascii
from collections.abc import Sequence
from contextlib import suppress
from functools import partial
from typing import Any

import numpy as np
import streamlit as st

from pages.form import brush_component, input_store, mask_input
from pages.widgets import browser_images, keys
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File

MAX_SIDE = 384  # px of a mask; scaled up, its edges are soft like those of a brush
MAX_BYTES = 400_000  # of a mask as a data URL
_PAINT_KEY = "paint"  # the last paint, in the session and in the address
_KEY = "mask_brush"
_VERSION_KEY = "brush_version"  # a part of the brush's key; a new one makes the browser load other paint
_PAINTED_LEVEL = 128  # intensity from which a pixel counts as painted
_EXPLANATION = (
    "Paint the area of each style. Styles without a painted area share the rest. If every style has "
    "one, the rest of the photo stays as it is."
)


def ask_masks(
    content: File,
    styles: Sequence[str],
    explanation: str = _EXPLANATION,
    *,
    image: bytes = b"",
    shares_rest: bool = True,
) -> list[File]:
    """Draws the photo with a brush, to paint the area of each style.

    Args:
        content: the photo to paint on.
        styles: titles of the styles.
        explanation: text below the brush.
        image: a WebP of the photo to paint on, with something marked in it; empty for the photo itself.
        shares_rest: whether styles without paint share the unpainted area; otherwise their masks are black.

    Returns:
        One mask per style, or none while nothing is painted. If all styles have paint, the unpainted area of
        the photo stays unchanged.
    """
    parse = partial(_parse_stored_paint, content.digest)
    saved_paint = _validate_paint(content.digest, brush_component.restore(_PAINT_KEY, parse, _VERSION_KEY))
    key = keys.part(_KEY, st.session_state.get(_VERSION_KEY, 0))
    image = image or browser_images.encode_file(content.digest)
    height, width = image_io.read_size(image)
    scale = MAX_SIDE / max(height, width)
    options = {
        "styles": list(styles),
        "image": content.digest,
        "saved": None if st.session_state.get(key, {}).get("painted") else saved_paint,
        "alt": "Your photo, to paint on",
        "width": max(1, round(width * scale)),
        "height": max(1, round(height * scale)),
    }
    message = brush_component.show(options, image, key)
    if message is None:
        message = saved_paint  # the brush was hidden and has not sent its masks yet
    else:
        st.session_state[_PAINT_KEY] = message
    input_store.store(_PAINT_KEY, _validate_paint(content.digest, message))
    st.caption(explanation)
    try:
        return _store_masks(message, content.digest, styles, shares_rest)
    except StudioError:
        return []


def load_masks(image: str, styles: Sequence[str], masks: Sequence[File]) -> bool:
    """Loads stored masks into the brush. Returns whether that is possible. Call it from a callback.

    Args:
        image: SHA-256 of the photo.
        styles: titles of the styles.
        masks: one per style.
    """
    if not all(mask_input.is_painted(file) for file in masks):
        return False
    images = [file.read() for file in masks]
    if any(max(image_io.read_size(data)) > MAX_SIDE for data in images):  # not of the brush
        return False
    arrays = [image_io.read_mask(data) for data in images]
    if len({mask.shape for mask in arrays}) > 1:
        return False
    data_urls = [to_data_url(mask) for mask in clear_filled_masks(arrays)]
    if max(map(len, data_urls)) > MAX_BYTES:
        return False
    st.session_state[_PAINT_KEY] = {"image": image, "styles": list(styles), "masks": data_urls}
    brush_component.replace_paint(_VERSION_KEY)
    return True


def _parse_stored_paint(image: str, value: object) -> dict[str, Any] | None:
    """Reads stored paint and encodes it again, so the browser never gets untrusted data."""
    paint = _validate_paint(image, value)
    with suppress(StudioError):
        return paint and {**paint, "masks": [to_data_url(from_data_url(mask)) for mask in paint["masks"]]}
    return None


def _store_masks(message: object, image: str, styles: Sequence[str], shares_rest: bool = True) -> list[File]:
    """Stores the masks from a browser. Returns them; none for another image, other styles or invalid data.

    Raises:
        InvalidInput: if a mask is not an image.
    """
    paint = _validate_paint(image, message)
    # Paint of other styles would misplace these; the brush will send its masks again soon.
    if paint is None or paint["styles"] != list(styles):
        return []
    arrays = [from_data_url(mask) for mask in paint["masks"]]
    if shares_rest:
        arrays = fill_empty_masks(arrays)
    elif all(mask.max() < _PAINTED_LEVEL for mask in arrays):
        return []
    return [
        mask_input.store_painted(image_io.encode_png(mask), number)
        for number, mask in enumerate(arrays, start=1)
    ]


def _validate_paint(image: str, message: object) -> dict[str, Any] | None:
    """Returns the message of a browser if it has one mask per style for this image, else None."""
    if not isinstance(message, dict) or message.get("image") != image:
        return None
    styles, masks = message.get("styles"), message.get("masks")
    if not isinstance(styles, list) or not isinstance(masks, list) or len(styles) != len(masks):
        return None
    if len(styles) > mask_input.MAX_MASKS or not all(isinstance(style, str) for style in styles):
        return None
    return {"image": image, "styles": styles, "masks": masks}


def to_data_url(mask: np.ndarray) -> str:
    """Returns a mask, `(H, W, 3) uint8`, as the data URL of a PNG."""
    return browser_images.to_data_url(image_io.encode_png(mask), "png")


def from_data_url(text: object) -> np.ndarray:
    """Decodes a data URL to `(H, W, 3) uint8`; black if it is invalid, or exceeds MAX_BYTES or MAX_SIDE.

    Raises:
        InvalidInput: if the data are not an image.
    """
    black = np.zeros((8, 8, 3), "uint8")
    if not isinstance(text, str) or len(text) > MAX_BYTES:
        return black
    try:
        data = base64.b64decode(text.partition(",")[2], validate=True)
    except binascii.Error:
        return black
    # Check the size first: a mask of 90 KB can have 67 million pixels, which take a gigabyte.
    return black if max(image_io.read_size(data)) > MAX_SIDE else image_io.read_mask(data)


def fill_empty_masks(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Replaces empty masks by the area that no other mask covers.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.

    Returns:
        As many masks; none if nothing was painted or no area is left for the empty ones.
    """
    painted_masks = [mask for mask in masks if mask.max() >= _PAINTED_LEVEL]
    if not painted_masks:
        return []
    rest = 255 - np.maximum.reduce(painted_masks)
    if len(painted_masks) < len(masks) and rest.max() < _PAINTED_LEVEL:
        return []
    return [mask if mask.max() >= _PAINTED_LEVEL else rest for mask in masks]


def clear_filled_masks(masks: Sequence[np.ndarray]) -> list[np.ndarray]:
    """Returns masks as they were before `fill_empty_masks`: those of the area that no other covers are black.

    Args:
        masks: `(H, W, 3) uint8`, all of one size.
    """
    largest = max(masks, key=np.sum)
    smaller_masks = [mask for mask in masks if not np.array_equal(mask, largest)]
    if not smaller_masks or not np.array_equal(largest, 255 - np.maximum.reduce(smaller_masks)):
        return list(masks)
    return [np.zeros_like(mask) if np.array_equal(mask, largest) else mask for mask in masks]
