"""The networks for colorizing: predict a distribution over colors from lightness and color hints.

Without a backbone, a network is a U-Net (Ronneberger et al. 2015, arXiv:1505.04597) of residual blocks,
trained from scratch. With one, only a decoder is trained: it reads features of the gray photo from four
depths of a frozen network, trained on ImageNet (hypercolumns, Larsson et al. 2016, arXiv:1603.06668). Both
pool globally at the coarsest scale. The output has a quarter of the input's sides, because lightness carries
the detail. It is a distribution over colors per position (Zhang et al. 2016, arXiv:1603.08511); color hints
are inputs as in Zhang et al. 2017, arXiv:1705.02999, in training only, see `studio.colorize.hint_spread`.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import keras
import numpy as np
from keras import layers, ops

from studio.colorize import bins, inputs, models
from studio.colorize.settings import NO_BACKBONE, TrainColorizeSettings
from studio.core.models import loading
from studio.core.models.presets import Preset
from studio.core.objectives import backbones
from studio.core.training.batches import derive_seed

BLOCKS_PER_SCALE = (1, 1, 2)
_RESIDUAL_GAIN = 0.2  # initial scale of residual blocks
# Of three neighbors, for each half of a pixel.
_WEIGHTS = np.array([[0.25, 0.75, 0], [0, 0.75, 0.25]], "float32")
_DOUBLING = np.einsum("ai,bj->ijab", _WEIGHTS, _WEIGHTS).reshape(3, 3, 1, 4)  # kernel of `double`


class Prior(layers.Layer):
    """Adds the log frequencies of the colors, so that the network learns only the difference."""

    def build(self, shape):
        """Creates the weights, uniform at first."""
        self.log = self.add_weight(shape=(shape[-1],), initializer="zeros", trainable=False, name="log")

    def call(self, logits):
        """Adds the prior to `(B, h, w, bins)` logits."""
        return logits + self.log


class _Convolutions:
    """Adds convolutions with seeds of their own."""

    def __init__(self, seed: int):
        self._seeds: Iterator[int] = (derive_seed(seed, n) for n in range(100))

    def add(
        self, maps: Any, channels: int, side: int = 3, stride: int = 1, activation="relu", gain=1.0
    ) -> Any:
        initializer = keras.initializers.VarianceScaling(
            2 * gain**2, "fan_in", "truncated_normal", next(self._seeds)
        )
        return layers.Conv2D(
            channels, side, stride, "same", activation=activation, kernel_initializer=initializer
        )(maps)

    def add_blocks(self, maps: Any, count: int) -> Any:
        channels = maps.shape[-1]
        for _ in range(count):
            inner = self.add(maps, channels)
            maps = maps + self.add(inner, channels, activation=None, gain=_RESIDUAL_GAIN)
        return maps

    def add_global_mean(self, maps: Any) -> Any:
        mean = ops.mean(maps, axis=(1, 2), keepdims=True)
        return maps + self.add(mean, maps.shape[-1], 1, activation=None)

    def add_logits(self, maps: Any) -> Any:
        logits = self.add(maps, len(bins.centers()), 1, activation=None, gain=_RESIDUAL_GAIN)
        return Prior(name="prior")(logits)


def build_network(settings: TrainColorizeSettings) -> keras.Model:
    """Builds what is trained and saved of a network, untrained: all of it, or the decoder of a backbone.

    Its input is `(B, H, W, 4) float32`, sides multiples of 16, see `studio.colorize.inputs`; a decoder also
    takes the features of its backbone, see `add_backbone`. It returns logits of the colors,
    `(B, H / 4, W / 4, bins)`.
    """
    return _build_u_net(settings) if settings.backbone == NO_BACKBONE else _build_decoder(settings)


def _build_u_net(settings: TrainColorizeSettings) -> keras.Model:
    convolutions, widths = _Convolutions(settings.seed), models.list_widths(settings)
    network_inputs = keras.Input((None, None, inputs.CHANNELS), name="seen")
    maps = convolutions.add(network_inputs, settings.width, 5, 2)
    skips = []
    for width, count in zip(widths, BLOCKS_PER_SCALE, strict=True):
        maps = convolutions.add_blocks(convolutions.add(maps, width, 3, 2), count)
        skips.append(maps)
    maps = convolutions.add_global_mean(skips.pop())
    for width, skip in zip(reversed(widths[:-1]), reversed(skips), strict=True):
        larger = _upsample(convolutions.add(maps, width, 1, activation=None))
        maps = convolutions.add_blocks(convolutions.add(ops.concatenate([larger, skip], axis=-1), width), 1)
    return keras.Model(network_inputs, convolutions.add_logits(maps), name="colorize")


def _build_decoder(settings: TrainColorizeSettings) -> keras.Model:
    """Builds the decoder of a backbone, which goes from the coarsest features to the finest."""
    convolutions, widths = _Convolutions(settings.seed), models.list_widths(settings)
    photo = keras.Input((None, None, inputs.CHANNELS), name="seen")
    features = [
        keras.Input((None, None, channels), name=f"features{n}")
        for n, channels in enumerate(models.list_feature_channels(settings))
    ]
    finest, fine, middle, coarse = (
        layers.LayerNormalization(epsilon=1e-3, name=f"normalize{n}")(maps) for n, maps in enumerate(features)
    )
    detail = convolutions.add(convolutions.add(photo, settings.width, 5, 2), settings.width, 3, 2)
    smaller = layers.AveragePooling2D(2)(finest)
    maps = convolutions.add_global_mean(convolutions.add(coarse, widths[2], 1))
    maps = convolutions.add_blocks(maps, 1)
    for width, skip, count in (
        (widths[1], middle, 1),
        (widths[0], ops.concatenate([detail, smaller, fine], axis=-1), 2),
    ):
        larger = _upsample(convolutions.add(maps, width, 1, activation=None))
        maps = convolutions.add_blocks(convolutions.add(skip, width, 1) + larger, count)
    return keras.Model([photo, *features], convolutions.add_logits(maps), name="decoder")


def add_backbone(
    trained: keras.Model,
    settings: TrainColorizeSettings,
    digest: str | None = None,
) -> keras.Model:
    """Returns the whole network, which shares the trained part: photos to logits of the colors.

    Args:
        trained: from `build_network`.
        settings: of the network.
        digest: SHA-256 of the backbone's weights, as in a recipe; None takes the local weights, or else the
            default ones.

    Raises:
        StudioError: if the weights of the backbone cannot be loaded.
    """
    if settings.backbone == NO_BACKBONE:
        return trained
    extractor = backbones.load(settings.backbone, digest=digest).build_extractor(
        models.BACKBONE_LAYERS[settings.backbone]
    )
    photo = keras.Input((None, None, inputs.CHANNELS), name="photo")
    # L* and sRGB levels of gray, both as shares of white, differ by .04 at most.
    gray = double(photo[..., :1] / 2 + 0.5)
    features = extractor(ops.concatenate([gray] * 3, axis=-1), training=False)
    return keras.Model(
        photo,
        trained([photo, *(features[layer] for layer in models.BACKBONE_LAYERS[settings.backbone])]),
        name="colorize",
    )


def double(maps: Any) -> Any:
    """Doubles the sides of `(B, H, W, 1)` with bilinear interpolation.

    Backbones were trained on larger photos. LiteRT cannot run UpSampling2D with sizes set at run time.
    """
    maps = ops.concatenate([maps[:, :1], maps, maps[:, -1:]], axis=1)
    maps = ops.concatenate([maps[:, :, :1], maps, maps[:, :, -1:]], axis=2)
    return ops.depth_to_space(ops.conv(maps, _DOUBLING, 1, "valid"), 2)


def _upsample(maps: Any) -> Any:
    """Repeats positions 2 x 2: LiteRT cannot run UpSampling2D with sizes set at run time."""
    return ops.depth_to_space(ops.concatenate([maps] * 4, axis=-1), 2)


def load(preset: Preset) -> keras.Model:
    """Loads the trained part of a preset's network. Raises `InvalidInput` for other or incomplete models."""
    model = build_network(models.settings_of(preset))
    loading.load_weights(model, preset)
    return model


def load_exported_networks(preset: Preset) -> dict[str, keras.Model]:
    """Returns the exported network, with its backbone.

    Raises:
        InvalidInput: like `load`.
        StudioError: if the weights of its backbone cannot be loaded.
    """
    settings = models.settings_of(preset)
    digest = preset.read_recipe().weights.get(settings.backbone)
    return {"network": add_backbone(load(preset), settings, digest)}
