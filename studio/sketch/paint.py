"""Painting from a drawing: what the network says of each pixel, as large and in such colors as one likes."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.core.imaging import image_io
from studio.core.litert import network
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.core.process import blas_threads
from studio.sketch import models, palette

_HELD: dict[str, Painter] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2
_SHARPER = 1.5  # so many times harder borders are than the network draws them, where it is enlarged


class Painter:
    """A network that paints, ready to work.

    Attributes:
        digest: of its weights.
        settings: that it was trained with.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset)
        self._network = network.load(preset)

    def layers(self, planes: np.ndarray) -> np.ndarray:
        """What the network says: `(size, size, planes) float32` -> `(size, size, layers) float32`."""
        (layers,) = self._network(np.ascontiguousarray(planes[None], "float32"))
        return np.asarray(layers[0])


def avatar(layers: np.ndarray, colors: np.ndarray, side: int) -> np.ndarray:
    """Lays colors where layers say. What is enlarged are the layers, so that borders stay sharp.

    Args:
        layers: `(size, size, ROLES + 1) float32`, as a network of avatars gives them.
        colors: `(ROLES + 1, 3) float32 in [0, 1]`.
        side: of the image, in px.

    Returns:
        `(side, side, 3) uint8`.
    """
    size = len(layers)
    planes = np.ascontiguousarray(layers.transpose(2, 0, 1))
    with blas_threads.limited(1):
        large = _enlarged(planes, side) if side != size else planes
        masks = large[:-1] * np.float32(_SHARPER if side > size else 1)
        masks -= masks.max(0)
        np.exp(masks, out=masks)
        depth = palette.DEEPEST / (1 + np.exp(-large[-1]))
        made = np.rint(255 * palette.painted(masks, depth, colors))
    return np.ascontiguousarray(made, "uint8")


def colored(layers: np.ndarray, side: int) -> np.ndarray:
    """Takes layers for the colors themselves, as a network that was trained on pairs gives them.

    Args:
        layers: `(size, size, 3) float32`.
        side: of the image, in px.

    Returns:
        `(side, side, 3) uint8`.
    """
    colors = np.rint(255 / (1 + np.exp(-np.clip(layers, -30, 30)))).astype("uint8")
    return image_io.resize(colors, side, side) if side != len(colors) else colors


def _enlarged(planes: np.ndarray, side: int) -> np.ndarray:
    """`(layers, size, size)` -> `(layers, side, side)`: rows in one product, columns a layer at a time."""
    along = _rise(planes.shape[1], side)
    wide = planes.reshape(-1, planes.shape[2]) @ along.T
    return along @ wide.reshape(len(planes), -1, side)


@cache
def _rise(size: int, side: int) -> np.ndarray:
    """`(side, size) float32`: how much of each place a place of the larger image has.

    By a cubic B-spline, which also smooths a little: else borders show the steps of the small image.

    Reference:
        Hou and Andrews 1978, Cubic splines for image interpolation and digital filtering.
    """
    at = (np.arange(side) + 0.5) * size / side - 0.5
    away = np.abs(at[:, None] - np.arange(-2, size + 2))
    near = 0.5 * away**3 - away**2 + 2 / 3
    far = (2 - away) ** 3 / 6
    weights = np.where(away <= 1, near, np.where(away < 2, far, 0))
    made = weights[:, 2:-2].copy()
    made[:, 0] += weights[:, :2].sum(1)
    made[:, -1] += weights[:, -2:].sum(1)
    return made.astype("float32")


def open(preset: Preset) -> Painter:
    """The painter of a preset; kept in memory for the next time. Raises as `Painter`."""
    return get_or_make(_HELD, preset.key, lambda: Painter(preset), _MOST_HELD)
