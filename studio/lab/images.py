"""Images of digits, filters and the latent space."""

from __future__ import annotations

import numpy as np

from studio.core.imaging.grids import make_grid
from studio.lab.autoencoder import Autoencoder
from studio.lab.boltzmann import Boltzmann
from studio.lab.convolution import KERNEL
from studio.lab.settings import SIDE

ROW_DIGITS = 10  # digits per row
MAP_SIDE = 12  # digits along each side of a latent map
TRAVERSAL_STEPS = 9
_MAX_FILTERS, _FILTER_SCALE = 144, 3  # images, and px per weight
_EDGE_SHARE = 0.03  # share of codes beyond each edge of a map


def draw_grid(digits: np.ndarray, columns: int | None = None, scale: int = 4) -> np.ndarray:
    """Arranges digits, `(n, PIXELS) float32` in [0, 1], in a grid, `(H, W, 3) uint8`."""
    levels = (np.clip(digits, 0, 1) * 255 + 0.5).astype("uint8")
    return make_grid(levels.reshape(-1, SIDE, SIDE, 1), columns, scale)


def draw_rows(*digits: np.ndarray, scale: int = 4) -> np.ndarray:
    """Arranges several arrays of digits, each `(n, PIXELS)`, as rows of one image."""
    return draw_grid(np.concatenate(digits), len(digits[0]), scale)


def draw_filters(network: Autoencoder | Boltzmann, digits: np.ndarray) -> np.ndarray:
    """Draws the filters of the first layer: white pixels have positive, black ones negative weights.

    Args:
        network: the network.
        digits: `(n, PIXELS)`. Weights are scaled by their pixel's standard deviation, because weights of
            pixels that are always black keep their random initial value.

    Returns:
        `(H, W, 3) uint8`, one image per unit.
    """
    kernel = network.kernel if isinstance(network, Boltzmann) else network.encoder.layers[0].kernel
    kernels = kernel.T
    side = KERNEL if kernels.shape[1] < SIDE * SIDE else SIDE
    if side == SIDE:
        kernels = kernels * digits.std(axis=0)
    largest = np.abs(kernels).max(axis=1, keepdims=True) + 1e-9
    levels = (127.5 + 127.5 * kernels / largest + 0.5).astype("uint8")
    return make_grid(levels[:_MAX_FILTERS].reshape(-1, side, side, 1), scale=_FILTER_SCALE * SIDE // side)


def decode_traversal(network: Autoencoder, number: int, codes: np.ndarray) -> np.ndarray:
    """Decodes codes that vary in one dimension over its usual range, with all others at their mean.

    Args:
        network: the autoencoder.
        number: index of the dimension, from 0.
        codes: codes of digits, `(n, bottleneck)`.

    Returns:
        `(TRAVERSAL_STEPS, PIXELS) float32` in [0, 1].
    """
    traversed_codes = np.tile(codes.mean(axis=0), (TRAVERSAL_STEPS, 1))
    first, last = np.quantile(codes[:, number], (_EDGE_SHARE, 1 - _EDGE_SHARE))
    traversed_codes[:, number] = np.linspace(first, last, TRAVERSAL_STEPS)
    return network.decode(traversed_codes)


class CodeMap:
    """A plane through the latent space along the first two principal components of codes.

    Args:
        network: the autoencoder.
        codes: codes of digits, `(n, bottleneck)`.
    """

    def __init__(self, network: Autoencoder, codes: np.ndarray):
        self._network, self._mean = network, codes.mean(axis=0)
        if codes.shape[1] == 2:  # the latent space is a plane
            self._axes = np.eye(2)
        else:
            _, _, axes = np.linalg.svd(codes - self._mean, full_matrices=False)
            self._axes = axes[:2]
        code_positions = (codes - self._mean) @ self._axes.T
        self._low, self._high = np.quantile(code_positions, (_EDGE_SHARE, 1 - _EDGE_SHARE), axis=0)

    def decode(self, positions: np.ndarray) -> np.ndarray:
        """Decodes positions, `(n, 2)` in [0, 1] from the lower left, to digits, `(n, PIXELS) float32`."""
        points = self._low + positions * (self._high - self._low)
        codes = self._mean + points @ self._axes
        return self._network.decode(np.clip(codes, 0, 1) if self._network.has_sigmoid_code else codes)

    def draw(self, side: int = MAP_SIDE, scale: int = 2) -> np.ndarray:
        """Draws the map, `(H, W, 3) uint8`, with side x side digits."""
        steps = np.linspace(0, 1, side)
        across, down = np.meshgrid(steps, steps[::-1])
        return draw_grid(self.decode(np.stack([across.ravel(), down.ravel()], axis=1)), side, scale)
