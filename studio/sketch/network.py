"""The network that paints, and its discriminator.

The painter is a U-Net (Ronneberger et al. 2015, arXiv:1505.04597) as in pix2pix (Isola et al. 2016,
arXiv:1611.07004): maps are halved down to 4 px and doubled again, and each size is told what was seen on the
way down. It doubles by laying maps side by side as pixels (Shi et al. 2016, arXiv:1609.05158), also in its
last step, so that no convolution has to look at the full size. It has no normalization: it is to answer one
drawing at a time as it answers a batch.

The discriminator looks at patches, as in pix2pix, of the image at half its size: edges are learned from
likeness.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import layers, ops

from studio.core.generators.discriminator import small
from studio.core.generators.scales import halvings
from studio.core.training.batches import part_seed
from studio.sketch import palette
from studio.sketch.settings import KINDS, PainterSettings, TrainSketchSettings

SLOPE = 0.2  # of the leaky ReLUs


def planes_of(settings: PainterSettings) -> int:
    """How many input channels a painter has: of avatars the drawing, its kind and whether it is night."""
    return 3 + len(KINDS) + 1 if isinstance(settings, TrainSketchSettings) else 3


def layers_of(settings: PainterSettings) -> int:
    """How many output channels: of avatars one for each role and the depth of shade, else RGB."""
    return palette.ROLES + 1 if isinstance(settings, TrainSketchSettings) else 3


def sizes_of(settings: PainterSettings) -> tuple[list[int], list[int]]:
    """The channels of its maps, from the finest down to 4 px, and up again to half the image's side."""
    width = settings.width
    down = [min(width * 2**n, 10 * width) for n in range(halvings(settings.size))]
    return down, [6 * width if n == 8 * width else n for n in reversed(down[1:-1])] + [width * 3 // 2]


def painter(settings: PainterSettings) -> keras.Model:
    """`(B, size, size, planes)` -> `(B, size, size, layers)`, before anything is made of them."""
    seeds = iter(range(100))

    def convolved(maps: Any, channels: int, side: int, stride: int = 1, gain: float = 2.0) -> Any:
        seed = part_seed(settings.seed, next(seeds))
        start = keras.initializers.VarianceScaling(gain, "fan_in", "truncated_normal", seed)
        return layers.Conv2D(channels, side, stride, "same", kernel_initializer=start)(maps)

    down, up = sizes_of(settings)
    drawing = keras.Input((settings.size, settings.size, planes_of(settings)), name="drawing")
    maps, seen = drawing, []
    for channels in down:
        maps = ops.leaky_relu(convolved(maps, channels, 4, 2), SLOPE)
        seen.append(maps)
    for n, channels in enumerate(up):
        maps = ops.leaky_relu(ops.depth_to_space(convolved(maps, 4 * channels, 3), 2), SLOPE)
        maps = ops.concatenate([maps, seen[-2 - n]], axis=-1)
    maps = ops.leaky_relu(convolved(maps, 2 * settings.width, 3), SLOPE)
    return keras.Model(
        drawing, ops.depth_to_space(convolved(maps, 4 * layers_of(settings), 1, gain=0.1), 2), name="painter"
    )


def discriminator(settings: PainterSettings) -> keras.Model:
    """`(B, size / 2, size / 2, 3 + planes)`, an image and its drawing -> `(B, h, w, 1)`, high for true."""
    side, width = settings.size // 2, settings.discriminator_width
    seen = maps = keras.Input((side, side, 3 + planes_of(settings)), name="image")
    for n in range(3):
        start = small(settings.seed, 60 + n)
        maps = layers.Conv2D(width * 2**n, 4, 2, "same", use_bias=not n, kernel_initializer=start)(maps)
        if n:
            maps = layers.BatchNormalization(momentum=0.9)(maps)
        maps = layers.LeakyReLU(0.2)(maps)
    maps = layers.Conv2D(1, 4, 1, "same", kernel_initializer=small(settings.seed, 70))(maps)
    return keras.Model(seen, maps, name="discriminator")
