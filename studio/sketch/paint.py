"""Runs the network on a drawing and renders its layers at any size and in any colors."""

from __future__ import annotations

from functools import cache

import numpy as np

from studio.core.imaging import image_io
from studio.core.litert import network
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.core.process import blas_threads
from studio.sketch import models, palette

SHARPNESS = 1.5  # factor on the logits of enlarged layers, for sharp borders


class Generator:
    """A network that turns drawings into layers, loaded for inference.

    Attributes:
        digest: SHA-256 of its weights.
        settings: of its training.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        self.digest, self.settings = preset.digest, models.settings_of(preset)
        self._network = network.load(preset)

    def predict_layers(self, planes: np.ndarray) -> np.ndarray:
        """Computes the layers of `(size, size, planes) float32`: `(size, size, layers) float32`."""
        (layers,) = self._network(np.ascontiguousarray(planes[None], "float32"))
        return np.asarray(layers[0])


def render_avatar(layers: np.ndarray, colors: np.ndarray, side: int) -> np.ndarray:
    """Renders an avatar. Enlarges the layers instead of the image, which keeps borders sharp.

    Args:
        layers: `(size, size, ROLES + 1) float32`, of an avatar network.
        colors: `(ROLES + 1, 3) float32 in [0, 1]`.
        side: of the result, in px.

    Returns:
        `(side, side, 3) uint8`.
    """
    size = len(layers)
    planes = np.ascontiguousarray(layers.transpose(2, 0, 1))
    with blas_threads.limit_threads(1):
        large = _enlarge(planes, side) if side != size else planes
        masks = large[:-1] * np.float32(SHARPNESS if side > size else 1)
        masks -= masks.max(0)
        np.exp(masks, out=masks)
        depth = palette.MAX_DEPTH / (1 + np.exp(-large[-1]))
        pixels = np.rint(255 * palette.render(masks, depth, colors))
    return np.ascontiguousarray(pixels, "uint8")


def render_image(layers: np.ndarray, side: int) -> np.ndarray:
    """Renders the layers of a network trained on pairs, which are RGB logits.

    Args:
        layers: `(size, size, 3) float32`.
        side: of the result, in px.

    Returns:
        `(side, side, 3) uint8`.
    """
    colors = np.rint(255 / (1 + np.exp(-np.clip(layers, -30, 30)))).astype("uint8")
    return image_io.resize(colors, side, side) if side != len(colors) else colors


def _enlarge(planes: np.ndarray, side: int) -> np.ndarray:
    """Enlarges `(layers, size, size)` to `(layers, side, side)`."""
    matrix = _build_spline_matrix(planes.shape[1], side)
    enlarged_columns = planes.reshape(-1, planes.shape[2]) @ matrix.T
    return matrix @ enlarged_columns.reshape(len(planes), -1, side)


@cache
def _build_spline_matrix(size: int, side: int) -> np.ndarray:
    """Returns the matrix that enlarges one side, `(side, size) float32`.

    A cubic B-spline, which also smooths a little: otherwise borders show the pixels of the small image.

    Reference:
        Hou and Andrews 1978, Cubic splines for image interpolation and digital filtering.
    """
    positions = (np.arange(side) + 0.5) * size / side - 0.5
    distance = np.abs(positions[:, None] - np.arange(-2, size + 2))
    inner = 0.5 * distance**3 - distance**2 + 2 / 3
    outer = (2 - distance) ** 3 / 6
    weights = np.where(distance <= 1, inner, np.where(distance < 2, outer, 0))
    matrix = weights[:, 2:-2].copy()
    matrix[:, 0] += weights[:, :2].sum(1)
    matrix[:, -1] += weights[:, -2:].sum(1)
    return matrix.astype("float32")


def load_generator(preset: Preset) -> Generator:
    """Loads the network of a preset, cached in memory. Raises like `Generator`."""
    return load_cached(Generator, preset)
