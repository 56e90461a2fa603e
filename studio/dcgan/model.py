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
    adversarial_adam,
    build_pixel_discriminator,
    compute_frozen_logits,
    compute_gradient_norms,
    logistic_loss,
    normal_initializer,
    pair,
    relativistic_loss,
)
from studio.core.generators.scales import coarsest_side
from studio.core.generators.vgg16_discriminator import FeatureExtractor, build_feature_discriminator
from studio.core.generators.vgg16_discriminator import compute_losses as vgg16_losses
from studio.core.objectives.gradients import fuse_loops
from studio.core.training import optimizers
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import cast_to_float32
from studio.dcgan import bilateral
from studio.dcgan.adaptive import AdaptiveAugment
from studio.dcgan.settings import TrainDcganSettings
from studio.dcgan.shapes import CLASS_DIM, PALETTE_UNITS, UPSAMPLING_KERNEL, list_widths

LOSS_NAMES = ("generator", "discriminator")  # shown in training curves
SCORE_NAMES = ("real_score", "generated_score")
ADAM_BETAS = {"logistic": (0.5, 0.999), "relativistic": (0.0, 0.99)}  # beta_1 and beta_2 of Adam


def build_generator(settings: TrainDcganSettings, class_count: int = 0) -> keras.Model:
    """Builds the generator: latents -> images `(B, size, size, C)` in [-1, 1].

    With self-modulation, the latent vector also sets the gain and the offset of every channel at every
    resolution, which costs little and lowers FID (Chen et al. 2019, arXiv:1810.01365). A learned embedding of
    the class is part of that vector, so it changes both as well (Dumoulin et al. 2016, arXiv:1610.07629).

    Args:
        settings: of the model.
        class_count: number of classes; 0 for a model without classes.

    Returns:
        A model of latents `(B, latent_dim + class_count)`, whose last values are the one-hot class.
    """
    side, (channels, *finer_channels) = coarsest_side(settings.size), list_widths(settings)
    latents = keras.Input((settings.latent_dim + class_count,), name="z")
    z = _embed_class(latents, settings) if class_count else latents
    x = keras.layers.Dense(
        side * side * channels,
        use_bias=False,
        kernel_initializer=normal_initializer(settings.seed, 0),
        name="start",
    )(z)
    x = _activate(keras.layers.Reshape((side, side, channels))(x), z, settings, 0)
    for n, channels in enumerate(finer_channels, 1):
        x = keras.layers.Conv2DTranspose(
            channels,
            UPSAMPLING_KERNEL,
            2,
            "same",
            use_bias=False,
            kernel_initializer=normal_initializer(settings.seed, n),
            name=f"grow_{n}",
        )(x)
        x = _activate(x, z, settings, n)
        for block in range(settings.blocks):
            x = _add_residual_block(x, z, settings, n, block)
    image = keras.layers.Conv2DTranspose(
        settings.palette or settings.channels,
        UPSAMPLING_KERNEL,
        2,
        "same",
        activation=None if settings.palette else "tanh",
        kernel_initializer=normal_initializer(settings.seed, 1 + len(finer_channels)),
        name="image",
    )(x)
    if settings.palette:
        image = _mix_palette(image, z, settings)
    if settings.bilateral:
        image = Bilateral(settings.bilateral)(image)
    return keras.Model(latents, image, name="generator")


def _embed_class(latents: Any, settings: TrainDcganSettings) -> Any:
    """Replaces the one-hot class in latents by its embedding: `(B, latent_dim + CLASS_DIM)`."""
    embedding = keras.layers.Dense(
        CLASS_DIM,
        use_bias=False,
        # Far smaller than the other latents at first: at their size, the generator would make one image per
        # class and ignore them (measured on MNIST).
        kernel_initializer=normal_initializer(settings.seed, 59),
        name="class_embedding",
    )(latents[:, settings.latent_dim :])
    return ops.concatenate([latents[:, : settings.latent_dim], embedding], axis=-1)


def _activate(x: Any, z: Any, settings: TrainDcganSettings, n: int, block: int | None = None) -> Any:
    """Applies batch normalization, self-modulation by the latent vector, and ReLU.

    Args:
        n: index of the resolution, the coarsest first.
        block: index of the residual block, or None outside of one. A block's gain starts at 0, so that it
            adds little at first.
    """
    channels, name = x.shape[-1], f"{n}" if block is None else f"{n}_{block}"
    gamma = "ones" if block is None else "zeros"
    x = keras.layers.BatchNormalization(momentum=0.9, gamma_initializer=gamma, name=f"norm_{name}")(x)
    if settings.modulated:
        initializer = normal_initializer(settings.seed, 60 + n if block is None else 80 + 4 * n + block)
        modulation = keras.layers.Dense(
            2 * channels, kernel_initializer=initializer, name=f"modulation_{name}"
        )(z)
        gain, offset = ops.split(keras.layers.Reshape((1, 1, 2 * channels))(modulation), 2, axis=-1)
        x = x * (1 + gain) + offset
    return keras.layers.ReLU()(x)


def _add_residual_block(x: Any, z: Any, settings: TrainDcganSettings, n: int, block: int) -> Any:
    """Adds a residual block to feature maps (He et al. 2015, arXiv:1512.03385)."""
    residual = keras.layers.Conv2D(
        x.shape[-1],
        3,
        padding="same",
        use_bias=False,
        kernel_initializer=normal_initializer(settings.seed, 40 + 4 * n + block),
        name=f"refine_{n}_{block}",
    )(x)
    return x + _activate(residual, z, settings, n, block)


def _mix_palette(x: Any, z: Any, settings: TrainDcganSettings) -> Any:
    """Mixes a palette, computed from the latent vector, at each pixel with weights from the feature maps.

    A flat area then has one color by construction, and each image has its own palette, as in flat drawings.
    """
    colors, size = settings.palette, settings.size
    palette = keras.layers.Dense(PALETTE_UNITS, "relu", kernel_initializer="he_normal", name="hues")(z)
    palette = keras.layers.Dense(colors * settings.channels, "tanh", name="colors")(palette)
    palette = ops.cast(keras.layers.Reshape((colors, settings.channels))(palette), "float32")
    weights = keras.layers.Softmax(dtype="float32")(keras.layers.Reshape((size * size, colors))(x))
    image = ops.matmul(weights, palette)
    return keras.layers.Reshape((size, size, settings.channels), dtype="float32")(image)


class Bilateral(keras.layers.Layer):
    """Replaces each pixel by the mean of its neighbors of similar color; see `studio.dcgan.bilateral`.

    Computes in float32, because bfloat16 cannot represent single levels of 255.

    Args:
        levels: difference of neighbors that still counts as similar, in levels of 255.
    """

    def __init__(self, levels: float):
        super().__init__(name="bilateral", dtype="float32")
        self._filter = fuse_loops(
            functools.partial(_apply_bilateral_filter, sharpness=bilateral.sharpness(levels))
        )

    def call(self, images: Any) -> Any:
        """Filters images `(B, size, size, C)` in [-1, 1]."""
        return self._filter(images)


def _apply_bilateral_filter(images: Any, sharpness: float) -> Any:
    """Filters images `(B, size, size, C)` in [-1, 1]; see `studio.dcgan.bilateral.sharpness`."""
    _, height, width, _ = images.shape
    for spacing in bilateral.spacings(height):
        padded = ops.pad(images, ((0, 0), (spacing, spacing), (spacing, spacing), (0, 0)))
        weighted_differences, weights = 0, 1  # 1 for the pixel itself
        for down, right in np.multiply(bilateral.NEIGHBOR_OFFSETS, spacing).tolist():
            difference = padded[:, down : down + height, right : right + width] - images
            similarity = ops.exp(-sharpness * ops.sum(ops.square(difference), -1, keepdims=True))
            weighted_differences = weighted_differences + similarity * difference
            weights = weights + similarity
        images = images + weighted_differences / weights
    return images


def build_augmentation(settings: TrainDcganSettings) -> Augment:
    """Returns the augmentation for both discriminators. Only the adaptive one has weights."""
    shape = settings.size, settings.shift, settings.flip, settings.cutout, settings.seed + 1
    if settings.adaptive_augmentation:
        return AdaptiveAugment(*shape, steps=settings.steps, batch=settings.batch)
    return Augment(*shape)


class Gan(LossModel):
    """Generator, discriminators and their losses; training feeds it batches of real images. See `call`.

    The generator's loss passes through the discriminator with frozen weights, and the discriminator's loss
    stops at the image, so that one backward pass gives each network the gradient of its own loss.

    Args:
        settings: shapes and learning rates.
        feature_extractor: VGG16's; needed only to train with the VGG16-feature discriminator.
        class_count: number of classes; 0 for a model without classes.
    """

    jit = "auto"

    def __init__(
        self,
        settings: TrainDcganSettings,
        feature_extractor: FeatureExtractor | None = None,
        class_count: int = 0,
    ):
        loss_names = (*LOSS_NAMES, "augmentation") if settings.adaptive_augmentation else LOSS_NAMES
        super().__init__(settings, (*loss_names, *SCORE_NAMES), "gan")
        self.loss_names = loss_names
        self.class_count = class_count
        self.generator = build_generator(settings, class_count)
        shape = settings.size, settings.channels, settings.discriminator_width
        uses_batch_norm = settings.loss == "logistic"
        self.discriminator = build_pixel_discriminator(
            *shape, settings.dropout, settings.seed, uses_batch_norm, class_count
        )
        self.vgg16_discriminator = (
            build_feature_discriminator(settings.size, settings.seed)
            if settings.vgg16_discriminator
            else None
        )
        # Keras would track the weights of VGG16 as part of this model, so a function hides them.
        self._extract_features = (lambda images: feature_extractor(images)) if feature_extractor else None
        self.augment = build_augmentation(settings)
        self.seed_generator = keras.random.SeedGenerator(settings.seed)

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam for each network, with learning rates that decay to the same share."""
        settings = self.settings
        rates = self.make_schedule(settings.learning_rate), self.make_schedule(settings.discriminator_rate)
        return adversarial_adam(self.generator.trainable_variables, *rates, ADAM_BETAS[settings.loss])

    def make_schedule(self, rate: float) -> Any:
        """Returns the learning rate over all steps: cosine decay to the share `rate_end`."""
        settings = self.settings
        return optimizers.make_schedule(rate, settings.steps, settings.warmup_steps, settings.rate_end)

    def call(self, batch: Any, training: bool = False) -> dict[str, Any]:
        """Returns the losses of both networks on a batch, as scalars by name.

        Also returns the discriminator's mean probabilities that real and that generated images are real,
        and, with adaptive augmentation, the probability of each change.

        Generated images have the classes of the real ones, which are then equally frequent.

        Args:
            batch: "real" images, `(B, size, size, C) uint8`, with classes also their "labels" `(B,)`. With
                adaptive augmentation in training also "validation" images, from which neither network learns,
                and their "validation_labels".
            training: whether this is a training step.
        """
        real, labels = _to_float(batch["real"]), self._encode_labels(batch.get("labels"))
        z = keras.random.normal((ops.shape(real)[0], self.settings.latent_dim), seed=self.seed_generator)
        latents = z if labels is None else ops.concatenate([z, labels], axis=-1)
        generated = cast_to_float32(self.generator(latents, training=training))
        augmented = self.augment(generated)
        relativistic = self.settings.loss == "relativistic"
        compute = self._compute_relativistic_losses if relativistic else self._compute_logistic_losses
        losses, real_logits, generated_logits = compute(real, generated, augmented, training, labels)
        if isinstance(self.augment, AdaptiveAugment):
            if "validation" in batch:
                validation_labels = self._encode_labels(batch.get("validation_labels"))
                inputs = pair(self.augment(_to_float(batch["validation"])), validation_labels)
                validation_logits = compute_frozen_logits(self.discriminator, inputs)
                self.augment.adapt(real_logits, validation_logits, generated_logits)
            losses["augmentation"] = ops.convert_to_tensor(self.augment.p)
        if self.vgg16_discriminator is None or self._extract_features is None:
            return losses
        generator_loss, discriminator_loss = vgg16_losses(
            self.vgg16_discriminator, self._extract_features, self.augment(real), augmented, training
        )
        losses["generator"] = losses["generator"] + self.settings.vgg16_discriminator * generator_loss
        return losses | {"discriminator": losses["discriminator"] + discriminator_loss}

    def _encode_labels(self, labels: Any) -> Any:
        """Returns one-hot labels, `(B, class_count)`; None for a model without classes."""
        return ops.one_hot(labels, self.class_count, dtype="float32") if self.class_count else None

    def _compute_logistic_losses(
        self, real: Any, generated: Any, augmented: Any, training: bool, labels: Any = None
    ) -> tuple[dict[str, Any], Any, Any]:
        """Computes the losses of the non-saturating logistic GAN, with R1 if its weight is above 0.

        The gradient penalty covers the whole batch and takes the gradient with respect to the images before
        augmentation, as in the code of R3GAN (arXiv:2501.05441). A quarter of the batch would save a fifth of
        a step.

        Args:
            real, generated: images before augmentation, `(B, size, size, C)` in [-1, 1].
            augmented: generated images after augmentation.
            training: whether this is a training step.
            labels: one-hot labels of real and generated images, `(B, class_count)`; None without classes.

        Returns:
            Losses and scores by name, and the logits of real and of generated images, each `(B, 1)`.
        """
        real_logits = cast_to_float32(self._compute_augmented_logits(real, labels, training))
        generated_logits = cast_to_float32(
            self.discriminator(pair(ops.stop_gradient(augmented), labels), training=training)
        )
        discriminator_loss = logistic_loss(real_logits, generated_logits)
        if self.settings.gradient_penalty:
            # Batch statistics would mix the gradients of images, so use the running averages.
            _, norms = compute_gradient_norms(
                lambda images: self._compute_augmented_logits(images, labels, training=False), real
            )
            discriminator_loss = discriminator_loss + self.settings.gradient_penalty / 2 * ops.mean(norms)
        losses = {
            # Non-saturating: softplus(-x) is -log(sigmoid(x)).
            "generator": ops.mean(
                ops.softplus(-compute_frozen_logits(self.discriminator, pair(augmented, labels)))
            ),
            "discriminator": discriminator_loss,
            "real_score": ops.mean(ops.sigmoid(real_logits)),
            "generated_score": ops.mean(ops.sigmoid(generated_logits)),
        }
        return losses, real_logits, generated_logits

    def _compute_relativistic_losses(
        self, real: Any, generated: Any, augmented: Any, training: bool, labels: Any = None
    ) -> tuple[dict[str, Any], Any, Any]:
        """Computes the losses of the relativistic GAN with R1 and R2, which share a forward pass.

        See `_compute_logistic_losses` for the arguments and what is returned.
        """
        both = ops.concatenate([real, ops.stop_gradient(generated)])
        both_labels = None if labels is None else ops.concatenate([labels, labels])
        logits, norms = compute_gradient_norms(
            lambda images: self._compute_augmented_logits(images, both_labels, training), both
        )
        real_logits, generated_logits = ops.split(logits, 2)
        # R1 and R2 each have half the weight, and the mean over both kinds is half their sum.
        penalty = self.settings.gradient_penalty * ops.mean(norms)
        generator_logits = compute_frozen_logits(self.discriminator, pair(augmented, labels))
        losses = {
            "generator": relativistic_loss(generator_logits, ops.stop_gradient(real_logits)),
            "discriminator": relativistic_loss(real_logits, generated_logits) + penalty,
            "real_score": ops.mean(ops.sigmoid(real_logits - ops.mean(generated_logits))),
            "generated_score": ops.mean(ops.sigmoid(generated_logits - ops.mean(real_logits))),
        }
        return losses, real_logits, generated_logits

    def _compute_augmented_logits(self, images: Any, labels: Any, training: bool) -> Any:
        """Returns the discriminator's logits of images, which it augments first."""
        return self.discriminator(pair(self.augment(images), labels), training=training)

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the sum of both losses; each reaches only its own network."""
        return losses["generator"] + losses["discriminator"]


def _to_float(images: Any) -> Any:
    """Scales `uint8` images to float32 in [-1, 1]."""
    return ops.cast(images, "float32") / 127.5 - 1
