"""The network that colors: it sees lightness and a few colors, and says how likely each color is.

It shrinks the image four times, looks at the whole, and grows it again, with what it saw at each size (a
U-Net, Ronneberger et al. 2015, arXiv:1505.04597, of residual blocks). Its answer has a quarter of the sides:
lightness carries the detail. Each place gets odds of colors, not one color (Zhang et al. 2016,
arXiv:1603.08511), and what it is told comes in as Zhang et al. 2017 do it, arXiv:1705.02999.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.colorize import bins, inputs, models
from studio.colorize.settings import TrainColorizeSettings
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.training.batches import part_seed

CHANNELS = (2, 3, 5)  # times the settings' width, at a quarter, an eighth and a sixteenth of the sides
BLOCKS = (1, 1, 2)
_DAMPED = 0.2  # what a block adds at the start


class Prior(layers.Layer):
    """Adds the logarithm of how often each color is seen, so that only what differs is learned."""

    def build(self, shape):
        """Starts with all alike."""
        self.log = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="log")

    def call(self, logits):
        """`(B, h, w, bins)`, as they are given."""
        return logits + self.log


def network(settings: TrainColorizeSettings) -> keras.Model:
    """`(B, H, W, 4) float32`, sides multiples of 16: see `studio.colorize.inputs` -> logits of the colors,
    `(B, H / 4, W / 4, bins)`."""
    seeds = iter(range(100))

    def convolved(maps: Any, channels: int, side: int = 3, stride: int = 1, active="relu", gain=1.0) -> Any:
        seed = part_seed(settings.seed, next(seeds))
        start = keras.initializers.VarianceScaling(2 * gain**2, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, side, stride, "same", activation=active, kernel_initializer=start)(
            maps
        )

    def blocks(maps: Any, count: int) -> Any:
        channels = maps.shape[-1]
        for _ in range(count):
            maps = maps + convolved(convolved(maps, channels), channels, active=None, gain=_DAMPED)
        return maps

    widths = [n * settings.width for n in CHANNELS]
    seen = keras.Input((None, None, inputs.CHANNELS), name="seen")
    maps = convolved(seen, settings.width, 5, 2)
    kept = []
    for width, count in zip(widths, BLOCKS, strict=True):
        maps = blocks(convolved(maps, width, 3, 2), count)
        kept.append(maps)
    whole = ops.mean(kept.pop(), axis=(1, 2), keepdims=True)
    maps = maps + convolved(whole, widths[-1], 1, active=None)
    for width, before in zip(reversed(widths[:-1]), reversed(kept), strict=True):
        larger = _doubled(convolved(maps, width, 1, active=None))
        maps = blocks(convolved(ops.concatenate([larger, before], axis=-1), width), 1)
    logits = convolved(maps, len(bins.centers()), 1, active=None, gain=_DAMPED)
    return keras.Model(seen, Prior(name="prior")(logits), name="colorize")


def _doubled(maps: Any) -> Any:
    """Each place four times: LiteRT has no operator for UpSampling2D of a size that is set at run time."""
    return ops.depth_to_space(ops.concatenate([maps] * 4, axis=-1), 2)


def load(preset: Preset) -> keras.Model:
    """The trained network of a preset. Raises `InvalidInput` if it is another model, or not whole."""
    loaded = network(models.settings_of(preset))
    loading.fill(loaded, preset)
    return loaded


def networks(preset: Preset) -> dict[str, keras.Model]:
    """What is exported: the network. Raises `InvalidInput` as `load`."""
    return {"network": load(preset)}
