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

from studio.core.generators.discriminator import (
    Augment,
    build_pixel_discriminator,
    compute_frozen_logits,
    logistic_loss,
    pair,
)
from studio.core.generators.vgg16_discriminator import (
    FeatureExtractor,
    build_feature_discriminator,
    compute_losses,
)
from studio.core.training.precision import cast_to_float32
from studio.vae.likelihoods import feature_nll
from studio.vae.settings import TrainVaeSettings

WIDTH, DROPOUT, SHIFT = 32, 0.3, 6  # of the discriminator, the defaults of a DCGAN
DISCRIMINATOR_RATE = 0.0002
ADVERSARIAL_WEIGHT = 0.05  # weight of the adversarial loss per value of an image


def build_discriminator(settings: TrainVaeSettings, class_count: int = 0) -> keras.Model:
    """Builds a discriminator: `(B, size, size, C)` in [-1, 1] to `(B, 1)` logits, high for real."""
    return build_pixel_discriminator(
        settings.size, settings.channels, WIDTH, DROPOUT, settings.seed, class_count=class_count
    )


def build_vgg16_discriminator(settings: TrainVaeSettings) -> keras.Model | None:
    """Builds a VGG16-feature discriminator, if the settings ask for one."""
    return build_feature_discriminator(settings.size, settings.seed) if settings.vgg16_discriminator else None


def get_discriminator_weights(*discriminators: keras.Model | None) -> list[np.ndarray]:
    """Returns the weights of all discriminators in the order in which they are stored."""
    return [
        array
        for discriminator in discriminators
        if discriminator is not None
        for array in discriminator.get_weights()
    ]


class AdversarialLosses(keras.Layer):
    """The discriminators and the losses of the VAE and of the discriminators.

    Args:
        settings: the shape of the images, and the seed.
        feature_extractor: VGG16's; needed only for a VGG16-feature discriminator, which ignores classes.
        class_count: number of classes; 0 for a model without classes.
    """

    def __init__(
        self,
        settings: TrainVaeSettings,
        feature_extractor: FeatureExtractor | None = None,
        class_count: int = 0,
    ):
        super().__init__(name="game")
        network = build_discriminator(settings, class_count)
        norms = [layer for layer in network.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self.discriminator = keras.Model(
            network.inputs, [network.outputs[0], *(layer.output for layer in norms)]
        )
        self.vgg16_discriminator = build_vgg16_discriminator(settings)
        self._vgg16_weight = settings.vgg16_discriminator
        # Keras would track the weights of VGG16 as part of this model, so a function hides them.
        self._extract_features = (lambda images: feature_extractor(images)) if feature_extractor else None
        self.augment = Augment(settings.size, SHIFT, settings.flip, 0.0, settings.seed + 1)
        self.built = True

    def get_discriminator_weights(self) -> list[np.ndarray]:
        """Returns the weights of all discriminators."""
        return get_discriminator_weights(self.discriminator, self.vgg16_discriminator)

    def set_discriminator_weights(self, weights: Sequence[np.ndarray]) -> None:
        """Sets the weights of all discriminators; a VGG16-feature one that `weights` lack stays untrained."""
        count = len(self.discriminator.get_weights())
        self.discriminator.set_weights(weights[:count])
        if self.vgg16_discriminator is not None and len(weights) > count:
            self.vgg16_discriminator.set_weights(weights[count:])

    def call(self, images: Any, reconstructions: Any, samples: Any, labels: Any = None) -> tuple[Any, Any]:
        """Computes the losses of the VAE and of the discriminator, two scalars, the first in nats per image.

        The VAE's gradient passes through frozen discriminators, and the discriminator's stops at the images,
        so that one backward pass gives each side the gradient of its own loss.

        Args:
            images: `(B, size, size, C)` in [0, 1], real.
            reconstructions: of `images`, of the same shape.
            samples: `(b, size, size, C)`, decoded from random latents with the class of every second image.
            labels: one-hot classes of `images`, `(B, class_count)`; None without classes.
        """
        sample_count = ops.shape(samples)[0]
        fake_labels = None if labels is None else ops.concatenate([labels, labels[::2]])
        augmented = self.augment(ops.concatenate([images, reconstructions], axis=-1) * 2 - 1)
        real, reconstructions = ops.split(augmented, 2, axis=-1)
        fakes = ops.concatenate([reconstructions, self.augment(samples * 2 - 1)])
        real_logits, *real_features = cast_to_float32(self.discriminator(pair(real, labels), training=True))
        constant_fakes = pair(ops.stop_gradient(fakes), fake_labels)
        fake_logits = cast_to_float32(self.discriminator(constant_fakes, training=True))[0]
        frozen_fake_logits, *fake_features = compute_frozen_logits(
            self.discriminator, pair(fakes, fake_labels)
        )
        layers = [
            (ops.stop_gradient(real_maps), fake_maps[:-sample_count])
            for real_maps, fake_maps in zip(real_features, fake_features, strict=True)
        ]
        values = math.prod(images.shape[1:])
        generator_loss = ops.mean(ops.softplus(-frozen_fake_logits))
        discriminator_loss = logistic_loss(real_logits, fake_logits)
        if self.vgg16_discriminator is not None and self._extract_features is not None:
            subset = ops.concatenate([fakes[:-sample_count:2], fakes[-sample_count:]])
            vgg16_generator_loss, vgg16_discriminator_loss = compute_losses(
                self.vgg16_discriminator,
                self._extract_features,
                cast_to_float32(real),
                cast_to_float32(subset),
                training=True,
            )
            generator_loss = generator_loss + self._vgg16_weight * vgg16_generator_loss
            discriminator_loss = discriminator_loss + vgg16_discriminator_loss
        return feature_nll(layers, values) + ADVERSARIAL_WEIGHT * values * generator_loss, discriminator_loss
