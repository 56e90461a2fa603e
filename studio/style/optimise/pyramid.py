"""One picture judged at several sizes at once: what it is itself, and what it is from afar."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from PIL import Image

from studio.core.objectives.evaluate import Evaluation

Evaluate = Callable[[np.ndarray], Evaluation]


class Levels:
    """The mean of objectives at several sizes of a picture, and its gradient by the picture itself.

    The Gram matrices of a small picture see large strokes and areas, of which those of the whole picture
    know little: their layers reach no further than some 100 px.

    Args:
        evaluators: one a size.
        shapes: `(1, H, W, 3)` of each size, the picture's own first.
    """

    def __init__(self, evaluators: Sequence[Evaluate], shapes: Sequence[tuple[int, ...]]):
        height, width = shapes[0][1:3]
        self._evaluators = evaluators
        self._smaller = [(_weights(height, h), _weights(width, w)) for _, h, w, _ in shapes]

    def __call__(self, images_01: np.ndarray) -> Evaluation:
        """Evaluates at `(1, H, W, 3) float32`; the terms are those of every size in turn."""
        value, gradient = 0.0, np.zeros(images_01.shape, "float32")
        terms: tuple[float, ...] = ()
        for evaluate, (rows, columns) in zip(self._evaluators, self._smaller, strict=True):
            found = evaluate(_applied(rows, columns, images_01))
            value, terms = value + found.value, (*terms, *found.terms)
            gradient += _applied(rows.T, columns.T, found.gradient)
        count = len(self._evaluators)
        return Evaluation(value / count, terms, gradient / count)


def resized(images_01: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """`(1, H, W, 3) float32` at another size, as `images.resize` would, but not rounded to grey levels."""
    if images_01.shape == shape:
        return images_01
    _, height, width, _ = images_01.shape
    larger = _applied(_weights(height, shape[1]), _weights(width, shape[2]), images_01)
    return np.clip(larger, 0.0, 1.0)


def _weights(length: int, wanted: int) -> np.ndarray:
    """`(wanted, length) float32`: how much each pixel of a row or column counts for each of another size."""
    each = Image.fromarray(np.eye(length, dtype="float32"))
    return np.asarray(each.resize((length, wanted), Image.Resampling.LANCZOS))


def _applied(rows: np.ndarray, columns: np.ndarray, images: np.ndarray) -> np.ndarray:
    if all(weights.shape[0] == weights.shape[1] for weights in (rows, columns)):  # of the same size
        return images
    tall = np.tensordot(rows, images[0], axes=(1, 0))
    return np.ascontiguousarray(np.tensordot(tall, columns, axes=(1, 1)).transpose(0, 2, 1))[None]
