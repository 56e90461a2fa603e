"""The middle of an image, most often a square, resized as the studio does it, inside a network too.

A classifier that is exported takes images of any size, and must see them as it saw those that it learned
from. Keras' own resizing either leaves out pixels of large images or becomes an operation that neither
TFLite nor ONNX has; two matrices do it everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core.imaging import image_io

_LOBES = 3  # of the Lanczos filter, as Pillow has it


def middle(shape: tuple[int, ...], height: int, width: int) -> tuple[slice, slice]:
    """Rows and columns of the largest part in the middle of `(H, W, ...)` shaped as `height : width`."""
    step = min(shape[0] / height, shape[1] / width)
    rows, columns = max(1, round(step * height)), max(1, round(step * width))
    top, left = (shape[0] - rows) // 2, (shape[1] - columns) // 2
    return slice(top, top + rows), slice(left, left + columns)


def cut(image: np.ndarray, height: int, width: int | None = None) -> np.ndarray:
    """`(H, W, 3) uint8` -> its middle as `(height, width, 3) uint8`; a square when no width is given."""
    width = width or height
    part = image[middle(image.shape, height, width)]
    return image_io.resize(np.ascontiguousarray(part), height, width)


def resampled(images: Any, height: int, width: int | None = None) -> Any:
    """The same within a network, of plain operations alone; differs from `cut` by rounding alone.

    Args:
        images: `(B, H, W, 3)`, levels from 0 to 255 of any type; H and W need not be known yet.
        height, width: of what comes out, in px; a square when no width is given.

    Returns:
        `(B, height, width, 3) float32`, levels from 0 to 255, not rounded: a rounding would make two
        machines, which never compute quite alike, differ by a whole level.
    """
    from keras import ops

    width = width or height
    levels = ops.cast(images, "float32")
    rows, columns = _places(levels[:1, :, :1, :1]), _places(levels[:1, :1, :, :1])
    tall, wide = ops.max(rows) + 1.0, ops.max(columns) + 1.0
    # Whole pixels, as in `middle`: unrounded, TFLite's 419.00003 of 419 pixels would be 420 of them.
    high = ops.maximum(ops.round(ops.minimum(tall, wide * height / width)), 1.0)
    broad = ops.maximum(ops.round(ops.minimum(wide, tall * width / height)), 1.0)
    planes = ops.transpose(levels, (0, 3, 1, 2))
    narrow = _levels(ops.matmul(planes, ops.transpose(_weights(columns, wide, broad, width))))
    small = _levels(ops.matmul(_weights(rows, tall, high, height), narrow))
    return ops.transpose(small, (0, 2, 3, 1))


def _places(line: Any) -> Any:
    """0, 1, 2, ... along one line of an image, `(n,) float32`: shapes alone are not known in time."""
    from keras import ops

    return ops.cumsum(ops.ones_like(ops.reshape(line, (-1,)))) - 1.0


def _levels(levels: Any) -> Any:
    from keras import ops

    return ops.clip(levels, 0.0, 255.0)  # as Pillow does after each direction, for the filter overshoots


def _weights(places: Any, length: Any, side: Any, size: int) -> Any:
    """How much each of `length` pixels has in each of `size` new ones: `(size, length)`, rows sum to 1.

    Args:
        places: of the pixels, `(length,)`.
        length: how many there are.
        side: how many of them, in the middle, count.
        size: how many are made of those.
    """
    from keras import ops

    inside = places - ops.floor((length - side) / 2.0)
    step = side / size
    centers = step * (np.arange(size, dtype="float32")[:, None] + 0.5)
    reach = ops.maximum(step, 1.0)
    away = (ops.expand_dims(inside, 0) + 0.5 - centers) / reach
    counts = (ops.abs(away) < _LOBES) & ops.expand_dims((inside >= 0) & (inside < side), 0)
    weights = ops.where(counts, ops.sinc(away) * ops.sinc(away / _LOBES), 0.0)
    return weights / ops.sum(weights, axis=1, keepdims=True)
