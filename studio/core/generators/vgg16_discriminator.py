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

from studio.core.generators.discriminator import compute_frozen_logits, logistic_loss, normal_initializer
from studio.core.generators.scales import vgg16_side
from studio.core.objectives import backbones
from studio.core.training.precision import cast_to_float32

LAYERS = ("block2_conv2", "block3_conv3", "block4_conv3")  # textures, parts, objects
FIRST_CHANNELS, LATER_CHANNELS = 64, 128  # after the 1x1 convolution, and after the later ones
MAX_LOGITS_SIDE = 8  # px, side to which maps are halved before the logits

# Images `(B, side, side, 3)` in [0, 1] -> activations by layer.
FeatureExtractor = Callable[[Any], dict[str, Any]]


def build_feature_discriminator(size: int, seed: int) -> keras.Model:
    """Returns the discriminator: activations by layer -> `(B, n)` logits, one per patch of each layer.

    Args:
        size: side of the images in px.
        seed: seed of the initial weights.
    """
    channels = backbones.find_spec("vgg16").layers
    feature_maps, logits = {}, []
    for n, layer in enumerate(LAYERS):
        side, seed_number = vgg16_side(size) // 2 ** (1 + n), 60 + 10 * n
        feature_maps[layer] = keras.Input((side, side, channels[layer]), name=layer)
        x, halvings = _apply_conv_block(feature_maps[layer], FIRST_CHANNELS, 1, 1, seed, seed_number), 0
        while x.shape[1] > MAX_LOGITS_SIDE:
            halvings += 1
            x = _apply_conv_block(x, LATER_CHANNELS, 4, 2, seed, seed_number + halvings)
        if not halvings:
            x = _apply_conv_block(x, LATER_CHANNELS, 3, 1, seed, seed_number + 1)
        x = keras.layers.Conv2D(
            1, min(4, x.shape[1]), kernel_initializer=normal_initializer(seed, seed_number + 9)
        )(x)
        logits.append(keras.layers.Flatten()(x))
    return keras.Model(feature_maps, keras.layers.Concatenate()(logits), name="vgg16_discriminator")


def _apply_conv_block(x: Any, channels: int, kernel_side: int, stride: int, seed: int, n: int) -> Any:
    """Applies a convolution with the initial weights of layer `n`, batch normalization and leaky ReLU."""
    x = keras.layers.Conv2D(
        channels, kernel_side, stride, "same", use_bias=False, kernel_initializer=normal_initializer(seed, n)
    )(x)
    return keras.layers.LeakyReLU(0.2)(keras.layers.BatchNormalization(momentum=0.9)(x))


def compute_losses(
    discriminator: keras.Model, extract: FeatureExtractor, real: Any, generated: Any, training: bool
) -> tuple[Any, Any]:
    """Returns the losses of the generator and of the discriminator, two scalars.

    Args:
        discriminator: a `build_feature_discriminator`.
        extract: VGG16's feature extractor.
        real, generated: images, `(B, side, side, C)` in [-1, 1]; gradients of the first loss reach only
            `generated`.
        training: whether batch normalization uses the statistics of the batch.
    """
    real_features = _extract_features(extract, real)
    generated_features = _extract_features(extract, generated)
    constant_features = {layer: ops.stop_gradient(maps) for layer, maps in generated_features.items()}
    real_logits = cast_to_float32(discriminator(real_features, training=training))
    generated_logits = cast_to_float32(discriminator(constant_features, training=training))
    frozen_logits = compute_frozen_logits(discriminator, generated_features)
    return ops.mean(ops.softplus(-frozen_logits)), logistic_loss(real_logits, generated_logits)


def _extract_features(extract: FeatureExtractor, images: Any) -> dict[str, Any]:
    """Returns VGG16's activations of images, scaled down or cropped to the side of its input."""
    side = vgg16_side(images.shape[1])
    if images.shape[1] > side:
        factor = images.shape[1] // side
        smaller = ops.average_pool(images[::2], factor, factor)
        images = ops.concatenate([smaller, *_crop_tiles(images[1::2], side)])
    shape = ops.shape(images)[0], side, side, 3
    return extract(ops.broadcast_to(images / 2 + 0.5, shape))


def _crop_tiles(images: Any, side: int) -> list[Any]:
    """Crops one tile of each image, a different one in turn: `(b, side, side, C)` per tile."""
    starts = range(0, images.shape[1], side)
    corners = [(top, left) for top in starts for left in starts]
    return [
        images[n :: len(corners), top : top + side, left : left + side]
        for n, (top, left) in enumerate(corners)
    ]
