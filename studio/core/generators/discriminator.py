"""The network that tells drawn images from real ones, and what it sees of an image.

Reference:
    Radford, Metz and Chintala 2015, arXiv:1511.06434; Goodfellow et al. 2014, arXiv:1406.2661.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import keras
from keras import ops

from studio.core.generators.scales import halvings
from studio.core.objectives.gradients import value_and_grad
from studio.core.training import optimizers
from studio.core.training.batches import part_seed
from studio.core.training.precision import as_float32

LEAK = 0.2  # of what is below 0, so much is passed on


def discriminator(
    size: int, channels: int, width: int, dropout: float, seed: int, normed: bool = True
) -> keras.Sequential:
    """the discriminator: `(B, size, size, C)` in [-1, 1] -> `(B, 1)` logits, high for real.

    Args:
        size: a side of the images, px.
        channels: of an image.
        width: channels of the finest layer; each halving doubles them.
        dropout: the share of what was found that is left out at random.
        seed: of the fresh weights.
        normed: whether maps are normalized over the batch; without it each image is judged by itself, as
            a penalty on the gradient of each needs it (R3GAN, arXiv:2501.05441), and weights begin larger.
    """
    fresh = small if normed else kept
    layers = [keras.Input((size, size, channels), name="image")]
    for n in range(halvings(size)):
        layers.append(
            keras.layers.Conv2D(
                width * 2**n,
                4,
                2,
                "same",
                use_bias=not (n and normed),
                kernel_initializer=fresh(seed, 20 + n),
            )
        )
        if n and normed:
            layers.append(keras.layers.BatchNormalization(momentum=0.9))
        layers.append(keras.layers.LeakyReLU(LEAK))
    layers += [
        keras.layers.Flatten(),
        keras.layers.Dropout(dropout, seed=seed),
        # Where logits are compared, what all of them have in common tells nothing.
        keras.layers.Dense(1, use_bias=normed, kernel_initializer=fresh(seed, 40)),
    ]
    return keras.Sequential(layers, name="discriminator")


def small(seed: int, n: int) -> keras.initializers.Initializer:
    """The initial weights of layer `n`, in both networks of a DCGAN."""
    return keras.initializers.RandomNormal(stddev=0.02, seed=part_seed(seed, n))


def kept(seed: int, n: int) -> keras.initializers.Initializer:
    """The initial weights of layer `n` of a network that normalizes nothing: maps keep their spread."""
    return keras.initializers.HeNormal(seed=part_seed(seed, n))


def frozen_logits(discriminator: keras.Model, images: Any) -> Any:
    """What the discriminator says, with its weights held: gradients reach the images alone."""
    found, _ = discriminator.stateless_call(
        [ops.stop_gradient(ops.convert_to_tensor(v)) for v in discriminator.trainable_variables],
        [ops.convert_to_tensor(v) for v in discriminator.non_trainable_variables],
        images,
        training=True,
    )
    return as_float32(found)


def with_gradient_norms(discriminator: Callable, images: Any) -> tuple[Any, Any]:
    """Logits of images, and the squared norm of the gradient of each by its own image.

    The gradient of the norms reaches the weights: their mean is R1 at real and R2 at generated images.

    Args:
        discriminator: `(B, H, W, C)` -> `(B, 1)` logits, of each image by itself: no batch normalization over
            them.
        images: `(B, H, W, C)`.

    Returns:
        `(B, 1)` and `(B,)`, both float32.

    Reference:
        Mescheder et al. 2018, arXiv:1801.04406; of both kinds of images Huang et al. 2025, arXiv:2501.05441.
    """

    def total(images: Any) -> tuple[Any, Any]:
        logits = as_float32(discriminator(images))
        return ops.sum(logits), logits

    _, logits, gradients = value_and_grad(total)(images)
    return logits, ops.sum(ops.square(as_float32(gradients)), axis=(1, 2, 3))


def logistic_loss(real: Any, made: Any) -> Any:
    """What the discriminator loses by its logits of real and made images, a scalar: logistic losses."""
    return ops.mean(ops.softplus(-real)) + ops.mean(ops.softplus(made))


def relativistic_loss(wanted: Any, other: Any) -> Any:
    """What is lost by logits that should be above those of the other kind, pair by pair, a scalar.

    The discriminator wants those of real images above those of made ones, the generator the opposite.

    Reference:
        Jolicoeur-Martineau 2018, arXiv:1807.00734, in the pairs of Sun et al. 2020, arXiv:2011.04926.
    """
    return ops.mean(ops.softplus(other - wanted))


def adams(
    drawing: Sequence[keras.Variable],
    rate: Any,
    discriminator_rate: Any,
    momenta: tuple[float, float] = (0.5, 0.999),
) -> keras.optimizers.Optimizer:
    """Adam for adversarial training: one learning rate for the generator, another for the discriminator."""
    both = {one: optimizers.adam(its, *momenta) for one, its in ((True, rate), (False, discriminator_rate))}
    mine = {id(variable) for variable in drawing}
    return keras.optimizers.MultiOptimizer(lambda variable: both[id(variable) in mine])


class Augment(keras.layers.Layer):
    """Moves, mirrors and cuts each image of a batch in its own way. Gradients pass through.

    Real and made images are changed alike, so that what draws learns none of it (Zhao et al. 2020,
    arXiv:2006.10738), while the discriminator cannot memorize the real ones.

    Args:
        size: a side of the images, px.
        shift: how far they are moved at most, px.
        flip: whether half of them are mirrored.
        cutout: the side of a hidden square, as a share of the image's.
        seed: of the draws.
    """

    def __init__(self, size: int, shift: int, flip: bool, cutout: float, seed: int):
        super().__init__(name="augment")
        self.side, self.shift, self.flip, self.cutout = size, shift, flip, cutout
        self.moves = bool(shift or flip)
        self.draws = keras.random.SeedGenerator(seed)

    def call(self, images: Any) -> Any:
        """`(B, side, side, C)` -> the same, each one moved, mirrored and cut at random."""
        count = ops.shape(images)[0]
        if self.moves:
            rows, columns = (self._taken(self._places(count, flip)) for flip in (False, self.flip))
            images = _moved(images, rows, columns)
        if self.cutout:
            images = images * self._holes(count)
        return images

    def _places(self, count: Any, flip: bool) -> Any:
        """Which row each row comes from, `(B, side)`; some lie beyond the edge."""
        moves = keras.random.randint((count, 1), -self.shift, self.shift + 1, seed=self.draws)
        places = ops.arange(self.side)[None] + moves
        if flip:
            mirrored = keras.random.randint((count, 1), 0, 2, seed=self.draws)
            places = ops.where(mirrored == 1, self.side - 1 - places, places)
        return places

    def _taken(self, places: Any) -> Any:
        """The same as shares of all rows, `(B, side, side)` of 0 and 1; beyond the edge, none, so gray.

        The gray shows how far an image was moved. Were the edge repeated, a face on a plain background that
        what draws put next to its place would look like one that was moved here, and stay there.
        """
        return ops.one_hot(places, self.side, dtype="float32")

    def _holes(self, count: Any) -> Any:
        """`(B, side, side, 1)` of 1, and 0 in a square at any place."""
        half = self.cutout * self.side / 2
        middles = keras.random.uniform((2, count, 1), 0, self.side, seed=self.draws)
        far = ops.abs(ops.arange(self.side, dtype="float32")[None, None] - middles) >= half
        rows, columns = ops.cast(far[0], "float32"), ops.cast(far[1], "float32")
        return 1 - ((1 - rows)[:, :, None] * (1 - columns)[:, None, :])[..., None]


def _moved(images: Any, rows: Any, columns: Any) -> Any:
    """Takes rows and columns of images as products: their gradient is a product too, where that of a
    gather is a scatter, slow on a CPU."""
    count, side, _, channels = ops.shape(images)
    flat = ops.reshape(images, (count, side, side * channels))
    down = ops.reshape(ops.matmul(rows, flat), (count, side, side, channels))
    return ops.einsum("bij,bhjc->bhic", columns, down)
