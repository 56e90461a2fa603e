"""The losses of a variational autoencoder."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import adams
from studio.core.generators.vgg16_discriminator import LAYERS as JUDGED
from studio.core.generators.vgg16_discriminator import See
from studio.core.training import optimizers
from studio.core.training.loss_model import LossModel
from studio.core.training.precision import as_float32
from studio.vae.adversarial import RATE, Adversarial
from studio.vae.likelihoods import MISSED, unlike
from studio.vae.model import Vae
from studio.vae.settings import TrainVaeSettings

MISSES = ("block1_conv2", "block2_conv2")  # of VGG16: edges and textures, what blurred images lack
LOSSES = ("reconstruction", "kl", "charged")


def layers(settings: TrainVaeSettings) -> tuple[str, ...]:
    """The layers of VGG16 that a training run of these settings looks through; none without need of it."""
    found = (MISSES if settings.perceptual else ()) + (JUDGED if settings.vgg16_discriminator else ())
    return tuple(dict.fromkeys(found))


class Learner(LossModel):
    """A VAE and its losses; training feeds it batches of `(B, size, size, C) uint8`.

    The loss is in nats per image: the missed part of the images, and the charge for the codes.

    Args:
        settings: shapes, likelihood, beta.
        see: what VGG16 sees; needed only for a perceptual share or a discriminator by it.
    """

    def __init__(self, settings: TrainVaeSettings, see: See | None = None):
        super().__init__(settings, (*LOSSES, "discriminator") if settings.adversarial else LOSSES)
        self.vae = Vae(settings)
        self.draws = keras.random.SeedGenerator(settings.seed)
        self.taken = self.add_weight(
            shape=(), dtype="int32", initializer="zeros", trainable=False, name="taken"
        )
        self.game = Adversarial(settings, see) if settings.adversarial else None
        self._missed = MISSED[settings.likelihood]
        # In a function: the weights of VGG16 are no part of this model.
        self._look = (lambda images: see(images)) if see and settings.perceptual else None

    def make_optimizer(self) -> keras.optimizers.Optimizer:
        """Adam; against a discriminator, which has a constant learning rate, one for each side."""
        rate = self.schedule(self.settings.learning_rate)
        return adams(self.vae.trainable_variables, rate, RATE) if self.game else optimizers.adam(rate)

    def call(self, images: Any, training: bool = False) -> dict[str, Any]:
        """The losses on `(B, size, size, C) uint8`, as scalars by name, in nats per image.

        Returns:
            `reconstruction`; `kl`, what the codes tell; `charged`, the same with each number's free bits;
            in training against a discriminator also `seen`, what is missed in its eyes, and `discriminator`,
            its own loss.
        """
        images = ops.cast(images, "float32") / 255
        z_mean, z_log_var = as_float32(self.vae.encode(images, training))
        noise = keras.random.normal(ops.shape(z_mean), seed=self.draws)
        z = z_mean + ops.exp(0.5 * z_log_var) * noise
        kl = ops.mean(kl_divergence(z_mean, z_log_var), axis=0)
        lost = {
            "kl": ops.sum(kl),
            "charged": ops.sum(ops.maximum(kl, self.settings.free_bits)),  # as in arXiv:1606.04934
        }
        if not training or self.game is None:
            logits = as_float32(self.vae.decode(z, training))
        else:
            fresh = keras.random.normal(ops.shape(z[::2]), seed=self.draws)
            both = as_float32(self.vae.decode(ops.concatenate([z, fresh]), training))
            logits, drawn = ops.split(both, [z.shape[0]])
            made = ops.sigmoid(logits), ops.sigmoid(drawn)
            lost["seen"], lost["discriminator"] = self.game(images, *made)
        if training:
            self.taken.assign(self.taken + 1)
        return lost | {"reconstruction": self._reconstruction(images, logits)}

    def _reconstruction(self, images: Any, logits: Any) -> Any:
        missed, share = self._missed(images, logits), self.settings.perceptual
        if self._look is None:
            return missed
        return (1 - share) * missed + share * self._unlike(self._look, images, ops.sigmoid(logits))

    def _unlike(self, look: See, images: Any, made: Any) -> Any:
        """How unlike two batches look to VGG16, as nats of normals with the best deviation in each layer.

        Looks at a quarter of every second image, at a place drawn again, for VGG16 costs more than the VAE.
        """
        side = self.settings.size // 2
        top, left = ops.unstack(keras.random.randint((2,), 0, side + 1, seed=self.draws))
        both = ops.concatenate([images[::2], made[::2]])
        count, _, _, channels = ops.shape(both)
        cut = ops.slice(both, [0, top, left, 0], (count, side, side, channels))
        looks = as_float32(look(ops.broadcast_to(cut, (count, side, side, 3))))
        return unlike([ops.split(looks[layer], 2) for layer in MISSES], math.prod(images.shape[1:]))

    def total(self, losses: Mapping[str, Any], training: bool) -> Any:
        """Reconstruction loss, and beta times the KL divergence; beta grows from 0 during the warm-up."""
        missed, beta, share = losses["reconstruction"], self.settings.beta, self.settings.adversarial
        if "discriminator" in losses:
            missed = (1 - share) * missed + share * losses["seen"] + losses["discriminator"]
        if training:
            warm = max(1.0, self.settings.warm_up * self.settings.steps)
            beta = beta * ops.minimum(1.0, ops.cast(self.taken, "float32") / warm)
        return missed + beta * losses["charged"]


def kl_divergence(z_mean: Any, z_log_var: Any) -> Any:
    """Of normals from the standard one, in nats, number by number (arXiv:1312.6114, appendix B)."""
    return 0.5 * (ops.square(z_mean) + ops.exp(z_log_var) - 1 - z_log_var)
