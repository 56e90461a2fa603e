"""The two networks of a variational autoencoder, plain Keras.

Reference:
    Kingma and Welling 2014, arXiv:1312.6114; Rezende et al. 2014, arXiv:1401.4082. With classes: Kingma et
    al. 2014, arXiv:1406.5298; Sohn et al. 2015, "Learning Structured Output Representation using Deep
    Conditional Generative Models".
"""

from __future__ import annotations

from typing import Any

import keras
import numpy as np
from keras import ops

from studio.core.generators.scales import coarsest_side
from studio.core.training.batches import derive_seed
from studio.core.training.loss_model import JIT_COMPILE
from studio.vae.adversarial import build_discriminator, build_vgg16_discriminator, get_discriminator_weights
from studio.vae.settings import TrainVaeSettings
from studio.vae.shapes import KERNEL_SIDE, NEGATIVE_SLOPE, decoder_channels, encoder_channels

MIN_LOG_VAR, MAX_LOG_VAR = -14.0, 8.0  # beyond, variances are meaningless and the exponential may overflow
_MOMENTUM = 0.9


def build_encoder(settings: TrainVaeSettings) -> keras.Model:
    """Builds the encoder: `(B, size, size, C)` to `(B, 2 * latent_dim)`, means and log variances."""
    layers = [keras.Input((settings.size, settings.size, settings.channels), name="image")]
    for n, width in enumerate(encoder_channels(settings)):
        layers += [
            keras.layers.Conv2D(
                width,
                KERNEL_SIDE,
                2,
                "same",
                use_bias=False,
                kernel_initializer=_make_he_initializer(settings, n),
            ),
            keras.layers.BatchNormalization(momentum=_MOMENTUM),
            keras.layers.LeakyReLU(NEGATIVE_SLOPE),
        ]
    z_mean_and_log_var = keras.layers.Dense(
        2 * settings.latent_dim,
        kernel_initializer=keras.initializers.GlorotUniform(derive_seed(settings.seed, 20)),
    )
    return keras.Sequential([*layers, keras.layers.Flatten(), z_mean_and_log_var], name="encoder")


def build_decoder(settings: TrainVaeSettings) -> keras.Model:
    """Builds the decoder: `(B, latent_dim)` to `(B, size, size, C)` logits."""
    side, deepest = coarsest_side(settings.size), encoder_channels(settings)[-1]
    layers = [
        keras.Input((settings.latent_dim,), name="z"),
        keras.layers.Dense(
            side * side * deepest, use_bias=False, kernel_initializer=_make_he_initializer(settings, 30)
        ),
        keras.layers.Reshape((side, side, deepest)),
        keras.layers.BatchNormalization(momentum=_MOMENTUM),
        keras.layers.ReLU(),
    ]
    for n, width in enumerate(decoder_channels(settings)):
        layers += [
            keras.layers.Conv2DTranspose(
                width,
                KERNEL_SIDE,
                2,
                "same",
                use_bias=False,
                kernel_initializer=_make_he_initializer(settings, 31 + n),
            ),
            keras.layers.BatchNormalization(momentum=_MOMENTUM),
            keras.layers.ReLU(),
        ]
    # The last layer blends neighbors, against checkerboard artifacts of the transposed convolutions.
    last = keras.layers.Conv2D(
        settings.channels, 3, padding="same", kernel_initializer=_make_he_initializer(settings, 50)
    )
    return keras.Sequential([*layers, last], name="decoder")


def build_class_embedding(settings: TrainVaeSettings, class_count: int) -> keras.layers.Dense:
    """Builds the embedding of one-hot classes: `(B, class_count)` to `(B, latent_dim)`.

    The encoder subtracts it, and the decoder adds it. So images of a class have latents around its embedding
    inside of the networks, and around 0 outside of them: a prior around the embedding, as in Sohn et al. The
    embeddings start farther apart than samples of one class: after 900 steps on MNIST, a classifier
    recognized 97% of samples, or 82% if embeddings started with a deviation of 1 instead of 2. One-hot
    classes as plain inputs of the encoder's last and the decoder's first layer were nearly ignored.
    """
    initializer = keras.initializers.RandomNormal(stddev=2.0, seed=derive_seed(settings.seed, 60))
    # Keep float32: bfloat16 would round the latents.
    embedding = keras.layers.Dense(
        settings.latent_dim, use_bias=False, kernel_initializer=initializer, dtype="float32"
    )
    embedding.build((None, class_count))
    return embedding


def _make_he_initializer(settings: TrainVaeSettings, n: int) -> keras.initializers.Initializer:
    return keras.initializers.HeNormal(seed=derive_seed(settings.seed, n))


class Vae(keras.Model):
    """A variational autoencoder of images `(size, size, C) float32` in [0, 1].

    Args:
        settings: shapes of the networks, and the seed of the initial weights.
        class_count: number of classes; 0 for a model without classes.
        with_discriminators: whether to include the discriminators, which a later training run starts from.
    """

    def __init__(self, settings: TrainVaeSettings, class_count: int = 0, with_discriminators: bool = False):
        super().__init__(name="vae")
        self.class_count = class_count
        self.encoder, self.decoder = build_encoder(settings), build_decoder(settings)
        self.class_embedding = build_class_embedding(settings, class_count) if class_count else None
        self.discriminator = build_discriminator(settings, class_count) if with_discriminators else None
        self.vgg16_discriminator = build_vgg16_discriminator(settings) if with_discriminators else None
        self.encoder.jit_compile = self.decoder.jit_compile = JIT_COMPILE
        self.built = True

    def encode(self, images: Any, labels: Any = None, training: bool = False) -> tuple[Any, Any]:
        """Encodes images as `z_mean`, `z_log_var`, each `(B, latent_dim)`.

        Args:
            images: `(B, size, size, C)`.
            labels: their one-hot classes, `(B, class_count)`; None without classes.
            training: whether batch normalization uses the statistics of the batch.
        """
        z_mean, z_log_var = ops.split(self.encoder(images, training=training), 2, axis=-1)
        if self.class_embedding is not None:
            z_mean = z_mean - self.class_embedding(labels)
        return z_mean, ops.clip(z_log_var, MIN_LOG_VAR, MAX_LOG_VAR)

    def decode(self, z: Any, training: bool = False) -> Any:
        """Decodes `(B, latent_dim + class_count)` to logits; their sigmoid is the image.

        Args:
            z: latents that end with the one-hot class.
            training: whether batch normalization uses the statistics of the batch.

        Returns:
            `(B, size, size, C)`.
        """
        if self.class_embedding is not None:
            z, labels = ops.split(z, [z.shape[-1] - self.class_count], axis=-1)
            z = z + self.class_embedding(labels)
        return self.decoder(z, training=training)

    @property
    def network_weights(self) -> list[np.ndarray]:
        """The weights of encoder and decoder, without the discriminators."""
        class_weights = self.class_embedding.get_weights() if self.class_embedding is not None else []
        return [*self.encoder.get_weights(), *self.decoder.get_weights(), *class_weights]

    @property
    def class_vectors(self) -> np.ndarray:
        """The embedding of each class, `(class_count, latent_dim) float32`."""
        if self.class_embedding is None:
            return np.zeros((0, self.decoder.input_shape[-1]), "float32")
        return self.class_embedding.get_weights()[0]

    @property
    def discriminator_weights(self) -> list[np.ndarray]:
        """The weights of the discriminators, if the model has any."""
        return get_discriminator_weights(self.discriminator, self.vgg16_discriminator)

    def call(self, images: Any, labels: Any = None, training: bool = False) -> Any:
        """Reconstructs images from their mean latents: `(B, size, size, C)` in [0, 1]. See `encode`."""
        z_mean, _ = self.encode(images, labels, training)
        return ops.sigmoid(self.decode(append_labels(z_mean, labels), training))


def append_labels(z: Any, labels: Any) -> Any:
    """Appends one-hot labels `(B, class_count)`, if there are any, to latents `(B, latent_dim)`."""
    return z if labels is None else ops.concatenate([z, labels], axis=-1)
