"""Finds scratches, hairs and dust in a photo with a trained network. Loads no Keras."""

from __future__ import annotations

import math

import numpy as np
from PIL import Image
from scipy import ndimage

from studio.core.imaging import image_io
from studio.core.litert import network
from studio.core.models.lru import load_cached
from studio.core.models.presets import Preset
from studio.restore import models

MAX_SIDE = 1024  # px; the damage of a larger photo is found in smaller copies
_SIDES = (MAX_SIDE, 512)  # px of the copies: the larger one shows fine scratches, the smaller one wide ones
# The Dice loss makes the network sure of itself: from 0 on, half as much again of a clean photo is marked.
_MIN_LOGIT = 3.0
_MARGIN = 2  # px around the damage, whose soft edges would color the filling
_PREPARED_SIZES = 4  # photo sizes that a network is prepared for


class Detector:
    """A network that finds damage, loaded for inference.

    Args:
        preset: to load it from.

    Raises:
        InvalidInput: if it is another kind of model, or its files are incomplete.
    """

    def __init__(self, preset: Preset):
        models.settings_of(preset)
        self.digest = preset.digest
        self._network = network.load(preset, max_shapes=_PREPARED_SIZES)

    def find(self, photo: np.ndarray, sensitivity: float = 1.0) -> np.ndarray:
        """Returns where a photo is damaged, with a margin of a few pixels.

        Args:
            photo: `(H, W, 3) uint8`.
            sensitivity: factor on the odds that a pixel is damaged, more than 0; at 1, they must exceed 20.

        Returns:
            `(H, W) bool`.
        """
        height, width = photo.shape[:2]
        damage = np.zeros((height, width), bool)
        for side in {min(side, max(height, width)) for side in _SIDES}:
            logits = self.predict_logits(image_io.fit(photo, side))
            is_damaged = logits > _MIN_LOGIT - math.log(sensitivity)
            mask = ndimage.binary_dilation(is_damaged, np.ones((3, 3), bool), iterations=_MARGIN)
            resized = Image.fromarray(mask).resize((width, height), Image.Resampling.NEAREST)
            damage |= np.asarray(resized, bool)
        return damage

    def predict_logits(self, photo: np.ndarray) -> np.ndarray:
        """Returns the logits of damage in a photo, `(H, W, 3) uint8`, as `(H, W) float32`."""
        height, width = photo.shape[:2]
        padding = [(0, -side % models.SIDE_MULTIPLE) for side in (height, width)]
        padded = np.pad(photo, (*padding, (0, 0)), "edge").astype("float32") / 255
        (logits,) = self._network(padded[None])
        return logits[0, :height, :width, 0]


def load_detector(preset: Preset) -> Detector:
    """Loads the network of a preset, cached in memory. Raises like `Detector`."""
    return load_cached(Detector, preset)
