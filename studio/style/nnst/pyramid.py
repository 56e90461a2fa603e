"""A Laplacian pyramid whose levels Adam optimizes instead of pixels."""

from __future__ import annotations

import numpy as np
from PIL import Image

LEARNING_RATE = 0.002  # of Adam, as in the paper
_MAX_LEVELS = 6  # levels
_MIN_SIDE = 4  # px of the shorter side of the coarsest level
_DECAYS = (0.9, 0.999)  # of Adam's two means


class Pyramid:
    """Levels that add up to an image; one step changes large areas and fine strokes alike.

    Args:
        images_01: `(1, H, W, 3) float32 in [0, 1]`, the start of the optimization.
        learning_rate: of Adam.

    Reference:
        Burt and Adelson 1983, "The Laplacian Pyramid as a Compact Image Code"; Kingma and Ba 2015,
        arXiv:1412.6980.
    """

    def __init__(self, images_01: np.ndarray, learning_rate: float = LEARNING_RATE):
        self._rate, self._step = learning_rate, 0
        self._levels: list[np.ndarray] = []
        self._weights: list[tuple[np.ndarray, np.ndarray]] = []  # enlarge each level to the one before
        residual = images_01
        while len(self._levels) < _MAX_LEVELS - 1 and min(residual.shape[1:3]) >= 2 * _MIN_SIDE:
            height, width = residual.shape[1:3]
            small = -(-height // 2), -(-width // 2)
            coarse = apply_matrices(resize_matrix(height, small[0]), resize_matrix(width, small[1]), residual)
            self._weights.append((resize_matrix(small[0], height), resize_matrix(small[1], width)))
            self._levels.append(residual - apply_matrices(*self._weights[-1], coarse))
            residual = coarse
        self._levels.append(residual)
        self._means = [np.zeros_like(level) for level in self._levels]
        self._squares = [np.zeros_like(level) for level in self._levels]

    @property
    def images_01(self) -> np.ndarray:
        """The image, `(1, H, W, 3) float32`, in [0, 1] or a little beyond."""
        image = self._levels[-1]
        for level, (rows, columns) in zip(self._levels[-2::-1], self._weights[::-1], strict=True):
            image = level + apply_matrices(rows, columns, image)
        return image

    def descend(self, gradient: np.ndarray) -> None:
        """Takes one step of Adam.

        Args:
            gradient: `(1, H, W, 3) float32`, of the loss with respect to the image.
        """
        self._step += 1
        mean_correction, square_correction = (1.0 - decay**self._step for decay in _DECAYS)
        for index, level in enumerate(self._levels):
            mean, square = self._means[index], self._squares[index]
            mean += (1.0 - _DECAYS[0]) * (gradient - mean)
            square += (1.0 - _DECAYS[1]) * (gradient * gradient - square)
            level -= (self._rate / mean_correction) * mean / (np.sqrt(square / square_correction) + 1e-8)
            if index < len(self._weights):
                rows, columns = self._weights[index]
                gradient = apply_matrices(rows.T, columns.T, gradient)


def resize(images_01: np.ndarray, shape: tuple[int, ...]) -> np.ndarray:
    """Resizes `(1, H, W, 3) float32` with a Lanczos filter, without rounding to 8 bits."""
    if images_01.shape == shape:
        return images_01
    _, height, width, _ = images_01.shape
    lanczos = Image.Resampling.LANCZOS
    resized = apply_matrices(
        resize_matrix(height, shape[1], lanczos), resize_matrix(width, shape[2], lanczos), images_01
    )
    return np.clip(resized, 0.0, 1.0)


def resize_matrix(
    length: int, new_length: int, method: Image.Resampling = Image.Resampling.BILINEAR
) -> np.ndarray:
    """Returns the `(new_length, length) float32` matrix that resizes a row or column."""
    return np.asarray(Image.fromarray(np.eye(length, dtype="float32")).resize((length, new_length), method))


def apply_matrices(rows: np.ndarray, columns: np.ndarray, images: np.ndarray) -> np.ndarray:
    """Resizes `(1, H, W, 3)` by the weights of its rows `(h, H)` and columns `(w, W)`."""
    by_rows = np.tensordot(rows, images[0], axes=(1, 0))
    return np.ascontiguousarray(np.tensordot(by_rows, columns, axes=(1, 1)).transpose(0, 2, 1))[None]
