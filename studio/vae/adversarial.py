"""Adversarial training of a VAE: reconstruction losses on a discriminator's features give sharper images.

Reference:
    Larsen et al. 2016, arXiv:1512.09300. Differs from it: several layers count, each with its optimal
    deviation, and the adversarial loss of reconstructions also trains the encoder. Real images and fakes are
    batch-normalized separately, as in the discriminator's training; that removes contrast, which the pixel
    loss keeps. Normalized together (tried for 2,000 steps on faces), reconstructions got softer and samples
    far worse, because the discriminator lost.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.generators.discriminator import Augment, discriminator, frozen_logits, logistic_loss
from studio.core.generators.vgg16_discriminator import FeatureExtractor, losses, vgg16_discriminator
from studio.core.training.precision import cast_to_float32
from studio.vae.likelihoods import feature_nll
from studio.vae.settings import TrainVaeSettings

WIDTH, DROPOUT, SHIFT = 32, 0.3, 6  # of the discriminator, the defaults of a DCGAN
DISCRIMINATOR_RATE = 0.0002
ADVERSARIAL_WEIGHT = 0.05  # weight of the adversarial loss per value of an image


def build_discriminator(settings: TrainVaeSettings) -> keras.Sequential:
    """Builds a discriminator: `(B, size, size, C)` in [-1, 1] to `(B, 1)` logits, high for real."""
    return discriminator(settings.size, settings.channels, WIDTH, DROPOUT, settings.seed)


def build_vgg16_discriminator(settings: TrainVaeSettings) -> keras.Model | None:
    """Builds a VGG16-feature discriminator, if the settings ask for one."""
    return vgg16_discriminator(settings.size, settings.seed) if settings.vgg16_discriminator else None


def get_discriminator_weights(*discriminators: keras.Model | None) -> list[np.ndarray]:
    """Returns the weights of all discriminators in the order in which they are stored."""
    return [
        array
        for discriminator in discriminators
        if discriminator is not None
        for array in discriminator.get_weights()
    ]


class AdversarialLosses(keras.Layer):
    """The discriminators and the losses of both sides.

    Args:
        settings: the shape of the images, and the seed.
        see: extracts VGG16 features, for a VGG16-feature discriminator.
    """

    def __init__(self, settings: TrainVaeSettings, see: FeatureExtractor | None = None):
        super().__init__(name="game")
        plain = build_discriminator(settings)
        normed = [layer for layer in plain.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self.discriminator = keras.Model(
            plain.inputs, [plain.outputs[0], *(layer.output for layer in normed)]
        )
        self.second, self._count = build_vgg16_discriminator(settings), settings.vgg16_discriminator
        # A function, so that VGG16 is not tracked as part of this model.
        self._see = (lambda images: see(images)) if see else None
        self.augment = Augment(settings.size, SHIFT, settings.flip, 0.0, settings.seed + 1)
        self.built = True

    def discriminator_weights(self) -> list[np.ndarray]:
        """Returns the weights of both discriminators."""
        return get_discriminator_weights(self.discriminator, self.second)

    def take(self, weights: Sequence[np.ndarray]) -> None:
        """Loads the weights of another run's discriminators; a second one that it lacked stays untrained."""
        first = len(self.discriminator.get_weights())
        self.discriminator.set_weights(weights[:first])
        if self.second is not None and len(weights) > first:
            self.second.set_weights(weights[first:])

    def call(self, images: Any, reconstructions: Any, samples: Any) -> tuple[Any, Any]:
        """Returns the losses of the VAE and of the discriminator, two scalars, the first in nats per image.

        The VAE's gradient passes through frozen discriminators, and the discriminator's stops at the images,
        so that one backward pass gives each side the gradient of its own loss.

        Args:
            images: `(B, size, size, C)` in [0, 1], real.
            reconstructions: of `images`, of the same shape.
            samples: `(b, size, size, C)`, decoded from random latents.
        """
        count = ops.shape(samples)[0]
        augmented = self.augment(ops.concatenate([images, reconstructions], axis=-1) * 2 - 1)
        real, reconstructions = ops.split(augmented, 2, axis=-1)
        fakes = ops.concatenate([reconstructions, self.augment(samples * 2 - 1)])
        real_logits, *real_features = cast_to_float32(self.discriminator(real, training=True))
        fake_logits = cast_to_float32(self.discriminator(ops.stop_gradient(fakes), training=True))[0]
        frozen_fake_logits, *fake_features = frozen_logits(self.discriminator, fakes)
        layers = [
            (ops.stop_gradient(real), fake[:-count])
            for real, fake in zip(real_features, fake_features, strict=True)
        ]
        values = math.prod(images.shape[1:])
        generator_loss, discriminator_loss = (
            ops.mean(ops.softplus(-frozen_fake_logits)),
            logistic_loss(real_logits, fake_logits),
        )
        if self.second is not None and self._see is not None:
            subset = ops.concatenate([fakes[:-count:2], fakes[-count:]])
            extra_generator_loss, extra_discriminator_loss = losses(
                self.second, self._see, cast_to_float32(real), cast_to_float32(subset), True
            )
            generator_loss, discriminator_loss = (
                generator_loss + self._count * extra_generator_loss,
                discriminator_loss + extra_discriminator_loss,
            )
        return feature_nll(layers, values) + ADVERSARIAL_WEIGHT * values * generator_loss, discriminator_loss
