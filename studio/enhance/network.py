"""The networks that enlarge and that clean: a residual trunk, and heads that say what is to be added.

What enlarges sees lightness alone, at the small size, and says what the bicubic enlargement lacks. The trunk
is that of EDSR (Lim et al. 2017, arXiv:1707.02921) in small, the same for all scales; each head gives
scale * scale maps, which are laid side by side as pixels (sub-pixel convolution, Shi et al. 2016,
arXiv:1609.05158). What cleans has the same trunk on `studio.enhance.planes`, and one head.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.training.batches import part_seed
from studio.enhance import models
from studio.enhance.settings import CLEAN, SCALES, TrainEnhanceSettings

GRAY = 0.5  # subtracted from the lightness
_DAMPED = 0.1  # what a block adds at the start, so that a deep trunk begins near the identity


def network(settings: TrainEnhanceSettings) -> keras.Model:
    """A fresh network, in the numbers that Keras computes in now.

    To enlarge: `(B, H, W, 1) float32 in [0, 1]`, lightness -> for each of SCALES the maps
    `(B, H, W, scale * scale)` of what to add to its bicubic enlargement, for `ops.depth_to_space`.
    To clean: `(B, h, w, 15)`, what `studio.enhance.planes.shown` gives -> `(B, h, w, 12)`, to be unfolded and
    added to the planes.
    """
    seeds = iter(range(100))

    def convolved(maps: Any, channels: int, activation: str | None = None, gain: float = 1.0) -> Any:
        seed = part_seed(settings.seed, next(seeds))
        start = keras.initializers.VarianceScaling(2 * gain**2, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, 3, 1, "same", activation=activation, kernel_initializer=start)(maps)

    seen, heads = models.channels(settings)
    shown = keras.Input((None, None, seen), name="shown")
    first = maps = convolved(shown if settings.to == CLEAN else shown - GRAY, settings.width)
    for _ in range(settings.blocks):
        maps = maps + convolved(convolved(maps, settings.width, "relu"), settings.width, gain=_DAMPED)
    maps = maps + first
    ends = [convolved(maps, channels, gain=_DAMPED) for channels in heads]
    return keras.Model(shown, ends if len(ends) > 1 else ends[0], name="enhance")


def load(preset: Preset) -> keras.Model:
    """The trained network of a preset. Raises `InvalidInput` if it is no such network, or not whole."""
    settings = preset.settings_as(TrainEnhanceSettings, models.TASK, "a network for upscaling or denoising")
    loaded = network(settings)
    loading.fill(loaded, preset)
    return loaded


def networks(preset: Preset) -> dict[str, keras.Model]:
    """What is exported: the network that cleans, or a network for each scale, whose output is an image.

    Raises:
        InvalidInput: as `load`.
    """
    whole = load(preset)
    if len(whole.outputs) == 1:
        return {"network": whole}
    return {
        models.part_of(scale): keras.Model(whole.inputs, ops.depth_to_space(maps, scale))
        for scale, maps in zip(SCALES, whole.outputs, strict=True)
    }
