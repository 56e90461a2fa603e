"""Painting with a trained network of house styles."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from studio.core.litert import network
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.models.recently_used import get_or_make
from studio.style.house import known_styles
from studio.style.house.film_grain import laid_over

if TYPE_CHECKING:
    import keras

STRIDE = 4  # px of the photo for each place of the coarsest layer
LEAST_SIDE = 32  # px: reflected borders need at least as many pixels as they are wide, on every layer
_HELD: dict[str, Painter] = {}  # by the key of their preset; what a worker holds
_MOST_HELD = 2


class Painter:
    """A network of house styles, ready to paint.

    Args:
        preset: what it is loaded from.

    Raises:
        InvalidInput: if it is no such network, or its files are not whole.
    """

    def __init__(self, preset: Preset):
        self.digest, self.styles = preset.digest, known_styles.styles_of(preset)
        self._network = network.load(preset)  # ready for one size: frames and retouches are alike

    def paint(self, photo_01: np.ndarray, places: Sequence[int], shares: Sequence[float]) -> np.ndarray:
        """Paints a photo in a mix of styles.

        Args:
            photo_01: `(1, H, W, 3) float32 in [0, 1]`, of any size.
            places: of the styles, in `styles`.
            shares: of each, of sum 1.

        Returns:
            `(1, H, W, 3) float32 in [0, 1]`.
        """
        mix = np.zeros((1, len(self.styles)), "float32")
        for place, share in zip(places, shares, strict=True):
            mix[0, place] += share
        height, width = photo_01.shape[1:3]
        filled = _filled(laid_over(photo_01)).astype("float32")
        (painted,) = self._network(filled, mix)
        return painted[:, :height, :width]


def _filled(photo_01: np.ndarray) -> np.ndarray:
    """A photo continued by its mirror image to the right and below, to sides that the network takes."""
    wanted = [max(LEAST_SIDE, -(-side // STRIDE) * STRIDE) for side in photo_01.shape[1:3]]
    more = [full - side for full, side in zip(wanted, photo_01.shape[1:3], strict=True)]
    return np.pad(photo_01, ((0, 0), (0, more[0]), (0, more[1]), (0, 0)), mode="symmetric")


def open(preset: Preset) -> Painter:
    """The painter of a preset; kept in memory for the next time. Raises as `Painter`."""
    return get_or_make(_HELD, preset.key, lambda: Painter(preset), _MOST_HELD)


def load(preset: Preset) -> keras.Model:
    """The network of a preset. Raises `InvalidInput` if it is no such network, or its files are not whole."""
    settings, styles = known_styles.settings_of(preset), known_styles.styles_of(preset)
    from studio.style.house.network import network

    model = network(settings, len(styles))
    loading.fill(model, preset)
    return model
