"""Center crop and resizing within a network, as `studio.core.imaging.crops` does it in NumPy.

An exported classifier takes images of any size and must process them as in training. Keras' own resizing
either skips pixels of large images or becomes an operation that TFLite and ONNX lack; two matrix products
work everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

_LOBES = 3  # of the Lanczos filter, as in Pillow


def crop_and_resize_in_network(images: Any, height: int, width: int | None = None) -> Any:
    """Does what `crops.crop_and_resize` does within a network, up to rounding, with basic operations only.

    Args:
        images: `(B, H, W, 3)`, 0 to 255, of any type; H and W may be unknown.
        height, width: of the result in px; a square without a width.

    Returns:
        `(B, height, width, 3) float32`, 0 to 255, not rounded: rounding would turn tiny numeric differences
        between machines into differences of a whole level.
    """
    from keras import ops

    width = width or height
    pixels = ops.cast(images, "float32")
    rows, columns = _pixel_indices(pixels[:1, :, :1, :1]), _pixel_indices(pixels[:1, :1, :, :1])
    image_height, image_width = ops.max(rows) + 1.0, ops.max(columns) + 1.0
    # Round as in `crops.find_center_crop`: otherwise TFLite's 419.00003 of 419 pixels would become 420.
    crop_height = ops.maximum(ops.round(ops.minimum(image_height, image_width * height / width)), 1.0)
    crop_width = ops.maximum(ops.round(ops.minimum(image_width, image_height * width / height)), 1.0)
    row_weights = _lanczos_weights(rows, image_height, crop_height, height)
    column_weights = _lanczos_weights(columns, image_width, crop_width, width)
    planes = ops.transpose(pixels, (0, 3, 1, 2))
    resized = _clip(ops.matmul(planes, ops.transpose(column_weights)))
    resized = _clip(ops.matmul(row_weights, resized))
    return ops.transpose(resized, (0, 2, 3, 1))


def _pixel_indices(line: Any) -> Any:
    """Returns 0, 1, 2, ... along a line of an image, `(n,) float32`; its length may be unknown here."""
    from keras import ops

    return ops.cumsum(ops.ones_like(ops.reshape(line, (-1,)))) - 1.0


def _clip(pixels: Any) -> Any:
    """Clips to 0 to 255, as Pillow does after each direction, because the filter overshoots."""
    from keras import ops

    return ops.clip(pixels, 0.0, 255.0)


def _lanczos_weights(positions: Any, length: Any, crop_length: Any, size: int) -> Any:
    """Returns the Lanczos weights `(size, length)` of each pixel in each new pixel; rows sum to 1.

    Args:
        positions: of the pixels, `(length,)`.
        length: number of pixels.
        crop_length: number of pixels in the center crop.
        size: number of new pixels.
    """
    from keras import ops

    offsets = positions - ops.floor((length - crop_length) / 2.0)
    step = crop_length / size
    centers = step * (np.arange(size, dtype="float32")[:, None] + 0.5)
    reach = ops.maximum(step, 1.0)
    distance = (ops.expand_dims(offsets, 0) + 0.5 - centers) / reach
    is_in_crop = ops.expand_dims((offsets >= 0) & (offsets < crop_length), 0)
    in_reach = (ops.abs(distance) < _LOBES) & is_in_crop
    weights = ops.where(in_reach, ops.sinc(distance) * ops.sinc(distance / _LOBES), 0.0)
    return weights / ops.sum(weights, axis=1, keepdims=True)
