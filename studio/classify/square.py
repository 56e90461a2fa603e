"""The square in the middle of a picture, resized as the studio resizes its pictures, inside a network too.

A classifier that is exported takes pictures of any size, and must see them as it saw those that it learnt
from. Keras' own resizing either leaves out pixels of large pictures or becomes an operation that neither
TFLite nor ONNX has; two matrices do it everywhere.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from studio.core import images

_LOBES = 3  # of the Lanczos filter, as Pillow has it


def cut(picture: np.ndarray, size: int) -> np.ndarray:
    """`(H, W, 3) uint8` -> its middle as `(size, size, 3) uint8`."""
    height, width = picture.shape[:2]
    side = min(height, width)
    top, left = (height - side) // 2, (width - side) // 2
    return images.resize(np.ascontiguousarray(picture[top : top + side, left : left + side]), size, size)


def resampled(pictures: Any, size: int) -> Any:
    """The same within a network, of plain operations alone; differs from `cut` by rounding alone.

    Args:
        pictures: `(B, H, W, 3)`, levels from 0 to 255 of any type; H and W need not be known yet.
        size: of the sides that come out, in px.

    Returns:
        `(B, size, size, 3) float32`, levels from 0 to 255, not rounded: a rounding would make two machines,
        which never compute quite alike, differ by a whole level.
    """
    from keras import ops

    levels = ops.cast(pictures, "float32")
    rows, columns = _places(levels[:1, :, :1, :1]), _places(levels[:1, :1, :, :1])
    height, width = ops.max(rows) + 1.0, ops.max(columns) + 1.0
    side = ops.minimum(height, width)
    planes = ops.transpose(levels, (0, 3, 1, 2))
    narrow = _levels(ops.matmul(planes, ops.transpose(_weights(columns, width, side, size))))
    small = _levels(ops.matmul(_weights(rows, height, side, size), narrow))
    return ops.transpose(small, (0, 2, 3, 1))


def _places(line: Any) -> Any:
    """0, 1, 2, ... along one line of a picture, `(n,) float32`: shapes alone are not known in time."""
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
    centres = step * (np.arange(size, dtype="float32")[:, None] + 0.5)
    reach = ops.maximum(step, 1.0)
    away = (ops.expand_dims(inside, 0) + 0.5 - centres) / reach
    counts = (ops.abs(away) < _LOBES) & ops.expand_dims((inside >= 0) & (inside < side), 0)
    weights = ops.where(counts, ops.sinc(away) * ops.sinc(away / _LOBES), 0.0)
    return weights / ops.sum(weights, axis=1, keepdims=True)
