"""The VGG16-feature discriminator: its shape, its losses, and which networks they train."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from studio.core.generators.vgg16_discriminator import LAYERS, build_feature_discriminator, compute_losses
from studio.core.objectives import backbones
from training.drawings.data_sets import draw_data_set

SIDES = {"block2_conv2": 2, "block3_conv3": 4, "block4_conv3": 8}  # factor by which a side is divided


def extract_features(images):
    """Stands in for VGG16: maps of its shapes, from the images."""
    channels = backbones.find_spec("vgg16").layers
    return {
        layer: tf.repeat(
            tf.nn.avg_pool2d(images, factor, factor, "VALID"), channels[layer] // 3 + 1, axis=-1
        )[..., : channels[layer]]
        for layer, factor in SIDES.items()
    }


def make_images(size, channels=3, seed=0, count=4):
    pixels = np.random.default_rng(seed).uniform(-1, 1, (count, size, size, channels))
    return tf.constant(pixels.astype("float32"))


@pytest.mark.parametrize("size, channels", [(28, 1), (32, 3), (64, 3), (128, 3)])
def test_it_returns_logits_of_every_layer_at_every_size(size, channels):
    discriminator = build_feature_discriminator(size, seed=0)
    batch = make_images(min(size, 64), channels)
    logits = discriminator(extract_features(tf.repeat(batch, 3 // channels, axis=-1)), training=False)
    assert logits.shape[0] == 4 and logits.shape[1] >= len(LAYERS) and np.isfinite(logits).all()
    generator_loss, discriminator_loss = compute_losses(
        discriminator, extract_features, make_images(size, channels), make_images(size, channels, 1), True
    )
    assert generator_loss > 0 and discriminator_loss > 0


def test_large_images_are_downscaled_or_cropped_to_64_px():
    batches = []

    def extract(images):
        batches.append(images.numpy())
        return extract_features(images)

    large = make_images(128, count=10)
    compute_losses(
        build_feature_discriminator(128, seed=0), extract, large, make_images(128, seed=1, count=10), False
    )
    real, generated = batches
    images_01 = large.numpy() / 2 + 0.5
    smaller = images_01[::2].reshape(5, 64, 2, 64, 2, 3).mean((2, 4))
    top, low = slice(64), slice(64, 128)
    places = [(1, top, top), (9, top, top), (3, top, low), (5, low, top), (7, low, low)]
    assert real.shape == generated.shape == (10, 64, 64, 3)
    assert real[:5] == pytest.approx(smaller, abs=1e-5)
    assert real[5:] == pytest.approx(np.stack([images_01[place] for place in places]), abs=1e-5)


def test_zero_logits_give_the_loss_of_guessing():
    discriminator = build_feature_discriminator(32, seed=0)
    discriminator.set_weights([np.zeros_like(array) for array in discriminator.get_weights()])
    generator_loss, discriminator_loss = compute_losses(
        discriminator, extract_features, make_images(32), make_images(32, seed=1), True
    )
    assert float(generator_loss) == pytest.approx(math.log(2)) and float(discriminator_loss) == pytest.approx(
        2 * math.log(2)
    )


def test_each_loss_has_gradients_for_its_own_network_only():
    discriminator, real, generated = (
        build_feature_discriminator(32, seed=0),
        make_images(32),
        make_images(32, seed=1),
    )
    weights = [variable.value for variable in discriminator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, generated])
        generator_loss, discriminator_loss = compute_losses(
            discriminator, extract_features, real, generated, True
        )
    assert np.abs(tape.gradient(generator_loss, generated)).max() > 0
    assert tape.gradient(generator_loss, real) is None
    assert all(gradient is None for gradient in tape.gradient(generator_loss, weights))
    assert tape.gradient(discriminator_loss, generated) is None
    assert any(np.abs(gradient).max() > 0 for gradient in tape.gradient(discriminator_loss, weights))


@pytest.mark.slow  # VGG16, and some steps
def test_it_learns_to_distinguish_faces_from_shuffled_pixels(weights_home):
    """Shuffled pixels have the same colors, so VGG16's features must tell them apart."""
    faces = draw_data_set("avatars", 12, seed=0, size=32)["images"].reshape(12, -1, 3)
    rng = np.random.default_rng(0)
    shuffled = np.stack([rng.permutation(face) for face in faces])
    real, generated = (
        tf.constant(some.reshape(12, 32, 32, 3).astype("float32") / 127.5 - 1) for some in (faces, shuffled)
    )
    vgg16, digest = backbones.load_vgg16_features(LAYERS)
    assert list(digest) == ["vgg16"]
    features = {}

    def extract(images):  # every step has the same images, which VGG16 sees once
        key = images.numpy().tobytes()
        return features[key] if key in features else features.setdefault(key, vgg16(images))

    discriminator, adam = build_feature_discriminator(32, seed=0), keras.optimizers.Adam(0.001)
    losses = []
    for _ in range(8):
        with tf.GradientTape() as tape:
            generator_loss, discriminator_loss = compute_losses(discriminator, extract, real, generated, True)
        weights = [variable.value for variable in discriminator.trainable_variables]
        adam.apply(tape.gradient(discriminator_loss, weights), discriminator.trainable_variables)
        losses.append((float(generator_loss), float(discriminator_loss)))
    assert losses[-1][1] < 0.3 * losses[0][1] and losses[-1][0] > 2 * losses[0][0]
