"""The network for colorizing: predicts a distribution over colors from lightness and color hints.

A U-Net (Ronneberger et al. 2015, arXiv:1505.04597) of residual blocks, with global average pooling at the
coarsest scale. Its output has a quarter of the input's sides, because lightness carries the detail. It
predicts a distribution over colors per position (Zhang et al. 2016, arXiv:1603.08511); color hints are inputs
as in Zhang et al. 2017, arXiv:1705.02999, in training only, see `studio.colorize.hint_spread`.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.colorize import bins, inputs, models
from studio.colorize.settings import TrainColorizeSettings
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.training.batches import derive_seed

CHANNEL_FACTORS = (2, 3, 5)  # times the settings' width, at a quarter, an eighth and a sixteenth of the sides
BLOCKS_PER_SCALE = (1, 1, 2)
_RESIDUAL_GAIN = 0.2  # initial scale of residual blocks


class Prior(layers.Layer):
    """Adds the log frequencies of the colors, so that the network learns only the difference."""

    def build(self, shape):
        """Creates the weights, uniform at first."""
        self.log = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="log")

    def call(self, logits):
        """Adds the prior to `(B, h, w, bins)` logits."""
        return logits + self.log


def build_network(settings: TrainColorizeSettings) -> keras.Model:
    """Builds an untrained network: `(B, H, W, 4) float32`, sides multiples of 16, see
    `studio.colorize.inputs`, to logits of the colors, `(B, H / 4, W / 4, bins)`."""
    seeds = iter(range(100))

    def add_conv(
        maps: Any, channels: int, side: int = 3, stride: int = 1, activation="relu", gain=1.0
    ) -> Any:
        seed = derive_seed(settings.seed, next(seeds))
        initializer = keras.initializers.VarianceScaling(2 * gain**2, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(
            channels, side, stride, "same", activation=activation, kernel_initializer=initializer
        )(maps)

    def add_blocks(maps: Any, count: int) -> Any:
        channels = maps.shape[-1]
        for _ in range(count):
            maps = maps + add_conv(add_conv(maps, channels), channels, activation=None, gain=_RESIDUAL_GAIN)
        return maps

    widths = [n * settings.width for n in CHANNEL_FACTORS]
    network_inputs = keras.Input((None, None, inputs.CHANNELS), name="seen")
    maps = add_conv(network_inputs, settings.width, 5, 2)
    skips = []
    for width, count in zip(widths, BLOCKS_PER_SCALE, strict=True):
        maps = add_blocks(add_conv(maps, width, 3, 2), count)
        skips.append(maps)
    global_mean = ops.mean(skips.pop(), axis=(1, 2), keepdims=True)
    maps = maps + add_conv(global_mean, widths[-1], 1, activation=None)
    for width, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
        larger = _upsample(add_conv(maps, width, 1, activation=None))
        maps = add_blocks(add_conv(ops.concatenate([larger, skip], axis=-1), width), 1)
    logits = add_conv(maps, len(bins.centers()), 1, activation=None, gain=_RESIDUAL_GAIN)
    return keras.Model(network_inputs, Prior(name="prior")(logits), name="colorize")


def _upsample(maps: Any) -> Any:
    """Repeats positions 2 x 2: LiteRT cannot run UpSampling2D with sizes set at run time."""
    return ops.depth_to_space(ops.concatenate([maps] * 4, axis=-1), 2)


def load(preset: Preset) -> keras.Model:
    """Loads the trained network of a preset. Raises `InvalidInput` for other or incomplete models."""
    model = build_network(models.settings_of(preset))
    loading.load_weights(model, preset)
    return model


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported network. Raises like `load`."""
    return {"network": load(preset)}
