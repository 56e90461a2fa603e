"""A brush that paints where in a photo each style goes.

Streamlit has no such widget. After each stroke the browser sends the mask of each style as a small PNG.
Style names can come from users, so they are set as text, never as markup.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import streamlit as st

from pages.form import mask_input, paint
from pages.form.brush_component import PhotoBrush
from pages.form.paint import MAX_BYTES, MAX_SIDE, Paint, from_data_url, to_data_url
from pages.widgets import browser_images
from studio.core.errors import StudioError
from studio.core.imaging import image_io
from studio.core.tasks import File

BRUSH = PhotoBrush("paint", lambda styles: len(styles) <= mask_input.MAX_MASKS)
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
    image = image or browser_images.encode_file(content.digest)
    height, width = paint.fit(*image_io.read_size(image))
    options = {"styles": list(styles), "alt": "Your photo, to paint on", "width": width, "height": height}
    painted = BRUSH.show(content.digest, image, options)
    st.caption(explanation)
    try:
        return _store_masks(painted, styles, shares_rest)
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
    BRUSH.replace({"image": image, "styles": list(styles), "masks": data_urls})
    return True


def _store_masks(painted: Paint | None, styles: Sequence[str], shares_rest: bool = True) -> list[File]:
    """Stores the masks of paint. Returns them; none without paint or for other styles.

    Raises:
        InvalidInput: if a mask is not an image.
    """
    # Paint of other styles would misplace these; the brush will send its masks again soon.
    if painted is None or painted["styles"] != list(styles):
        return []
    arrays = [from_data_url(mask) for mask in painted["masks"]]
    if shares_rest:
        arrays = fill_empty_masks(arrays)
    elif all(mask.max() < _PAINTED_LEVEL for mask in arrays):
        return []
    return [
        mask_input.store_painted(image_io.encode_png(mask), number)
        for number, mask in enumerate(arrays, start=1)
    ]


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
