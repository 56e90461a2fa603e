"""A discriminator that a VAE plays against: it sees what is missed where pixels do not, so that images turn
sharp.

Reference:
    Larsen et al. 2016, arXiv:1512.09300. Departs from it: what is missed counts in several layers, each by
    its best deviation, and the discriminator's verdict on what is drawn again reaches the encoder, too. Real
    and made images are normalized apart, as the discriminator learns them; that takes contrast away, which is
    left to the pixels. Normalized together (tried for 2,000 steps on faces) images turn out softer, and those
    of random
    codes far worse: the discriminator then loses.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.generators.discriminator import Augment, discriminator, frozen_logits, logistic_loss
from studio.core.generators.vgg16_discriminator import See, losses, vgg16_discriminator
from studio.core.training.precision import as_float32
from studio.vae.likelihoods import unlike
from studio.vae.settings import TrainVaeSettings

WIDTH, DROPOUT, SHIFT = 32, 0.3, 6  # of the discriminator, as a DCGAN's own by default
RATE = 0.0002
PRESSED = 0.05  # nats of each number of an image that one nat of the discriminator's verdict counts


def build_discriminator(settings: TrainVaeSettings) -> keras.Sequential:
    """A fresh discriminator: `(B, size, size, C)` in [-1, 1] -> `(B, 1)` logits, high for real."""
    return discriminator(settings.size, settings.channels, WIDTH, DROPOUT, settings.seed)


def build_second(settings: TrainVaeSettings) -> keras.Model | None:
    """A fresh VGG16-feature discriminator, if the settings ask for one."""
    return vgg16_discriminator(settings.size, settings.seed) if settings.vgg16_discriminator else None


def weights_of(*discriminators: keras.Model | None) -> list[np.ndarray]:
    """Of all discriminators that there are, the first one's first: the order in which they are kept and
    taken.
    """
    return [
        array
        for discriminator in discriminators
        if discriminator is not None
        for array in discriminator.get_weights()
    ]


class Adversarial(keras.Layer):
    """A discriminator, and what each side of the game loses.

    Args:
        settings: the shape of the images, and the seed.
        see: what VGG16 sees, for a VGG16-feature discriminator by that.
    """

    def __init__(self, settings: TrainVaeSettings, see: See | None = None):
        super().__init__(name="game")
        plain = build_discriminator(settings)
        normed = [layer for layer in plain.layers if isinstance(layer, keras.layers.BatchNormalization)]
        self.discriminator = keras.Model(
            plain.inputs, [plain.outputs[0], *(layer.output for layer in normed)]
        )
        self.second, self._count = build_second(settings), settings.vgg16_discriminator
        # In a function: the weights of VGG16 are no part of this model.
        self._see = (lambda seen: see(seen)) if see else None
        self.augment = Augment(settings.size, SHIFT, settings.flip, 0.0, settings.seed + 1)
        self.built = True

    def discriminator_weights(self) -> list[np.ndarray]:
        """Of both discriminators."""
        return weights_of(self.discriminator, self.second)

    def take(self, weights: Sequence[np.ndarray]) -> None:
        """Gives the discriminators the weights of those of another training run; a second one that it lacked
        is fresh.
        """
        first = len(self.discriminator.get_weights())
        self.discriminator.set_weights(weights[:first])
        if self.second is not None and len(weights) > first:
            self.second.set_weights(weights[first:])

    def call(self, images: Any, again: Any, drawn: Any) -> tuple[Any, Any]:
        """The losses of the VAE and of the discriminator, two scalars, the first in nats per image.

        The VAE's passes through the discriminator with its weights held, and the discriminator's stops at the
        images, so that one backward pass gives each the gradient of its own loss.

        Args:
            images: `(B, size, size, C)` in [0, 1], real.
            again: the same, as the VAE draws them again.
            drawn: `(b, size, size, C)` that it draws from random codes.
        """
        count = ops.shape(drawn)[0]
        moved = self.augment(ops.concatenate([images, again], axis=-1) * 2 - 1)
        real, again = ops.split(moved, 2, axis=-1)
        made = ops.concatenate([again, self.augment(drawn * 2 - 1)])
        said, *wanted = as_float32(self.discriminator(real, training=True))
        suspected = as_float32(self.discriminator(ops.stop_gradient(made), training=True))[0]
        verdict, *got = frozen_logits(self.discriminator, made)
        layers = [(ops.stop_gradient(one), other[:-count]) for one, other in zip(wanted, got, strict=True)]
        numbers = math.prod(images.shape[1:])
        drawing, judging = ops.mean(ops.softplus(-verdict)), logistic_loss(said, suspected)
        if self.second is not None and self._see is not None:
            some = ops.concatenate([made[:-count:2], made[-count:]])
            more, its = losses(self.second, self._see, as_float32(real), as_float32(some), True)
            drawing, judging = drawing + self._count * more, judging + its
        return unlike(layers, numbers) + PRESSED * numbers * drawing, judging
