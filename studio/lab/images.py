"""What there is to see: digits in rows, what units look for, and the code as a map."""

from __future__ import annotations

import numpy as np

from studio.core.imaging.grids import grid
from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann
from studio.lab.convolution import KERNEL
from studio.lab.settings import SIDE

SHOWN = 10  # digits in a row
MAP = 12  # digits along each side of a map
_MOST_FILTERS = 144
_EDGE = 0.03  # the share of codes that lie beyond each edge of a map


def shown(digits: np.ndarray, columns: int | None = None, scale: int = 4) -> np.ndarray:
    """`(n, PIXELS) float32` in [0, 1] -> a grid of them, `(H, W, 3) uint8`."""
    levels = (np.clip(digits, 0, 1) * 255 + 0.5).astype("uint8")
    return grid(levels.reshape(-1, SIDE, SIDE, 1), columns, scale)


def rows(*digits: np.ndarray, scale: int = 4) -> np.ndarray:
    """Some digits below each other, as they were, corrupted, drawn again: each `(n, PIXELS)` a row."""
    return shown(np.concatenate(digits), len(digits[0]), scale)


def filters(network: Autoencoder | Boltzmann, digits: np.ndarray, scale: int = 3) -> np.ndarray:
    """What each unit of the first layer looks for: light excites it where it is white, calms it where black.

    Args:
        digits: `(n, PIXELS)`. A weight counts as much as its pixel differs among them, since those of pixels
            that are never lit are still what they were drawn as.

    Returns:
        `(H, W, 3) uint8`, an image a unit, gray where a pixel does not matter.
    """
    first = network.kernel if isinstance(network, Boltzmann) else network.encoder.layers[0].kernel
    kernels = first.T
    side = KERNEL if kernels.shape[1] < SIDE * SIDE else SIDE
    if side == SIDE:
        kernels = kernels * digits.std(axis=0)
    most = np.abs(kernels).max(axis=1, keepdims=True) + 1e-9
    levels = (127.5 + 127.5 * kernels / most + 0.5).astype("uint8")
    return grid(levels[:_MOST_FILTERS].reshape(-1, side, side, 1), scale=scale * SIDE // side)


def units(network: Autoencoder, number: int, codes: np.ndarray, count: int = 9) -> np.ndarray:
    """What one number of the code changes: it goes through its usual range, all others stay at their mean.

    Args:
        number: of the unit, from 0.
        codes: `(n, bottleneck)`, of digits.
        count: how many steps.

    Returns:
        `(count, PIXELS) float32` in [0, 1].
    """
    ways = np.tile(codes.mean(axis=0), (count, 1))
    first, last = np.quantile(codes[:, number], (_EDGE, 1 - _EDGE))
    ways[:, number] = np.linspace(first, last, count)
    return network.decode(ways)


class CodeMap:
    """A plane through the space of codes, along the two directions in which codes differ most.

    Attributes:
        places: `(n, 2)`, where these codes lie on it.
        low, high: `(2,)`, its edges.

    Args:
        network: whose codes.
        codes: `(n, bottleneck)`, of digits.
    """

    def __init__(self, network: Autoencoder, codes: np.ndarray):
        self._network, self._mean = network, codes.mean(axis=0)
        if codes.shape[1] == 2:  # as they are
            self._axes = np.eye(2)
        else:
            _, _, axes = np.linalg.svd(codes - self._mean, full_matrices=False)
            self._axes = axes[:2]
        self.places = (codes - self._mean) @ self._axes.T
        self.low, self.high = np.quantile(self.places, (_EDGE, 1 - _EDGE), axis=0)

    def place(self, codes: np.ndarray) -> np.ndarray:
        """`(n, bottleneck)` -> where they lie, each `(x, y)` in [0, 1] from the lower left, or beyond."""
        reach = np.maximum(self.high - self.low, 1e-9)
        return ((codes - self._mean) @ self._axes.T - self.low) / reach

    def digit(self, places: np.ndarray) -> np.ndarray:
        """`(n, 2)`, each in [0, 1] -> the digits that are drawn there, `(n, PIXELS) float32`."""
        points = self.low + places * (self.high - self.low)
        codes = self._mean + points @ self._axes
        return self._network.decode(np.clip(codes, 0, 1) if self._network.squashed else codes)

    def image(self, side: int = MAP, scale: int = 2) -> np.ndarray:
        """The whole map, `(H, W, 3) uint8`: what would be drawn at each of side x side places."""
        steps = np.linspace(0, 1, side)
        across, down = np.meshgrid(steps, steps[::-1])
        return shown(self.digit(np.stack([across.ravel(), down.ravel()], axis=1)), side, scale)
