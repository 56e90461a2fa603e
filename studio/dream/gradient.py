"""The direction of a step: the gradient at a shifted image, in windows if it is large, of unit size."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from studio.core.objectives.backbones import Backbone
from studio.core.objectives.evaluate import ANY_SIZE, Evaluator
from studio.core.objectives.terms import IMAGE, Objective
from studio.core.progress import Progress

WHOLE = 1024  # px, the longest side that is worked on in one piece
WINDOW = 512  # px, what one window answers for at most
HALO = 64  # px that it sees beyond on every side
MOMENTUM = 0.5  # the share of the last step's direction that is added to this one's


class Slope:
    """Finds where to step from an image, the same length of step for any backbone, layer or channel.

    The image is rolled round by a few random pixels first, so that every pixel is under every place of the
    network's grid in turn, and none is left out. What rolls over an edge comes in at the other one, and goes
    back. A large image is cut into windows of one size, elsewhere in every step, which see beyond what they
    answer for: no seam can stay.

    Args:
        backbone: computes the layers.
        objective: terms on layers are climbed with a gradient of standard deviation 1; terms on the image
            itself add their gradient in units of a pixel.
        softness: how far the gradient is blurred, in px, before it is added to itself; see `softened`.
        jitter: the farthest roll, in px.
        rng: draws it.
        progress: asked for a cancel between two windows.
        momentum: how much of the direction before is added to the next; the sum is of unit size again.
    """

    def __init__(
        self,
        backbone: Backbone,
        objective: Objective,
        softness: float,
        jitter: int,
        rng: np.random.Generator,
        progress: Progress,
        momentum: float = 0.0,
        whole: int = WHOLE,
    ):
        deep = Objective(tuple(term for term in objective.terms if term.layer != IMAGE))
        flat = Objective(tuple(term for term in objective.terms if term.layer == IMAGE))
        self._deep = Evaluator(backbone, deep, whole=ANY_SIZE)
        self._flat = Evaluator(backbone, flat) if flat.terms else None
        self._softness, self._jitter, self._rng = softness, jitter, rng
        self._progress, self._momentum, self._whole = progress, momentum, whole
        self._before: np.ndarray | None = None

    def begin(self) -> None:
        """Forgets the direction before, as at the beginning of an octave."""
        self._before = None

    def __call__(self, images_01: np.ndarray, rolled: bool = True) -> tuple[float, np.ndarray]:
        """The value of the terms on layers, and the direction, both at `(1, H, W, 3) float32`.

        Args:
            rolled: whether the image is rolled first. One that is cut into windows always is.

        Raises:
            Cancelled: between two windows, if a user asked to stop.
        """
        tiled = max(images_01.shape[1:3]) > self._whole
        farthest = max(self._jitter, WINDOW // 2) if tiled else self._jitter
        roll = tuple(self._rng.integers(-farthest, farthest + 1, 2)) if rolled or tiled else (0, 0)
        moved = np.roll(images_01, roll, (1, 2))
        value, gradient = self._in_windows(moved) if tiled else self._at(moved)
        gradient = np.roll(gradient, (-roll[0], -roll[1]), (1, 2))
        direction = self._with_momentum(softened(gradient, self._softness))
        if self._flat is not None:
            direction += self._flat(images_01).gradient * (images_01.shape[1] * images_01.shape[2])
        return value, direction

    def _with_momentum(self, direction: np.ndarray) -> np.ndarray:
        if not self._momentum:
            return direction
        if self._before is not None:
            direction = direction + self._momentum * self._before
            direction /= direction.std() + 1e-12
        self._before = direction
        return direction.copy()

    def value(self, images_01: np.ndarray) -> float:
        """The value of the terms on layers alone, at a third of the cost.

        Raises:
            Cancelled: between two windows, if a user asked to stop.
        """
        if max(images_01.shape[1:3]) <= self._whole:
            return self._deep.value(images_01)
        values = [self._deep.value(seen) for _, seen in self._windows(images_01)]
        return float(np.mean(values))

    def _at(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        found = self._deep(images_01)
        return found.value, found.gradient

    def _in_windows(self, images_01: np.ndarray) -> tuple[float, np.ndarray]:
        values, gradient = [], np.zeros_like(images_01)
        for (rows, columns), seen in self._windows(images_01):
            value, found = self._at(seen)
            gradient[:, rows, columns] = found[:, HALO:-HALO, HALO:-HALO]
            values.append(value)
        return float(np.mean(values)), gradient

    def _windows(self, images_01: np.ndarray) -> Iterator[tuple[tuple[slice, slice], np.ndarray]]:
        """Yields the rows and columns that each window answers for, and what it sees."""
        _, height, width, _ = images_01.shape
        (tall, tops), (wide, lefts) = cuts(height), cuts(width)
        around = np.pad(images_01, ((0, 0), (HALO, HALO), (HALO, HALO), (0, 0)), "wrap")
        for top in tops:
            for left in lefts:
                place = slice(top, top + tall), slice(left, left + wide)
                yield place, around[:, top : top + tall + 2 * HALO, left : left + wide + 2 * HALO]
                self._progress.check()


def softened(gradient: np.ndarray, softness: float) -> np.ndarray:
    """A gradient of standard deviation 1, in which broad color counts as much as fine lines.

    Left alone, a gradient is nearly all fine lines, because so is what the first layers look for.

    Args:
        gradient: `(1, H, W, 3) float32`.
        softness: sigma in px of the finer of two blurs; 0 gives the gradient alone.

    Reference:
        A pyramid of equal parts, as in the dreams of TensorFlow's first tutorial (Mordvintsev 2016), with
        Gaussian blurs for its bands.
    """
    from scipy.ndimage import gaussian_filter

    blurs = (softness, 2 * softness) if softness else ()
    bands = [gradient, *(gaussian_filter(gradient, (0, sigma, sigma, 0), truncate=3.0) for sigma in blurs)]
    mixed = sum(band / (band.std() + 1e-12) for band in bands)
    return mixed / (mixed.std() + 1e-12)


def cuts(length: int) -> tuple[int, list[int]]:
    """How long the equal windows that cover a side are, and where each begins; the last may overlap."""
    count = -(-length // WINDOW)
    side = -(-length // count)
    return side, [min(i * side, length - side) for i in range(count)]
