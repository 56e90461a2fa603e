"""The generator and its discriminator.

The generator is a U-Net (Ronneberger et al. 2015, arXiv:1505.04597) as in pix2pix (Isola et al. 2016,
arXiv:1611.07004), from full size down to 4 px and up again with skip connections. It upsamples by sub-pixel
convolution (Shi et al. 2016, arXiv:1609.05158), also in the last step, so that no convolution runs at full
size. It has no normalization, so that single drawings and batches give the same result.

The discriminator classifies patches, as in pix2pix, of the image at half its size: the reconstruction loss
teaches the edges.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.generators.discriminator import normal_initializer
from studio.core.generators.scales import count_halvings
from studio.core.training.batches import derive_seed
from studio.sketch import palette
from studio.sketch.settings import KINDS, TrainSketchSettings, UNetSettings

SLOPE = 0.2  # of the leaky ReLUs


def count_planes(settings: UNetSettings) -> int:
    """Returns the number of input channels; for avatars the drawing, its kind and the night flag."""
    return 3 + len(KINDS) + 1 if isinstance(settings, TrainSketchSettings) else 3


def count_layers(settings: UNetSettings) -> int:
    """Returns the number of output channels: for avatars the roles and the depth of shade, else RGB."""
    return palette.ROLES + 1 if isinstance(settings, TrainSketchSettings) else 3


def channels_of(settings: UNetSettings) -> tuple[list[int], list[int]]:
    """Returns the channels from the finest layer down to 4 px, and up again to half the image's side."""
    width = settings.width
    down = [min(width * 2**n, 10 * width) for n in range(count_halvings(settings.size))]
    return down, [6 * width if n == 8 * width else n for n in reversed(down[1:-1])] + [width * 3 // 2]


def build_generator(settings: UNetSettings) -> keras.Model:
    """Builds the generator: `(B, size, size, planes)` to `(B, size, size, layers)` logits."""
    seeds = iter(range(100))

    def add_conv(maps: Any, channels: int, side: int, stride: int = 1, gain: float = 2.0) -> Any:
        seed = derive_seed(settings.seed, next(seeds))
        initializer = keras.initializers.VarianceScaling(gain, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, side, stride, "same", kernel_initializer=initializer)(maps)

    down, up = channels_of(settings)
    drawing = keras.Input((settings.size, settings.size, count_planes(settings)), name="drawing")
    maps, skips = drawing, []
    for channels in down:
        maps = ops.leaky_relu(add_conv(maps, channels, 4, 2), SLOPE)
        skips.append(maps)
    for n, channels in enumerate(up):
        maps = ops.leaky_relu(ops.depth_to_space(add_conv(maps, 4 * channels, 3), 2), SLOPE)
        maps = ops.concatenate([maps, skips[-2 - n]], axis=-1)
    maps = ops.leaky_relu(add_conv(maps, 2 * settings.width, 3), SLOPE)
    return keras.Model(
        drawing,
        ops.depth_to_space(add_conv(maps, 4 * count_layers(settings), 1, gain=0.1), 2),
        name="generator",
    )


def build_discriminator(settings: UNetSettings) -> keras.Model:
    """Builds the discriminator: `(B, size / 2, size / 2, 3 + planes)` to `(B, h, w, 1)`, high for real."""
    side, width = settings.size // 2, settings.discriminator_width
    inputs = maps = keras.Input((side, side, 3 + count_planes(settings)), name="image")
    for n in range(3):
        initializer = normal_initializer(settings.seed, 60 + n)
        maps = layers.Conv2D(width * 2**n, 4, 2, "same", use_bias=not n, kernel_initializer=initializer)(maps)
        if n:
            maps = layers.BatchNormalization(momentum=0.9)(maps)
        maps = layers.LeakyReLU(0.2)(maps)
    maps = layers.Conv2D(1, 4, 1, "same", kernel_initializer=normal_initializer(settings.seed, 70))(maps)
    return keras.Model(inputs, maps, name="discriminator")
