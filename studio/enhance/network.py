"""The network that enlarges: a residual trunk at the small size that all scales share, a head for each.

It sees lightness alone and says what the bicubic enlargement lacks of it. The trunk is that of EDSR (Lim et
al. 2017, arXiv:1707.02921) in small; each head gives scale * scale maps, which are laid side by side as
pixels (sub-pixel convolution, Shi et al. 2016, arXiv:1609.05158).
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.training.loop import part_seed
from studio.enhance.settings import SCALES, TrainEnhanceSettings
from studio.enhance.written import GREY

_DAMPED = 0.1  # what a block adds at the start, so that a deep trunk begins near the identity


def network(settings: TrainEnhanceSettings) -> keras.Model:
    """`(B, H, W, 1) float32 in [0, 1]`, lightness -> for each of SCALES the maps `(B, H, W, scale * scale)`
    of what to add to its bicubic enlargement, to be laid `side_by_side`."""
    seeds = iter(range(100))

    def convolved(maps: Any, channels: int, activation: str | None = None, gain: float = 1.0) -> Any:
        seed = part_seed(settings.seed, next(seeds))
        start = keras.initializers.VarianceScaling(2 * gain**2, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, 3, 1, "same", activation=activation, kernel_initializer=start)(maps)

    light = keras.Input((None, None, 1), name="lightness")
    first = maps = convolved(light - GREY, settings.width)
    for _ in range(settings.blocks):
        maps = maps + convolved(convolved(maps, settings.width, "relu"), settings.width, gain=_DAMPED)
    maps = maps + first
    return keras.Model(light, [convolved(maps, scale**2, gain=_DAMPED) for scale in SCALES], name="enhance")


def side_by_side(maps: Any, scale: int) -> Any:
    """`(B, H, W, scale * scale)` -> `(B, scale * H, scale * W)`: the maps of a place become its pixels."""
    count, height, width = ops.shape(maps)[:3]
    parts = ops.reshape(maps, (count, height, width, scale, scale))
    return ops.reshape(ops.transpose(parts, (0, 1, 3, 2, 4)), (count, height * scale, width * scale))
