"""Applies a trained network of house styles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.core.litert import network
from studio.core.models import loading
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.style.house import known_styles
from studio.style.house.film_grain import add_grain

if TYPE_CHECKING:
    import keras

STRIDE = 4  # px of the photo per position of the coarsest layer
MIN_SIDE = 32  # px: reflection padding needs sides larger than the border, on every layer


class HouseNetwork:
    """A network of house styles, loaded for inference.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        self.digest, self.styles = preset.digest, known_styles.styles_of(preset)
        self._network = network.load(preset)  # prepared for the last size, which video frames share

    def paint(self, photo_01: np.ndarray, indices: Sequence[int], shares: Sequence[float]) -> np.ndarray:
        """Applies a mix of styles to a photo.

        Args:
            photo_01: `(1, H, W, 3) float32 in [0, 1]`, of any size.
            indices: indices of the styles in `styles`.
            shares: of the styles; they add to 1.

        Returns:
            `(1, H, W, 3) float32 in [0, 1]`.
        """
        mix = np.zeros((1, len(self.styles)), "float32")
        for index, share in zip(indices, shares, strict=True):
            mix[0, index] += share
        height, width = photo_01.shape[1:3]
        padded = _pad(add_grain(photo_01)).astype("float32")
        (image,) = self._network(padded, mix)
        return image[:, :height, :width]


def _pad(photo_01: np.ndarray) -> np.ndarray:
    """Pads a photo by reflection at the right and bottom to sides that the network accepts."""
    sides = [max(MIN_SIDE, -(-side // STRIDE) * STRIDE) for side in photo_01.shape[1:3]]
    padding = [padded_side - side for padded_side, side in zip(sides, photo_01.shape[1:3], strict=True)]
    return np.pad(photo_01, ((0, 0), (0, padding[0]), (0, padding[1]), (0, 0)), mode="symmetric")


def load_network(preset: Preset) -> HouseNetwork:
    """Loads the network of a preset, cached in memory. Raises like `HouseNetwork`."""
    return load_cached(HouseNetwork, preset)


def load_keras(preset: Preset) -> keras.Model:
    """Loads the Keras network of a preset. Raises `InvalidInput` for another model or incomplete files."""
    settings, styles = known_styles.settings_of(preset), known_styles.styles_of(preset)
    from studio.style.house.network import build_network

    model = build_network(settings, len(styles))
    loading.load_weights(model, preset)
    return model
