"""The two networks of a DCGAN and their game, as one Keras model that plain `fit` trains.

Reference:
    Radford, Metz and Chintala 2015, arXiv:1511.06434; Goodfellow et al. 2014, arXiv:1406.2661.
"""

from __future__ import annotations

from typing import Any

import keras
from keras import ops

from studio.core.generators.discriminator import (
    Augment,
    adams,
    discriminator,
    frozen_logits,
    logistic_loss,
    small,
)
from studio.core.generators.scales import coarsest
from studio.core.training.precision import as_float32
from studio.dcgan.settings import TrainDcganSettings
from studio.dcgan.written import SIDE, widths

NUDGE = 0.05  # how far a picture in [-1, 1] is moved to see how steep the judge is
NUDGED = 4  # the penalty looks at every fourth picture; more changes little and costs much


def generator(settings: TrainDcganSettings) -> keras.Model:
    """The network that draws: `(B, latent_dim)` normal numbers -> `(B, size, size, C)` in [-1, 1].

    Besides its start, the numbers also set the gain and the offset of every channel at every size, which
    costs next to nothing and brings the pictures closer (Chen et al. 2019, arXiv:1810.01365).
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
    picture = keras.layers.Conv2DTranspose(
        settings.channels,
        SIDE,
        2,
        "same",
        activation="tanh",
        kernel_initializer=small(settings.seed, 1 + len(others)),
        name="picture",
    )(x)
    return keras.Model(z, picture, name="generator")


def _awake(x: Any, z: Any, settings: TrainDcganSettings, n: int) -> Any:
    """Normalises maps, gives each channel the gain and offset that the numbers ask for, and cuts off."""
    channels = x.shape[-1]
    x = keras.layers.BatchNormalization(momentum=0.9, name=f"norm_{n}")(x)
    if settings.modulated:
        asked = keras.layers.Dense(
            2 * channels, kernel_initializer=small(settings.seed, 60 + n), name=f"asked_{n}"
        )(z)
        gain, offset = ops.split(keras.layers.Reshape((1, 1, 2 * channels))(asked), 2, axis=-1)
        x = x * (1 + gain) + offset
    return keras.layers.ReLU()(x)


class Gan(keras.Model):
    """Both networks and what each loses; a batch of real pictures is all that training feeds it.

    The generator's loss passes through the judge with its weights held, and the judge's stops at the picture,
    so that one backward pass gives each network the gradient of its own loss.

    Args:
        settings: shapes and rates.
    """

    def __init__(self, settings: TrainDcganSettings):
        super().__init__(name="gan", dtype="float32")
        self.settings = settings
        self.generator = generator(settings)
        shape = settings.size, settings.channels, settings.judge_width
        self.discriminator = discriminator(*shape, settings.dropout, settings.seed)
        self.augment = Augment(
            settings.size, settings.shift, settings.flip, settings.cutout, settings.seed + 1
        )
        self.draws = keras.random.SeedGenerator(settings.seed)
        self.losses_seen = {
            name: keras.metrics.Mean(name) for name in ("generator", "judge", "real_score", "made_score")
        }
        self.built = True

    def start(self) -> None:
        """Compiles it with a rate for each network."""
        rates = self.settings.learning_rate, self.settings.judge_rate
        self.compile(adams(self.generator.trainable_variables, *rates))
        self.optimizer.build(self.trainable_variables)

    def call(self, real: Any, training: bool = False) -> dict[str, Any]:
        """What each network loses on a batch of `(B, size, size, C) uint8`, as scalars by its name."""
        real = ops.cast(real, "float32") / 127.5 - 1
        z = keras.random.normal((ops.shape(real)[0], self.settings.latent_dim), seed=self.draws)
        made = self.augment(as_float32(self.generator(z, training=training)))
        real = self.augment(real)
        real_logits = as_float32(self.discriminator(real, training=training))
        made_logits = as_float32(self.discriminator(ops.stop_gradient(made), training=training))
        judge = logistic_loss(real_logits, made_logits)
        if self.settings.gradient_penalty:
            judge = judge + self.settings.gradient_penalty / 2 * self._steepness(real)
        return {
            # Not saturating: softplus(-x) is -log(sigmoid(x)).
            "generator": ops.mean(ops.softplus(-frozen_logits(self.discriminator, made))),
            "judge": judge,
            "real_score": ops.mean(ops.sigmoid(real_logits)),
            "made_score": ops.mean(ops.sigmoid(made_logits)),
        }

    def _steepness(self, real: Any) -> Any:
        """How steep the judge is around real pictures: R1 by differences, which needs no second gradient.

        Reference:
            Mescheder et al. 2018, arXiv:1801.04406; by differences Lin et al. 2025, arXiv:2501.08316.
        """
        some = real[: max(1, self.settings.batch // NUDGED)]
        nudge = NUDGE * keras.random.normal(ops.shape(some), seed=self.draws)
        both = as_float32(self.discriminator(ops.concatenate([some, some + nudge]), training=False))
        here, there = ops.split(both, 2)
        return ops.mean(ops.square(there - here)) / NUDGE**2

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The sum of both losses; each reaches only its own network."""
        for name, metric in self.losses_seen.items():
            metric.update_state(y_pred[name])
        return y_pred["generator"] + y_pred["judge"]

    @property
    def metrics(self) -> list[keras.Metric]:
        """Means of the losses since they were last reset."""
        return list(self.losses_seen.values())
