"""The discriminator of pixels, its losses and augmentation.

Reference:
    Radford, Metz and Chintala 2015, arXiv:1511.06434; Goodfellow et al. 2014, arXiv:1406.2661.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from studio.core.generators.scales import count_halvings
from studio.core.objectives.gradients import value_and_grad
from studio.core.training import optimizers
from studio.core.training.batches import derive_seed
from studio.core.training.precision import cast_to_float32

LEAK = 0.2  # negative slope of LeakyReLU


def build_pixel_discriminator(
    size: int,
    channels: int,
    width: int,
    dropout: float,
    seed: int,
    batch_norm: bool = True,
    class_count: int = 0,
) -> keras.Model:
    """Returns a discriminator: `(B, size, size, C)` in [-1, 1] -> `(B, 1)` logits, high for real images.

    With classes its inputs are a list of the images and their one-hot labels `(B, class_count)`. Each logit
    then has the inner product of the last features and a learned vector of the class (projection
    discriminator, Miyato and Koyama 2018, arXiv:1802.05637). The features are not pooled as in the paper,
    because a network with so few layers tells classes apart by where strokes are.

    Args:
        size: side of the images in px.
        channels: channels of the images, 1 or 3.
        width: channels of the first layer; each halving of the size doubles them.
        dropout: share of activations dropped before the last layer.
        seed: seed of the initial weights.
        batch_norm: whether to use batch normalization. Turn it off for a gradient penalty per image (R3GAN,
            arXiv:2501.05441), which needs logits that depend on one image; the initial weights are then
            larger.
        class_count: number of classes; 0 for a discriminator without classes.
    """
    initializer = normal_initializer if batch_norm else he_initializer
    images = x = keras.Input((size, size, channels), name="image")
    for n in range(count_halvings(size)):
        x = keras.layers.Conv2D(
            width * 2**n,
            4,
            2,
            "same",
            use_bias=not (n and batch_norm),
            kernel_initializer=initializer(seed, 20 + n),
        )(x)
        if n and batch_norm:
            x = keras.layers.BatchNormalization(momentum=0.9)(x)
        x = keras.layers.LeakyReLU(LEAK)(x)
    features = keras.layers.Dropout(dropout, seed=seed)(keras.layers.Flatten()(x))
    # No bias without batch normalization: a relativistic loss compares logits, so a bias cancels out.
    logits = keras.layers.Dense(1, use_bias=batch_norm, kernel_initializer=initializer(seed, 40))(features)
    if not class_count:
        return keras.Model(images, logits, name="discriminator")
    labels = keras.Input((class_count,), name="label")
    class_vectors = keras.layers.Dense(
        features.shape[-1], use_bias=False, kernel_initializer="zeros", name="projection"
    )(labels)
    logits = logits + ops.sum(features * class_vectors, axis=-1, keepdims=True)
    return keras.Model([images, labels], logits, name="discriminator")


def pair(images: Any, labels: Any) -> Any:
    """Returns the inputs of a discriminator: images, and with classes their one-hot labels."""
    return images if labels is None else [images, labels]


def normal_initializer(seed: int, n: int) -> keras.initializers.Initializer:
    """Returns the initializer of layer `n` in both networks of a DCGAN."""
    return keras.initializers.RandomNormal(stddev=0.02, seed=derive_seed(seed, n))


def he_initializer(seed: int, n: int) -> keras.initializers.Initializer:
    """Returns the initializer of layer `n` of a network without normalization; it preserves the variance."""
    return keras.initializers.HeNormal(seed=derive_seed(seed, n))


def compute_frozen_logits(discriminator: keras.Model, inputs: Any) -> Any:
    """Returns logits of a discriminator with constant weights, so that gradients reach only its inputs."""
    logits, _ = discriminator.stateless_call(
        [ops.stop_gradient(ops.convert_to_tensor(v)) for v in discriminator.trainable_variables],
        [ops.convert_to_tensor(v) for v in discriminator.non_trainable_variables],
        inputs,
        training=True,
    )
    return cast_to_float32(logits)


def compute_gradient_norms(discriminator: Callable, images: Any) -> tuple[Any, Any]:
    """Returns logits and the squared norm of the gradient of each logit with respect to its image.

    The norms are differentiable with respect to the weights. Their mean is R1 at real and R2 at generated
    images.

    Args:
        discriminator: `(B, H, W, C)` -> `(B, 1)` logits, without batch normalization, so that each depends on
            one image.
        images: `(B, H, W, C)`.

    Returns:
        Logits `(B, 1)` and squared norms `(B,)`, both float32.

    Reference:
        Mescheder et al. 2018, arXiv:1801.04406; both penalties in Huang et al. 2025, arXiv:2501.05441.
    """

    def sum_logits(images: Any) -> tuple[Any, Any]:
        logits = cast_to_float32(discriminator(images))
        return ops.sum(logits), logits

    _, logits, gradients = value_and_grad(sum_logits)(images)
    return logits, ops.sum(ops.square(cast_to_float32(gradients)), axis=(1, 2, 3))


def logistic_loss(real: Any, generated: Any) -> Any:
    """Returns the logistic loss of the discriminator for logits of real and generated images, a scalar."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(generated))


def relativistic_loss(higher: Any, lower: Any) -> Any:
    """Returns the relativistic pairing loss, a scalar.

    Args:
        higher, lower: logits of the kind that should be higher, and of the other. The discriminator wants
            logits of real images to be higher, the generator those of generated images.

    Reference:
        Jolicoeur-Martineau 2018, arXiv:1807.00734, in the pairs of Sun et al. 2020, arXiv:2011.04926.
    """
    return ops.mean(ops.softplus(lower - higher))


def adversarial_adam(
    generator_variables: Sequence[keras.Variable],
    rate: Any,
    discriminator_rate: Any,
    momenta: tuple[float, float] = (0.5, 0.999),
) -> keras.optimizers.Optimizer:
    """Returns an Adam optimizer for adversarial training.

    Args:
        generator_variables: variables of the generator; all others belong to the discriminator.
        rate: learning rate of the generator.
        discriminator_rate: learning rate of the discriminator.
        momenta: beta_1 and beta_2.
    """
    adam_by_network = {
        is_generator: optimizers.adam(learning_rate, *momenta)
        for is_generator, learning_rate in ((True, rate), (False, discriminator_rate))
    }
    generator_ids = {id(variable) for variable in generator_variables}
    return keras.optimizers.MultiOptimizer(lambda variable: adam_by_network[id(variable) in generator_ids])


class Augment(keras.layers.Layer):
    """Differentiable augmentation: shifts, mirrors and cuts out a square, at random for each image.

    It applies to real and generated images, so that the generator does not learn it (Zhao et al. 2020,
    arXiv:2006.10738) and the discriminator cannot memorize the real images.

    Args:
        size: side of the images in px.
        shift: largest shift in px.
        flip: whether to mirror half of the images.
        cutout: side of the gray square, as a share of the image's side.
        seed: seed of the augmentation.
    """

    def __init__(self, size: int, shift: int, flip: bool, cutout: float, seed: int):
        super().__init__(name="augment")
        self.side, self.shift, self.flip, self.cutout = size, shift, flip, cutout
        self.moves = bool(shift or flip)
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """Returns augmented images, `(B, side, side, C)`."""
        count = ops.shape(images)[0]
        if self.moves:
            rows, columns = (
                self._build_sampling_matrices(self._draw_source_rows(count, flip))
                for flip in (False, self.flip)
            )
            images = _resample(images, rows, columns)
        if self.cutout:
            images = images * self._draw_cutout_mask(count)
        return images

    def _draw_source_rows(self, count: Any, flip: bool) -> Any:
        """Returns the source row of each row, `(B, side)`; some are beyond the edge."""
        moves = keras.random.randint((count, 1), -self.shift, self.shift + 1, seed=self.draws)
        rows = ops.arange(self.side)[None] + moves
        if flip:
            is_mirrored = keras.random.randint((count, 1), 0, 2, seed=self.draws)
            rows = ops.where(is_mirrored == 1, self.side - 1 - rows, rows)
        return rows

    def _build_sampling_matrices(self, source_rows: Any) -> Any:
        """Returns one-hot matrices of the source rows, `(B, side, side)`; rows beyond the edge are 0 (gray).

        Gray edges show the discriminator how far an image was shifted. With repeated edges, a generated face
        off its usual position would look like an augmented one, and the generator would not correct it.
        """
        return ops.one_hot(source_rows, self.side, dtype="float32")

    def _draw_cutout_mask(self, count: Any) -> Any:
        """Returns masks that are 0 in a square at a random position and 1 elsewhere, `(B, side, side, 1)`."""
        half = self.cutout * self.side / 2
        centers = keras.random.uniform((2, count, 1), 0, self.side, seed=self.draws)
        is_outside = ops.abs(ops.arange(self.side, dtype="float32")[None, None] - centers) >= half
        rows, columns = ops.cast(is_outside[0], "float32"), ops.cast(is_outside[1], "float32")
        return 1 - ((1 - rows)[:, :, None] * (1 - columns)[:, None, :])[..., None]


def _resample(images: Any, rows: Any, columns: Any) -> Any:
    """Selects rows and columns of images by matrix products.

    The gradient of a product is a product; that of a gather is a scatter, which is slow on a CPU.
    """
    count, side, _, channels = ops.shape(images)
    flat = ops.reshape(images, (count, side, side * channels))
    moved_rows = ops.reshape(ops.matmul(rows, flat), (count, side, side, channels))
    return ops.einsum("bij,bhjc->bhic", columns, moved_rows)
