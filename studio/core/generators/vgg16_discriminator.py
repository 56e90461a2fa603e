"""A VGG16-feature discriminator: it sees what VGG16 sees in an image, where the first one sees pixels.

What it takes a network long to learn, that there are eyes and that they are alike, VGG16 knows from a million
photos. The discriminator of pixels stays: it keeps colors and grain true, of which VGG16 sees little. VGG16
is shown
64 px a side: of images of 128 px, every second one made smaller, and of each other one a quarter, with its
fine detail. That is four times as fast as to show them whole, and a model that grows keeps its VGG16-feature
discriminator.

Reference:
    Sauer et al. 2021, arXiv:2111.01007, and Kumari et al. 2021, arXiv:2112.09130. Departs from both: VGG16,
    which the studio has at hand, and maps that are normalized over the batch instead of random mixtures.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import frozen_logits, logistic_loss, small
from studio.core.generators.scales import seen
from studio.core.objectives import backbones
from studio.core.training.precision import as_float32

LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")  # of VGG16: textures, parts, and what they make
MIXED, WIDTH = 64, 128  # channels that a layer is brought down to, and of the maps after them
SMALL = 8  # a side to which maps are halved before it scores their parts

See = Callable[[Any], dict[str, Any]]  # images `(B, side, side, 3)` in [0, 1] -> activations by layer


def vgg16_discriminator(size: int, seed: int) -> keras.Model:
    """the discriminator: activations by layer -> `(B, n)` logits, one for each part of each layer.

    Args:
        size: a side of the images, px.
        seed: of the fresh weights.
    """
    channels = backbones.spec("vgg16").layers
    maps, said = {}, []
    for n, layer in enumerate(LAYERS):
        side, first = seen(size) // 2 ** (1 + n), 60 + 10 * n
        maps[layer] = keras.Input((side, side, channels[layer]), name=layer)
        x, halved = _found(maps[layer], MIXED, 1, 1, seed, first), 0
        while x.shape[1] > SMALL:
            halved += 1
            x = _found(x, WIDTH, 4, 2, seed, first + halved)
        if not halved:
            x = _found(x, WIDTH, 3, 1, seed, first + 1)
        x = keras.layers.Conv2D(1, min(4, x.shape[1]), kernel_initializer=small(seed, first + 9))(x)
        said.append(keras.layers.Flatten()(x))
    return keras.Model(maps, keras.layers.Concatenate()(said), name="vgg16_discriminator")


def _found(x: Any, channels: int, side: int, stride: int, seed: int, n: int) -> Any:
    x = keras.layers.Conv2D(
        channels, side, stride, "same", use_bias=False, kernel_initializer=small(seed, n)
    )(x)
    return keras.layers.LeakyReLU(0.2)(keras.layers.BatchNormalization(momentum=0.9)(x))


def losses(discriminator: keras.Model, see: See, real: Any, made: Any, training: bool) -> tuple[Any, Any]:
    """What the generator and the discriminator lose, two scalars.

    Args:
        discriminator: by `vgg16_discriminator`.
        see: what VGG16 sees.
        real, made: `(B, side, side, C)` in [-1, 1]; gradients of the first loss reach `made` alone.
    """
    wanted, got = _looks(see, real), _looks(see, made)
    held = {layer: ops.stop_gradient(maps) for layer, maps in got.items()}
    said = as_float32(discriminator(wanted, training=training))
    suspected = as_float32(discriminator(held, training=training))
    return ops.mean(ops.softplus(-frozen_logits(discriminator, got))), logistic_loss(said, suspected)


def _looks(see: See, images: Any) -> dict[str, Any]:
    side = seen(images.shape[1])
    if images.shape[1] > side:
        times = images.shape[1] // side
        smaller = ops.average_pool(images[::2], times, times)
        images = ops.concatenate([smaller, *_parts(images[1::2], side)])
    shape = ops.shape(images)[0], side, side, 3
    return see(ops.broadcast_to(images / 2 + 0.5, shape))


def _parts(images: Any, side: int) -> list[Any]:
    """Of each image a square part, of the next the part next to it: `(b, side, side, C)` for each place."""
    corners = range(0, images.shape[1], side)
    places = [(top, left) for top in corners for left in corners]
    return [
        images[n :: len(places), top : top + side, left : left + side] for n, (top, left) in enumerate(places)
    ]
