"""The VGG16-feature discriminator: its shape, its losses, and which networks they train."""

from __future__ import annotations

import math

import keras
import numpy as np
import pytest
import tensorflow as tf

from studio.core.generators.vgg16_discriminator import LAYERS, losses, vgg16_discriminator
from studio.core.objectives import backbones
from training.drawings import avatars

SIDES = {"block2_conv2": 2, "block3_conv3": 4, "block4_conv3": 8}  # factor by which a side is divided


def features(images):
    """Stands in for VGG16: maps of its shapes, from the images."""
    channels = backbones.find_spec("vgg16").layers
    return {
        layer: tf.repeat(tf.nn.avg_pool2d(images, by, by, "VALID"), channels[layer] // 3 + 1, axis=-1)[
            ..., : channels[layer]
        ]
        for layer, by in SIDES.items()
    }


def images(size, channels=3, seed=0, count=4):
    pixels = np.random.default_rng(seed).uniform(-1, 1, (count, size, size, channels))
    return tf.constant(pixels.astype("float32"))


@pytest.mark.parametrize("size, channels", [(28, 1), (32, 3), (64, 3), (128, 3)])
def test_it_judges_parts_of_every_layer_at_every_size(size, channels):
    discriminator = vgg16_discriminator(size, seed=0)
    batch = images(min(size, 64), channels)
    logits = discriminator(features(tf.repeat(batch, 3 // channels, axis=-1)), training=False)
    assert logits.shape[0] == 4 and logits.shape[1] >= len(LAYERS) and np.isfinite(logits).all()
    drawing, judging = losses(
        discriminator, features, images(size, channels), images(size, channels, 1), True
    )
    assert drawing > 0 and judging > 0


def test_large_images_are_shown_to_vgg16_at_64_px_some_smaller_and_of_others_a_quarter():
    batches = []

    def see(images):
        batches.append(images.numpy())
        return features(images)

    large = images(128, count=10)
    losses(vgg16_discriminator(128, seed=0), see, large, images(128, seed=1, count=10), False)
    real, generated = batches
    whole = large.numpy() / 2 + 0.5
    smaller = whole[::2].reshape(5, 64, 2, 64, 2, 3).mean((2, 4))
    top, low = slice(64), slice(64, 128)
    places = [(1, top, top), (9, top, top), (3, top, low), (5, low, top), (7, low, low)]
    assert real.shape == generated.shape == (10, 64, 64, 3)
    assert real[:5] == pytest.approx(smaller, abs=1e-5)
    assert real[5:] == pytest.approx(np.stack([whole[place] for place in places]), abs=1e-5)


def test_who_cannot_tell_loses_as_much_as_by_guessing():
    discriminator = vgg16_discriminator(32, seed=0)
    discriminator.set_weights([np.zeros_like(array) for array in discriminator.get_weights()])
    drawing, judging = losses(discriminator, features, images(32), images(32, seed=1), True)
    assert float(drawing) == pytest.approx(math.log(2)) and float(judging) == pytest.approx(2 * math.log(2))


def test_each_loss_teaches_its_own_side_alone():
    discriminator, real, generated = vgg16_discriminator(32, seed=0), images(32), images(32, seed=1)
    weights = [variable.value for variable in discriminator.trainable_variables]
    with tf.GradientTape(persistent=True) as tape:
        tape.watch([real, generated])
        drawing, judging = losses(discriminator, features, real, generated, True)
    assert np.abs(tape.gradient(drawing, generated)).max() > 0
    assert tape.gradient(drawing, real) is None
    assert all(gradient is None for gradient in tape.gradient(drawing, weights))
    assert tape.gradient(judging, generated) is None
    assert any(np.abs(gradient).max() > 0 for gradient in tape.gradient(judging, weights))


@pytest.mark.slow  # VGG16, and some steps
def test_it_learns_to_tell_faces_from_their_own_pixels_in_disorder(weights_home):
    """Shuffled pixels have the same colors, so VGG16's features must tell them apart."""
    faces = avatars.collection(24, seed=0, size=32)["images"].reshape(24, -1, 3)
    rng = np.random.default_rng(0)
    mixed = np.stack([rng.permutation(face) for face in faces])
    real, generated = (
        tf.constant(some.reshape(24, 32, 32, 3).astype("float32") / 127.5 - 1) for some in (faces, mixed)
    )
    see, digest = backbones.load_vgg16_features(LAYERS)
    assert list(digest) == ["vgg16"]
    discriminator, adam = vgg16_discriminator(32, seed=0), keras.optimizers.Adam(0.001)
    lost = []
    for _ in range(8):
        with tf.GradientTape() as tape:
            drawing, judging = losses(discriminator, see, real, generated, True)
        weights = [variable.value for variable in discriminator.trainable_variables]
        adam.apply(tape.gradient(judging, weights), discriminator.trainable_variables)
        lost.append((float(drawing), float(judging)))
    assert lost[-1][1] < 0.3 * lost[0][1] and lost[-1][0] > 2 * lost[0][0]
