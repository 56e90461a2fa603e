"""A variational autoencoder with its training losses."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import adversarial_adam
from studio.core.generators.vgg16_discriminator import LAYERS as DISCRIMINATOR_LAYERS
from studio.core.generators.vgg16_discriminator import FeatureExtractor
from studio.core.training import optimizers
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import cast_to_float32
from studio.vae.adversarial import DISCRIMINATOR_RATE, AdversarialLosses
from studio.vae.likelihoods import LIKELIHOODS, feature_nll
from studio.vae.model import Vae, append_labels
from studio.vae.settings import TrainVaeSettings

PERCEPTUAL_LAYERS = ("block1_conv2", "block2_conv2")  # of VGG16: edges and textures, which blurry images lack
LOSS_NAMES = ("reconstruction", "kl", "kl_free_bits")


def vgg16_layers(settings: TrainVaeSettings) -> tuple[str, ...]:
    """Returns the VGG16 layers that training with these settings uses; () if none."""
    names = (PERCEPTUAL_LAYERS if settings.perceptual else ()) + (
        DISCRIMINATOR_LAYERS if settings.vgg16_discriminator else ()
    )
    return tuple(dict.fromkeys(names))


class VaeLosses(LossModel):
    """A VAE and its losses; see `call` for the batches.

    The loss is in nats per image: the reconstruction loss plus beta times the KL divergence.

    Args:
        settings: shapes, likelihood, beta.
        feature_extractor: VGG16's; needed only for a perceptual loss or the VGG16-feature discriminator.
        class_count: number of classes; 0 for a model without classes.
    """

    def __init__(
        self,
        settings: TrainVaeSettings,
        feature_extractor: FeatureExtractor | None = None,
        class_count: int = 0,
    ):
        super().__init__(settings, (*LOSS_NAMES, "discriminator") if settings.adversarial else LOSS_NAMES)
        self.network = Vae(settings, class_count)
        self.seed_generator = keras.random.SeedGenerator(settings.seed)
        self.steps_taken = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="steps_taken"
        )
        self.adversarial_losses = (
            AdversarialLosses(settings, feature_extractor, class_count) if settings.adversarial else None
        )
        self._pixel_nll = LIKELIHOODS[settings.likelihood]
        # Keras would track the weights of VGG16 as part of this model, so a function hides them.
        self._extract_features = (
            (lambda images: feature_extractor(images)) if feature_extractor and settings.perceptual else None
        )

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Returns Adam; with a discriminator, one for each side, constant for the discriminator."""
        rate = self.make_schedule(self.settings.learning_rate)
        return (
            adversarial_adam(self.network.trainable_variables, rate, DISCRIMINATOR_RATE)
            if self.adversarial_losses
            else optimizers.adam(rate)
        )

    def call(self, batch: Mapping[str, Any], training: bool = False) -> dict[str, Any]:
        """Computes the losses of a batch, scalars by name, in nats per image.

        Args:
            batch: "images", `(B, size, size, C) uint8`, and with classes also their "labels" `(B,)`.
            training: whether this is a training step.

        Returns:
            `reconstruction`; `kl`, the KL divergence; `kl_free_bits`, the KL divergence with free bits; in
            training with a discriminator also `adversarial`, the reconstruction loss on its features plus the
            generator's adversarial loss, and `discriminator`, the loss of the discriminator.
        """
        images, count = ops.cast(batch["images"], "float32") / 255, self.network.class_count
        labels = ops.one_hot(batch["labels"], count, dtype="float32") if count else None
        z_mean, z_log_var = cast_to_float32(self.network.encode(images, labels, training))
        epsilon = keras.random.normal(ops.shape(z_mean), seed=self.seed_generator)
        z = append_labels(z_mean + ops.exp(0.5 * z_log_var) * epsilon, labels)
        kl = ops.mean(kl_divergence(z_mean, z_log_var), axis=0)
        loss_values = {
            "kl": ops.sum(kl),
            "kl_free_bits": ops.sum(ops.maximum(kl, self.settings.free_bits)),  # as in arXiv:1606.04934
        }
        if not training or self.adversarial_losses is None:
            logits = cast_to_float32(self.network.decode(z, training))
        else:
            random_z = keras.random.normal(ops.shape(z_mean[::2]), seed=self.seed_generator)
            random_z = append_labels(random_z, None if labels is None else labels[::2])
            all_logits = cast_to_float32(self.network.decode(ops.concatenate([z, random_z]), training))
            logits, sample_logits = ops.split(all_logits, [z.shape[0]])
            outputs = ops.sigmoid(logits), ops.sigmoid(sample_logits)
            loss_values["adversarial"], loss_values["discriminator"] = self.adversarial_losses(
                images, *outputs, labels
            )
        if training:
            self.steps_taken.assign(self.steps_taken + 1)
        return loss_values | {"reconstruction": self._compute_reconstruction_loss(images, logits)}

    def _compute_reconstruction_loss(self, images: Any, logits: Any) -> Any:
        pixel_loss, share = self._pixel_nll(images, logits), self.settings.perceptual
        if self._extract_features is None:
            return pixel_loss
        perceptual_loss = self._compute_perceptual_loss(self._extract_features, images, ops.sigmoid(logits))
        return (1 - share) * pixel_loss + share * perceptual_loss

    def _compute_perceptual_loss(self, extract: FeatureExtractor, images: Any, reconstructions: Any) -> Any:
        """Computes the feature loss of two batches on VGG16, in nats per image.

        Uses a random crop of half the side of every second image, because VGG16 costs more than the VAE.
        """
        side = self.settings.size // 2
        top, left = ops.unstack(keras.random.randint((2,), 0, side + 1, seed=self.seed_generator))
        pairs = ops.concatenate([images[::2], reconstructions[::2]])
        count, _, _, channels = ops.shape(pairs)
        crops = ops.slice(pairs, [0, top, left, 0], (count, side, side, channels))
        features = cast_to_float32(extract(ops.broadcast_to(crops, (count, side, side, 3))))
        return feature_nll(
            [ops.split(features[layer], 2) for layer in PERCEPTUAL_LAYERS], math.prod(images.shape[1:])
        )

    def sum_losses(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Returns the reconstruction loss plus beta times the KL divergence with free bits.

        In training, beta rises from 0 during the warm-up.

        With a discriminator, a share `adversarial` of the reconstruction loss is replaced by that of the
        discriminator's features and the adversarial loss, and the discriminator's own loss is added.
        """
        reconstruction, beta, share = losses["reconstruction"], self.settings.beta, self.settings.adversarial
        if "discriminator" in losses:
            reconstruction = (
                (1 - share) * reconstruction + share * losses["adversarial"] + losses["discriminator"]
            )
        if training:
            warm_up_steps = max(1.0, self.settings.warm_up * self.settings.steps)
            beta = beta * ops.minimum(1.0, ops.cast(self.steps_taken, "float32") / warm_up_steps)
        return reconstruction + beta * losses["kl_free_bits"]


def kl_divergence(z_mean: Any, z_log_var: Any) -> Any:
    """Returns the KL divergence from the standard normal, per dimension, in nats (arXiv:1312.6114, B)."""
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
