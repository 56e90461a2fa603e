"""The network that finds damage in a photo: a U-Net (Ronneberger et al. 2015, arXiv:1505.04597).

Its first layer halves the sides, and sub-pixel convolution (Shi et al. 2016, arXiv:1609.05158) restores
them, which costs a third of a U-Net at full size. Wan et al. 2020, arXiv:2004.09484, find the scratches of
old photos with such a network.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.training.batches import derive_seed
from studio.restore import models
from studio.restore.settings import TrainRestoreSettings

CHANNEL_FACTORS = (1, 2, 4)  # times the settings' width, at a half, a quarter and an eighth of the sides
_DEEPEST_FACTOR = 6  # at a sixteenth


def build_network(settings: TrainRestoreSettings) -> keras.Model:
    """Builds an untrained network: a photo `(B, H, W, 3) float32` in [0, 1], sides multiples of 16, to the
    logits of damage, `(B, H, W, 1)`."""
    seeds = iter(range(100))

    def add_conv(maps: Any, channels: int, side: int = 3, stride: int = 1) -> Any:
        initializer = keras.initializers.HeNormal(derive_seed(settings.seed, next(seeds)))
        return layers.Conv2D(channels, side, stride, "same", kernel_initializer=initializer)(maps)

    def add_layer(maps: Any, channels: int, side: int = 3, stride: int = 1) -> Any:
        return layers.ReLU()(layers.BatchNormalization()(add_conv(maps, channels, side, stride)))

    def add_block(maps: Any, channels: int) -> Any:
        return add_layer(add_layer(maps, channels), channels)

    widths = [factor * settings.width for factor in CHANNEL_FACTORS]
    photos = keras.Input((None, None, 3), name="photo")
    maps = add_layer(photos - 0.5, settings.width, side=4, stride=2)
    skips = []
    for width in widths:
        skips.append(add_block(maps, width))
        maps = layers.MaxPooling2D()(skips[-1])
    maps = add_block(maps, _DEEPEST_FACTOR * settings.width)
    for width, skip in zip(reversed(widths), reversed(skips), strict=True):
        larger = ops.depth_to_space(add_conv(maps, 4 * width, 1), 2)
        maps = add_block(ops.concatenate([larger, skip], axis=-1), width)
    return keras.Model(photos, ops.depth_to_space(add_conv(maps, 4, 1), 2), name="restore")


def load(preset: Preset) -> keras.Model:
    """Loads the trained network of a preset. Raises `InvalidInput` for other or incomplete models."""
    model = build_network(models.settings_of(preset))
    loading.load_weights(model, preset)
    return model


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported network. Raises like `load`."""
    return {"network": load(preset)}
