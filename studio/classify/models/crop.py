"""Center crop and resizing as the studio does it, in NumPy and within a network.

An exported classifier takes images of any size and must process them as in training. Keras' own resizing
either skips pixels of large images or becomes an operation that TFLite and ONNX lack; two matrix products
work everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.imaging import image_io

_LOBES = 3  # of the Lanczos filter, as in Pillow


def middle(shape: tuple[int, ...], height: int, width: int) -> tuple[slice, slice]:
    """Returns rows and columns of the largest center crop of `(H, W, ...)` with a given aspect ratio."""
    step = min(shape[0] / height, shape[1] / width)
    rows, columns = max(1, round(step * height)), max(1, round(step * width))
    top, left = (shape[0] - rows) // 2, (shape[1] - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def cut(image: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """Crops and resizes `(H, W, 3) uint8` to `(height, width, 3) uint8`; a square without a width."""
    width = width or height
    part = image[middle(image.shape, height, width)]
    return image_io.resize(np.ascontiguousarray(part), height, width)


def resample(images: Any, height: int, width: int | None = None) -> Any:
    """Does what `cut` does within a network, up to rounding, with basic operations only.

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
    rows, columns = _places(pixels[:1, :, :1, :1]), _places(pixels[:1, :1, :, :1])
    tall, wide = ops.max(rows) + 1.0, ops.max(columns) + 1.0
    # Round as in `middle`: otherwise TFLite's 419.00003 of 419 pixels would become 420.
    high = ops.maximum(ops.round(ops.minimum(tall, wide * height / width)), 1.0)
    broad = ops.maximum(ops.round(ops.minimum(wide, tall * width / height)), 1.0)
    planes = ops.transpose(pixels, (0, 3, 1, 2))
    narrow = _levels(ops.matmul(planes, ops.transpose(_weights(columns, wide, broad, width))))
    small = _levels(ops.matmul(_weights(rows, tall, high, height), narrow))
    return ops.transpose(small, (0, 2, 3, 1))


def _places(line: Any) -> Any:
    """Returns 0, 1, 2, ... along a line of an image, `(n,) float32`; its length may be unknown here."""
    from keras import ops

    return ops.cumsum(ops.ones_like(ops.reshape(line, (-1,)))) - 1.0


def _levels(pixels: Any) -> Any:
    from keras import ops

    return ops.clip(pixels, 0.0, 255.0)  # as Pillow does after each direction, because the filter overshoots


def _weights(positions: Any, length: Any, side: Any, size: int) -> Any:
    """Returns the Lanczos weights `(size, length)` of each pixel in each new pixel; rows sum to 1.

    Args:
        positions: of the pixels, `(length,)`.
        length: number of pixels.
        side: number of pixels in the center crop.
        size: number of new pixels.
    """
    from keras import ops

    inside = positions - ops.floor((length - side) / 2.0)
    step = side / size
    centers = step * (np.arange(size, dtype="float32")[:, None] + 0.5)
    reach = ops.maximum(step, 1.0)
    distance = (ops.expand_dims(inside, 0) + 0.5 - centers) / reach
    in_reach = (ops.abs(distance) < _LOBES) & ops.expand_dims((inside >= 0) & (inside < side), 0)
    weights = ops.where(in_reach, ops.sinc(distance) * ops.sinc(distance / _LOBES), 0.0)
    return weights / ops.sum(weights, axis=1, keepdims=True)
