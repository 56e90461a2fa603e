"""A VGG16-feature discriminator, used in addition to the discriminator of pixels.

VGG16 already knows parts of objects from a million photos, such as eyes, which a discriminator would take
long to learn. The discriminator of pixels stays, because VGG16 represents colors and grain poorly. The input
of VGG16 is 64 px wide: half of the images of 128 px are downscaled, and of the others it gets a quarter at
full resolution. That is four times as fast as full images, and a model that grows can keep this
discriminator.

Reference:
    Sauer et al. 2021, arXiv:2111.01007, and Kumari et al. 2021, arXiv:2112.09130. Unlike both, it uses VGG16,
    which the studio needs anyway, and batch normalization instead of random projections.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import frozen_logits, logistic_loss, normal_initializer
from studio.core.generators.scales import vgg16_side
from studio.core.objectives import backbones
from studio.core.training.precision import cast_to_float32

LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")  # textures, parts, objects
MIXED, WIDTH = 64, 128  # channels after the 1x1 convolution of a layer, and of the later maps
SMALL = 8  # px, side to which maps are halved before the logits

# Images `(B, side, side, 3)` in [0, 1] -> activations by layer.
FeatureExtractor = Callable[[Any], dict[str, Any]]


def vgg16_discriminator(size: int, seed: int) -> keras.Model:
    """Returns the discriminator: activations by layer -> `(B, n)` logits, one per patch of each layer.

    Args:
        size: side of the images in px.
        seed: seed of the initial weights.
    """
    channels = backbones.find_spec("vgg16").layers
    maps, logits = {}, []
    for n, layer in enumerate(LAYERS):
        side, first = vgg16_side(size) // 2 ** (1 + n), 60 + 10 * n
        maps[layer] = keras.Input((side, side, channels[layer]), name=layer)
        x, halvings = _conv_block(maps[layer], MIXED, 1, 1, seed, first), 0
        while x.shape[1] > SMALL:
            halvings += 1
            x = _conv_block(x, WIDTH, 4, 2, seed, first + halvings)
        if not halvings:
            x = _conv_block(x, WIDTH, 3, 1, seed, first + 1)
        x = keras.layers.Conv2D(
            1, min(4, x.shape[1]), kernel_initializer=normal_initializer(seed, first + 9)
        )(x)
        logits.append(keras.layers.Flatten()(x))
    return keras.Model(maps, keras.layers.Concatenate()(logits), name="vgg16_discriminator")


def _conv_block(x: Any, channels: int, side: int, stride: int, seed: int, n: int) -> Any:
    x = keras.layers.Conv2D(
        channels, side, stride, "same", use_bias=False, kernel_initializer=normal_initializer(seed, n)
    )(x)
    return keras.layers.LeakyReLU(0.2)(keras.layers.BatchNormalization(momentum=0.9)(x))


def losses(
    discriminator: keras.Model, extract: FeatureExtractor, real: Any, generated: Any, training: bool
) -> tuple[Any, Any]:
    """Returns the losses of the generator and of the discriminator, two scalars.

    Args:
        discriminator: a `vgg16_discriminator`.
        extract: VGG16's feature extractor.
        real, generated: images, `(B, side, side, C)` in [-1, 1]; gradients of the first loss reach only
            `generated`.
        training: whether batch normalization uses the statistics of the batch.
    """
    real_features, generated_features = _extract(extract, real), _extract(extract, generated)
    constant_features = {layer: ops.stop_gradient(maps) for layer, maps in generated_features.items()}
    real_logits = cast_to_float32(discriminator(real_features, training=training))
    generated_logits = cast_to_float32(discriminator(constant_features, training=training))
    return ops.mean(ops.softplus(-frozen_logits(discriminator, generated_features))), logistic_loss(
        real_logits, generated_logits
    )


def _extract(extract: FeatureExtractor, images: Any) -> dict[str, Any]:
    side = vgg16_side(images.shape[1])
    if images.shape[1] > side:
        factor = images.shape[1] // side
        smaller = ops.average_pool(images[::2], factor, factor)
        images = ops.concatenate([smaller, *_quarters(images[1::2], side)])
    shape = ops.shape(images)[0], side, side, 3
    return extract(ops.broadcast_to(images / 2 + 0.5, shape))


def _quarters(images: Any, side: int) -> list[Any]:
    """Crops a square of each image, cycling through the corners: `(b, side, side, C)` per corner."""
    offsets = range(0, images.shape[1], side)
    corners = [(top, left) for top in offsets for left in offsets]
    return [
        images[n :: len(corners), top : top + side, left : left + side]
        for n, (top, left) in enumerate(corners)
    ]
