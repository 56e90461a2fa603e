"""What a network that colours loses on a batch, as one Keras model that plain `fit` trains."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import keras
import numpy as np
from keras import ops

from studio.colour import bins
from studio.colour.network import network
from studio.colour.settings import TrainColourSettings
from studio.core.training import optimizers, rates

COMPILED = (
    keras.backend.backend() == "jax"
)  # by XLA, which takes long to begin and wins nothing with TensorFlow


class Learner(keras.Model):
    """A network, and the cross-entropy of its odds against the colours of photos, rare ones counting more.

    A batch is `{"seen": (B, H, W, 4), "colours": (B, H / 4, W / 4, 2)}`, `float32`.

    Args:
        settings: of the network and how it learns.
        prior: how often each colour is seen, `(bins,)`.
    """

    def __init__(self, settings: TrainColourSettings, prior: np.ndarray):
        super().__init__(name="learner")
        self.settings = settings
        self.network = network(settings)
        self.network.get_layer("prior").log.assign(np.log(prior))
        self.centres = bins.centres()
        self.rarity = bins.rarity(prior, settings.rebalance)
        self.seen = keras.metrics.Mean("loss_nats")
        self.built = True

    def start(self) -> None:
        """Compiles it: Adam, its rate down to nothing along a cosine after a short warm-up."""
        warm = min(200, max(1, self.settings.steps // 10))
        rate = rates.cosine(self.settings.learning_rate, self.settings.steps, warm)
        self.compile(optimizers.adam(rate, global_clipnorm=1.0), jit_compile=COMPILED)
        self.optimizer.build(self.trainable_variables)

    def call(self, batch: Mapping[str, Any], training: bool = False) -> Any:
        """The loss of each place, in nats: `(B, H / 4, W / 4)`."""
        logits = self.network(batch["seen"], training=training)
        colours = batch["colours"][..., None, :]
        away = ops.sum(ops.square(colours - self.centres), axis=-1)
        shares = ops.softmax(-away / (2 * (bins.SPACING / 2) ** 2))
        nats = -ops.sum(shares * ops.log_softmax(logits), axis=-1)
        return nats * ops.sum(shares * self.rarity, axis=-1)

    def compute_loss(self, x=None, y=None, y_pred=None, sample_weight=None, training=True):
        """The mean over all places."""
        loss = ops.mean(y_pred)
        self.seen.update_state(loss)
        return loss

    @property
    def metrics(self) -> list[keras.Metric]:
        """Of the batch."""
        return [self.seen]
