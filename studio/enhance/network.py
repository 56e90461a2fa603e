"""The networks for upscaling and denoising: a residual trunk, and heads that predict residuals.

The network for upscaling processes lightness at the small size and predicts the residual of bicubic
upscaling. Its trunk is a small EDSR (Lim et al. 2017, arXiv:1707.02921), shared by all scales; each head
gives scale * scale channels for sub-pixel convolution (Shi et al. 2016, arXiv:1609.05158). The network for
denoising has the same trunk on `studio.enhance.planes`, and one head.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.training.batches import derive_seed
from studio.enhance import models
from studio.enhance.settings import CLEAN, SCALES, TrainEnhanceSettings

GRAY = 0.5  # subtracted from the lightness
_RESIDUAL_GAIN = 0.1  # initial scale of residual blocks: a deep trunk starts near the identity


def build_network(settings: TrainEnhanceSettings) -> keras.Model:
    """Builds an untrained network in Keras' current precision.

    For upscaling: from lightness `(B, H, W, 1) float32 in [0, 1]` to one `(B, H, W, scale * scale)` for each
    of SCALES, residuals of bicubic upscaling for `ops.depth_to_space`.
    For denoising: from `(B, h, w, 15)` of `studio.enhance.planes.make_network_input` to `(B, h, w, 12)`,
    residuals of the planes for `studio.enhance.planes.unfold`.
    """
    seeds = iter(range(100))

    def add_conv(maps: Any, channels: int, activation: str | None = None, gain: float = 1.0) -> Any:
        seed = derive_seed(settings.seed, next(seeds))
        initializer = keras.initializers.VarianceScaling(2 * gain**2, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, 3, 1, "same", activation=activation, kernel_initializer=initializer)(
            maps
        )

    input_channels, heads = models.count_channels(settings)
    inputs = keras.Input((None, None, input_channels), name="shown")
    head_input = maps = add_conv(inputs if settings.to == CLEAN else inputs - GRAY, settings.width)
    for _ in range(settings.blocks):
        maps = maps + add_conv(add_conv(maps, settings.width, "relu"), settings.width, gain=_RESIDUAL_GAIN)
    maps = maps + head_input
    outputs = [add_conv(maps, channels, gain=_RESIDUAL_GAIN) for channels in heads]
    return keras.Model(inputs, outputs if len(outputs) > 1 else outputs[0], name="enhance")


def load(preset: Preset) -> keras.Model:
    """Loads the trained network of a preset. Raises `InvalidInput` for other or incomplete models."""
    settings = preset.read_settings_as(
        TrainEnhanceSettings, models.TASK, "a network for upscaling or denoising"
    )
    model = build_network(settings)
    loading.load_weights(model, preset)
    return model


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported networks: the denoiser, or one per scale, whose output is an image.

    Raises:
        InvalidInput: like `load`.
    """
    model = load(preset)
    if len(model.outputs) == 1:
        return {"network": model}
    return {
        models.network_name(scale): keras.Model(model.inputs, ops.depth_to_space(maps, scale))
        for scale, maps in zip(SCALES, model.outputs, strict=True)
    }
