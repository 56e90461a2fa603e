"""The two networks of a DCGAN and their losses.

Reference:
    Radford, Metz and Chintala 2015, arXiv:1511.06434; Goodfellow et al. 2014, arXiv:1406.2661.
"""

from __future__ import annotations

import functools
from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.generators.discriminator import (
    Augment,
    adams,
    discriminator,
    frozen_logits,
    logistic_loss,
    relativistic_loss,
    small,
    with_gradient_norms,
)
from studio.core.generators.scales import coarsest
from studio.core.generators.vgg16_discriminator import See, losses, vgg16_discriminator
from studio.core.objectives.gradients import fused
from studio.core.training import optimizers
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import as_float32
from studio.dcgan import bilateral
from studio.dcgan.adaptive import AdaptiveAugment
from studio.dcgan.settings import TrainDcganSettings
from studio.dcgan.written import HUES, SIDE, widths

TOLD = ("generator", "discriminator")  # what a training's curves show
SEEN = ("real_score", "made_score")
MOMENTA = {"logistic": (0.5, 0.999), "relativistic": (0.0, 0.99)}  # of Adam


def generator(settings: TrainDcganSettings) -> keras.Model:
    """The generator: `(B, latent_dim)` normal numbers -> `(B, size, size, C)` in [-1, 1].

    Besides its start, the numbers also set the gain and the offset of every channel at every size, which
    costs next to nothing and brings the images closer (Chen et al. 2019, arXiv:1810.01365).
    """
    start, (channels, *others) = coarsest(settings.size), widths(settings)
    z = keras.Input((settings.latent_dim,), name="z")
    x = keras.layers.Dense(
        start * start * channels, use_bias=False, kernel_initializer=small(settings.seed, 0), name="start"
    )(z)
    x = _awake(keras.layers.Reshape((start, start, channels))(x), z, settings, 0)
    for n, channels in enumerate(others, 1):
        x = keras.layers.Conv2DTranspose(
            channels,
            SIDE,
            2,
            "same",
            use_bias=False,
            kernel_initializer=small(settings.seed, n),
            name=f"grow_{n}",
        )(x)
        x = _awake(x, z, settings, n)
        for block in range(settings.blocks):
            x = _refined(x, z, settings, n, block)
    image = keras.layers.Conv2DTranspose(
        settings.palette or settings.channels,
        SIDE,
        2,
        "same",
        activation=None if settings.palette else "tanh",
        kernel_initializer=small(settings.seed, 1 + len(others)),
        name="image",
    )(x)
    if settings.palette:
        image = _mixed(image, z, settings)
    if settings.bilateral:
        image = Bilateral(settings.bilateral)(image)
    return keras.Model(z, image, name="generator")


def _awake(x: Any, z: Any, settings: TrainDcganSettings, n: int, block: int | None = None) -> Any:
    """Batch normalization, self-modulation by the latent vector, and ReLU.

    Args:
        n: of the size.
        block: of the residual block that they are of; its gain begins at 0, so that it adds little at first.
    """
    channels, name = x.shape[-1], f"{n}" if block is None else f"{n}_{block}"
    first = "ones" if block is None else "zeros"
    x = keras.layers.BatchNormalization(momentum=0.9, gamma_initializer=first, name=f"norm_{name}")(x)
    if settings.modulated:
        seeded = small(settings.seed, 60 + n if block is None else 80 + 4 * n + block)
        asked = keras.layers.Dense(2 * channels, kernel_initializer=seeded, name=f"asked_{name}")(z)
        gain, offset = ops.split(keras.layers.Reshape((1, 1, 2 * channels))(asked), 2, axis=-1)
        x = x * (1 + gain) + offset
    return keras.layers.ReLU()(x)


def _refined(x: Any, z: Any, settings: TrainDcganSettings, n: int, block: int) -> Any:
    """Adds a residual block to feature maps (He et al. 2015, arXiv:1512.03385)."""
    seen = keras.layers.Conv2D(
        x.shape[-1],
        3,
        padding="same",
        use_bias=False,
        kernel_initializer=small(settings.seed, 40 + 4 * n + block),
        name=f"refine_{n}_{block}",
    )(x)
    return x + _awake(seen, z, settings, n, block)


def _mixed(shares: Any, z: Any, settings: TrainDcganSettings) -> Any:
    """Mixes colors from the latent vector at each pixel, with weights from the feature maps.

    A plane then has one color by its make, and a color of its own in each image, as in a flat drawing.
    """
    colors, size = settings.palette, settings.size
    asked = keras.layers.Dense(HUES, "relu", kernel_initializer="he_normal", name="hues")(z)
    asked = keras.layers.Dense(colors * settings.channels, "tanh", name="colors")(asked)
    asked = ops.cast(keras.layers.Reshape((colors, settings.channels))(asked), "float32")
    shares = keras.layers.Softmax(dtype="float32")(keras.layers.Reshape((size * size, colors))(shares))
    return keras.layers.Reshape((size, size, settings.channels), dtype="float32")(ops.matmul(shares, asked))


class Bilateral(keras.layers.Layer):
    """Gives pixels the mean of those around them that are nearly of their color, in float32: half as many
    digits tell no levels apart. See `studio.dcgan.bilateral`.

    Args:
        levels: by which neighbors may differ.
    """

    def __init__(self, levels: float):
        super().__init__(name="bilateral", dtype="float32")
        self._filter = fused(functools.partial(_evened, sharpness=bilateral.sharpness(levels)))

    def call(self, images: Any) -> Any:
        """`(B, size, size, C)` -> the same."""
        return self._filter(images)


def _evened(images: Any, sharpness: float) -> Any:
    _, height, width, _ = images.shape
    for spacing in bilateral.spacings(height):
        around = ops.pad(images, ((0, 0), (spacing, spacing), (spacing, spacing), (0, 0)))
        move, total = 0, 1
        for down, right in np.multiply(bilateral.AROUND, spacing).tolist():
            apart = around[:, down : down + height, right : right + width] - images
            alike = ops.exp(-sharpness * ops.sum(ops.square(apart), -1, keepdims=True))
            move, total = move + alike * apart, total + alike
        images = images + move / total
    return images


def augmentation(settings: TrainDcganSettings) -> Augment:
    """What both discriminators see of an image; one that adapts alone has weights, which models without it
    lack.
    """
    shape = settings.size, settings.shift, settings.flip, settings.cutout, settings.seed + 1
    if settings.adaptive_augmentation:
        return AdaptiveAugment(*shape, steps=settings.steps, batch=settings.batch)
    return Augment(*shape)


class Gan(LossModel):
    """Both networks and what each loses; training feeds it batches of real images. See `call`.

    The generator's loss passes through the discriminator with its weights held, and the discriminator's stops
    at the image, so that one backward pass gives each network the gradient of its own loss.

    Args:
        settings: shapes and rates.
        see: what VGG16 sees, for a discriminator by that; needed only to train with one.
    """

    jit = "auto"

    def __init__(self, settings: TrainDcganSettings, see: See | None = None):
        told = (*TOLD, "augmentation") if settings.adaptive_augmentation else TOLD
        super().__init__(settings, (*told, *SEEN), "gan")
        self.told = told
        self.generator = generator(settings)
        shape = settings.size, settings.channels, settings.discriminator_width
        normed = settings.loss == "logistic"
        self.discriminator = discriminator(*shape, settings.dropout, settings.seed, normed)
        sees_more = settings.vgg16_discriminator > 0
        self.vgg16_discriminator = vgg16_discriminator(settings.size, settings.seed) if sees_more else None
        # In a function: the weights of VGG16 are no part of this model.
        self._see = (lambda images: see(images)) if see else None
        self.augment = augmentation(settings)
        self.draws = keras.random.SeedGenerator(settings.seed)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Adam for each network, both with a learning rate that decays to the same share."""
        settings = self.settings
        rates = self.schedule(settings.learning_rate), self.schedule(settings.discriminator_rate)
        return adams(self.generator.trainable_variables, *rates, MOMENTA[settings.loss])

    def schedule(self, rate: float) -> Any:
        """Returns the learning rate over all steps: cosine decay to the share `rate_end`."""
        settings = self.settings
        return optimizers.schedule(rate, settings.steps, settings.warmup_steps, settings.rate_end)

    def call(self, batch: Any, training: bool = False) -> dict[str, Any]:
        """What each network loses on a batch, as scalars by its name.

        Besides, for how likely real the discriminator takes either kind, in [0, 1], and, where augmentation
        adapts, the probability of each change.

        Args:
            batch: `(B, size, size, C) uint8`; or, where augmentation adapts in training, `{"real": these,
                "validation": images that neither network learns from}`.
            training: whether this is a training step.
        """
        real, validation = (batch["real"], batch["validation"]) if isinstance(batch, dict) else (batch, None)
        real = _in_range(real)
        z = keras.random.normal((ops.shape(real)[0], self.settings.latent_dim), seed=self.draws)
        drawn = as_float32(self.generator(z, training=training))
        made = self.augment(drawn)
        found, real_logits, made_logits = self._compare(real, drawn, made, training)
        if isinstance(self.augment, AdaptiveAugment):
            if validation is not None:
                logits = frozen_logits(self.discriminator, self.augment(_in_range(validation)))
                self.augment.adapt(real_logits, logits, made_logits)
            found["augmentation"] = ops.convert_to_tensor(self.augment.p)
        if self.vgg16_discriminator is None or self._see is None:
            return found
        generator, discriminator = losses(
            self.vgg16_discriminator, self._see, self.augment(real), made, training
        )
        found["generator"] = found["generator"] + self.settings.vgg16_discriminator * generator
        return found | {"discriminator": found["discriminator"] + discriminator}

    def _compare(self, real: Any, drawn: Any, made: Any, training: bool) -> tuple[dict[str, Any], Any, Any]:
        """Losses and scores by name, and the logits of real and of generated images.

        The gradient penalty is over the whole batch, and on the gradient by images before augmentation, as in
        the code of R3GAN (arXiv:2501.05441). A quarter of the batch would save a fifth of a step.

        Args:
            real, drawn: real and generated images, `(B, size, size, C)` in [-1, 1], as they are.
            made: generated ones, augmented.
            training: whether this is a training step.
        """
        relative = self.settings.loss == "relativistic"
        return (self._relative if relative else self._logistic)(real, drawn, made, training)

    def _logistic(self, real: Any, drawn: Any, made: Any, training: bool) -> tuple[dict[str, Any], Any, Any]:
        """Losses of the non-saturating logistic GAN, with R1 if asked for."""
        real_logits = as_float32(self._judged(real, training))
        made_logits = as_float32(self.discriminator(ops.stop_gradient(made), training=training))
        discriminator = logistic_loss(real_logits, made_logits)
        if self.settings.gradient_penalty:
            # Batch normalization takes its running averages here: over a batch, images would share gradients.
            _, norms = with_gradient_norms(lambda seen: self._judged(seen, False), real)
            discriminator = discriminator + self.settings.gradient_penalty / 2 * ops.mean(norms)
        found = {
            # Not saturating: softplus(-x) is -log(sigmoid(x)).
            "generator": ops.mean(ops.softplus(-frozen_logits(self.discriminator, made))),
            "discriminator": discriminator,
            "real_score": ops.mean(ops.sigmoid(real_logits)),
            "made_score": ops.mean(ops.sigmoid(made_logits)),
        }
        return found, real_logits, made_logits

    def _relative(self, real: Any, drawn: Any, made: Any, training: bool) -> tuple[dict[str, Any], Any, Any]:
        """Losses of the relativistic GAN, with R1 and R2; loss and penalty share one pass."""
        both = ops.concatenate([real, ops.stop_gradient(drawn)])
        logits, norms = with_gradient_norms(lambda seen: self._judged(seen, training), both)
        real_logits, made_logits = ops.split(logits, 2)
        # The mean over both kinds is half the sum of R1 and R2, each of which counts by half the penalty.
        penalty = self.settings.gradient_penalty * ops.mean(norms)
        verdict = frozen_logits(self.discriminator, made)
        found = {
            "generator": relativistic_loss(verdict, ops.stop_gradient(real_logits)),
            "discriminator": relativistic_loss(real_logits, made_logits) + penalty,
            "real_score": ops.mean(ops.sigmoid(real_logits - ops.mean(made_logits))),
            "made_score": ops.mean(ops.sigmoid(made_logits - ops.mean(real_logits))),
        }
        return found, real_logits, made_logits

    def _judged(self, images: Any, training: bool) -> Any:
        """Logits of images that are augmented first."""
        return self.discriminator(self.augment(images), training=training)

    def total(self, losses: Mapping[str, Any], training: bool) -> Any:
        """The sum of both losses; each reaches only its own network."""
        return losses["generator"] + losses["discriminator"]


def _in_range(images: Any) -> Any:
    """`uint8` -> float32 in [-1, 1]."""
    return ops.cast(images, "float32") / 127.5 - 1
