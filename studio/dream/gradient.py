"""The direction of a step: the normalized gradient at a shifted image, in windows if it is large."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import Evaluator
from studio.core.objectives.terms import IMAGE, Objective
from studio.core.progress import Progress

MAX_WHOLE_SIDE = 1024  # px, longest side that is processed at once
WINDOW_SIDE = 512  # px, largest side of a window, without overlap
OVERLAP = 64  # px of overlap on every side
MOMENTUM = 0.5  # share of the last direction that is added; the sum is normalized again


class StepDirection:
    """Computes the direction of a step, of equal length for any backbone, layer or channel.

    The image is first rolled by random pixels, so that every pixel takes every position of the network's grid
    in turn; pixels that leave at one edge enter at the other. A large image is cut into overlapping windows,
    at other positions in every step, so that no seam can build up.

    Args:
        backbone: computes the layers.
        objective: the gradient of terms on layers is scaled to a standard deviation of 1; terms on the image
            itself add their gradient per pixel.
        gradient_smoothing: sigma of the blurs that are added to the gradient, in px; see `smooth_gradient`.
        jitter: largest roll in px.
        rng: chooses the rolls.
        progress: checked for cancellation between windows.
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        gradient_smoothing: float,
        jitter: int,
        rng: np.random.Generator,
        progress: Progress,
    ):
        on_layers = Objective(tuple(term for term in objective.terms if term.layer != IMAGE))
        on_image = Objective(tuple(term for term in objective.terms if term.layer == IMAGE))
        self._layer_terms = Evaluator(backbone, on_layers)
        self._image_terms = Evaluator(backbone, on_image) if on_image.terms else None
        self._smoothing, self._jitter, self._rng, self._progress = gradient_smoothing, jitter, rng, progress
        self._last_direction: np.ndarray | None = None

    def reset_momentum(self) -> None:
        """Resets the momentum at the start of an octave."""
        self._last_direction = None

    def __call__(self, images_01: np.ndarray, is_rolled: bool = True) -> tuple[float, np.ndarray]:
        """Returns the value of the terms on layers, and the direction, at `(1, H, W, 3) float32`.

        Args:
            is_rolled: whether to roll the image; an image in windows is always rolled.

        Raises:
            Cancelled: between two windows, if the user stopped the job.
        """
        is_tiled = max(images_01.shape[1:3]) > MAX_WHOLE_SIDE
        max_roll = max(self._jitter, WINDOW_SIDE // 2) if is_tiled else self._jitter
        roll = tuple(self._rng.integers(-max_roll, max_roll + 1, 2)) if is_rolled or is_tiled else (0, 0)
        rolled_01 = np.roll(images_01, roll, (1, 2))
        value, gradient = self._evaluate_windows(rolled_01) if is_tiled else self._evaluate(rolled_01)
        gradient = np.roll(gradient, (-roll[0], -roll[1]), (1, 2))
        direction = self._add_momentum(smooth_gradient(gradient, self._smoothing))
        if self._image_terms is not None:
            direction += self._image_terms(images_01).gradient * (images_01.shape[1] * images_01.shape[2])
        return value, direction

    def _add_momentum(self, direction: np.ndarray) -> np.ndarray:
        """Adds a share of the last direction and normalizes the sum."""
        if self._last_direction is not None:
            direction = direction + MOMENTUM * self._last_direction
            direction /= direction.std() + 1e-12
        self._last_direction = direction
        return direction.copy()

    def measure(self, images_01: np.ndarray) -> float:
        """Returns the value of the terms on layers, at a third of the cost.

        Raises:
            Cancelled: between two windows, if the user stopped the job.
        """
        if max(images_01.shape[1:3]) <= MAX_WHOLE_SIDE:
            return self._layer_terms.compute_value(images_01)
        values = [self._layer_terms.compute_value(window) for _, window in self._cut_windows(images_01)]
        return float(np.mean(values))

    def _evaluate(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        result = self._layer_terms(images_01)
        return result.value, result.gradient

    def _evaluate_windows(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        """Returns the mean value of all windows, and the gradient, `(1, H, W, 3) float32`."""
        values, gradient = [], np.zeros_like(images_01)
        for (rows, columns), window in self._cut_windows(images_01):
            value, window_gradient = self._evaluate(window)
            gradient[:, rows, columns] = window_gradient[:, OVERLAP:-OVERLAP, OVERLAP:-OVERLAP]
            values.append(value)
        return float(np.mean(values)), gradient

    def _cut_windows(self, images_01: np.ndarray) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
        """Yields the slices of each window without its overlap, and its pixels with the overlap."""
        _, height, width, _ = images_01.shape
        (window_height, tops), (window_width, lefts) = split_side(height), split_side(width)
        padded = np.pad(images_01, ((0, 0), (OVERLAP, OVERLAP), (OVERLAP, OVERLAP), (0, 0)), "wrap")
        for top in tops:
            for left in lefts:
                span = slice(top, top + window_height), slice(left, left + window_width)
                yield (
                    span,
                    padded[
                        :, top : top + window_height + 2 * OVERLAP, left : left + window_width + 2 * OVERLAP
                    ],
                )
                self._progress.check()


def smooth_gradient(gradient: np.ndarray, sigma: float) -> np.ndarray:
    """Scales a gradient to a standard deviation of 1, with coarse structure as strong as fine detail.

    Without this, fine detail dominates, because the first layers respond to it.

    Args:
        gradient: `(1, H, W, 3) float32`.
        sigma: sigma in px of the finer of two blurs; 0 only normalizes the gradient.

    Reference:
        Laplacian pyramid normalization, as in TensorFlow's first DeepDream tutorial (Mordvintsev 2016), with
        Gaussian blurs as bands.
    """
    from scipy.ndimage import gaussian_filter

    sigmas = (sigma, 2 * sigma) if sigma else ()
    bands = [gradient, *(gaussian_filter(gradient, s, axes=(1, 2), truncate=3.0) for s in sigmas)]
    summed = sum(band / (band.std() + 1e-12) for band in bands)
    return summed / (summed.std() + 1e-12)


def split_side(length: int) -> tuple[int, list[int]]:
    """Returns the length of the equal windows that cover a side, and their starts; the last may overlap."""
    count = -(-length // WINDOW_SIDE)
    side = -(-length // count)
    return side, [min(i * side, length - side) for i in range(count)]
